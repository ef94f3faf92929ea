"""The one set of icons, introw/icons.svg: drawn for 16 pixels with a stroke of 1.5, round.

Templates inline them with `{% icon "name" %}`, so a page fetches none and they take the colour of the text.
"""

import re
from pathlib import Path

SYMBOL = re.compile(r'<symbol id="([\w-]+)" viewBox="0 0 16 16">(.*?)</symbol>')
ICONS = dict(SYMBOL.findall(Path(__file__).with_suffix(".svg").read_text()))

# What else one would look for.
ALIASES = {
    other: name
    for name, others in {
        "people": "users contacts",
        "person": "user team",
        "person-plus": "user-plus invite",
        "firm": "building partners",
        "deal": "briefcase",
        "doc": "file document",
        "play": "video",
        "horn": "megaphone",
        "log": "list",
        "sliders": "settings cog properties adjustments",
        "pencil": "edit",
        "trash": "delete",
        "x": "close cross remove",
        "plus": "add",
        "warn": "warning alert error",
        "done": "success check-circle",
        "refused": "x-circle",
        "question": "help",
        "hold": "pause",
        "right": "chevron-right",
        "left": "chevron-left",
        "down": "chevron-down",
        "up": "chevron-up",
        "arrow": "arrow-right",
        "dots": "more ellipsis",
        "sync": "refresh",
        "replay": "retry",
        "mail": "envelope email",
        "globe": "web",
        "calendar": "date",
        "hash": "number",
        "toggle": "boolean",
        "tag": "tagicon choice",
        "segment": "segments",
        "quote": "quotes receipt",
        "layout": "experiences",
        "form": "profile clipboard",
        "plug": "crm",
        "sign-out": "logout",
        "copy": "duplicate",
        "grip": "drag",
        "table": "columns",
        "bell": "notifications",
        "award": "certificate",
        "course": "academic-cap",
        "external": "open",
    }.items()
    for other in others.split()
}
