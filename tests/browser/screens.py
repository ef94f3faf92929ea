"""Answers of the product, kept while the database holds them, and then opened in a browser one after another."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
from django.contrib.staticfiles import finders
from django.db import transaction

ALL_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# In another theme and at another width it is the same tree: what may differ is its colours, and what shows and where.
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
NARROW_RULES = {
    "type": "rule",
    "values": [
        *("color-contrast", "target-size", "scrollable-region-focusable", "aria-hidden-focus"),
        *("button-name", "link-name", "label", "select-name"),
    ],
}
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
# What a person may meet, in the order that asks for the fewest changes, and what is asked of it.
LOOKS = {
    (1280, "light"): ALL_RULES,
    (1280, "dark"): COLOUR_RULES,
    (390, "dark"): COLOUR_RULES,
    (390, "light"): NARROW_RULES,
}
# What no rule of accessibility sees: values as a machine writes them, one thing called many, a date that is cut.
CARELESS = r"""() => {
    const found = [], seen = e => e.checkVisibility({visibilityProperty: true});
    for (const e of document.querySelectorAll("input[type=date]"))
        if (seen(e) && e.clientWidth < 108) found.push(`a date cut off: ${e.name}`);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n; n = texts.nextNode();) {
        const text = n.textContent.trim();
        if (!text || n.parentElement.closest("script, style, code, textarea, option") || !seen(n.parentElement)) continue;
        if (/\b\d{4}-\d{2}-\d{2}/.test(text)) found.push(`a day of a machine: ${text}`);
        if (/(^|\s)1 (conflict|change|record|member|partner|contact|deal|lead|quote|segment|day|line)s\b/.test(text))
            found.push(`one of many: ${text}`);
        if (/^(None|undefined|NaN|True|False)$/.test(text)) found.push(`a word of a machine: ${text}`);
    }
    return found.map(text => text.slice(0, 160));
}"""


@dataclass(frozen=True)
class Screen:
    name: str
    body: bytes
    headers: dict

    @classmethod
    def of(cls, name, response):
        wanted = ("Content-Type", "Content-Security-Policy")
        return cls(name, response.content, {key: response[key] for key in wanted if key in response})


def is_screen(response):
    """A whole page: no fragment, file, stream or redirect."""
    html = response.get("Content-Type", "").startswith("text/html")
    return html and not response.streaming and b"<!doctype html>" in response.content[:200]


def ask(client, address, data=None, **options):
    """The response; what it did to the database and to the client's cookies is taken back."""
    cookies = copy(client.cookies)
    with transaction.atomic():
        response = client.get(address, **options) if data is None else client.post(address, data, **options)
        if hasattr(response, "render"):
            response.render()
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = urlsplit(self.path).path
        if match := re.fullmatch(r"/screens/(\d+)/", path):
            screen = self.server.screens[int(match.group(1))]
            self.answer(200, screen.body, screen.headers)
        elif path.startswith("/static/") and (found := finders.find(path.removeprefix("/static/"))):
            kind = {"Content-Type": guess_type(path)[0] or "text/plain", "Cache-Control": "max-age=600"}
            self.answer(200, Path(found).read_bytes(), kind)
        else:
            self.answer(204, b"", {})

    do_POST = do_GET  # fragments that a page asks for by itself are not looked at: 204 changes nothing

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def served(screens: list[Screen]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.screens = screens
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/screens"
    server.shutdown()
    server.server_close()


def walk(browser, screens):
    """Each screen in each look: yields (page, screen, width, theme), the page loaded once per screen."""
    with served(screens) as address:
        context = browser.new_context(reduced_motion="reduce")
        context.add_init_script(path=AXE)
        page = context.new_page()
        for number, screen in enumerate(screens):
            for at, (width, theme) in enumerate(LOOKS):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=theme)
                if at == 0:
                    page.goto(f"{address}/{number}/")
                yield page, screen, width, theme
        context.close()


def faults(browser, screens):
    """What WCAG 2.2 AA, and the width of a phone, hold against the screens."""
    found = []
    for page, screen, width, theme in walk(browser, screens):
        options = {"runOnly": LOOKS[width, theme], "resultTypes": ["violations"], "preload": False}
        result = page.evaluate("options => axe.run(options)", options)
        assert result["passes"], f"axe looked at nothing on {screen.name}"
        where = f"{screen.name} {width} {theme}"
        found += [
            f"{where}: {rule['id']} {node['target']} {node['html'][:160]} {node['failureSummary']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{where}: wider than the screen")
        if theme == "light":
            found += [f"{where}: {fault}" for fault in page.evaluate(CARELESS)]
    return found
