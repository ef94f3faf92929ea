"""Raw property values as people read them: one Display for a page, which looks up team members at most once."""

import datetime as dt
from decimal import Decimal
from functools import cached_property
from urllib.parse import quote, urlsplit

from django.utils import formats
from django.utils.html import format_html, linebreaks
from django.utils.safestring import mark_safe
from django.utils.text import Truncator

from workspaces.models import TeamMember

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
SAFE_SCHEMES = {"http", "https"}
BRIEF = 80  # characters of a text that a list shows


class Display:
    def __init__(self, zone):
        self.zone = zone

    def text(self, prop, raw):
        """Plain words: for lists, logs and exports."""
        if raw is None:
            return ""
        show = _TEXT.get(prop.type)
        return show(self, prop, raw) if show else str(raw)

    def brief(self, prop, raw):
        return Truncator(self.text(prop, raw)).chars(BRIEF)

    def html(self, prop, raw):
        """As `text`, with links for addresses and paragraphs for long text."""
        if raw is None:
            return ""
        link = _LINKS.get(prop.type)
        return link(raw) if link else self.text(prop, raw)

    @cached_property
    def members(self):
        """The team's names by id."""
        return {str(m.pk): str(m) for m in TeamMember.objects.select_related("user")}

    def _number(self, prop, raw):
        return number_text(raw)

    def _money(self, prop, raw):
        return money_text(raw["amount"], raw["currency"])

    def _boolean(self, prop, raw):
        return "Yes" if raw else "No"

    def _date(self, prop, raw):
        return formats.date_format(dt.date.fromisoformat(raw), "j M Y")

    def _datetime(self, prop, raw):
        return formats.date_format(dt.datetime.fromisoformat(raw).astimezone(self.zone), "j M Y, H:i")

    def _choice(self, prop, raw):
        return prop.option_label(raw)

    def _multi_choice(self, prop, raw):
        chosen = [option["label"] for option in prop.options if option["value"] in raw]
        gone = set(raw) - {option["value"] for option in prop.options}
        return ", ".join([*chosen, *sorted(gone)])

    def _user(self, prop, raw):
        return self.members.get(raw, "Somebody who left the team")


def number_text(raw):
    """Every digit that is there, grouped as the reader's language does it."""
    number = Decimal(str(raw))
    places = max(0, -int(number.as_tuple().exponent))
    return formats.number_format(number, places, use_l10n=True, force_grouping=True)


def money_text(amount, currency):
    number = Decimal(str(amount))
    places = 0 if number == number.to_integral_value() else max(2, -int(number.as_tuple().exponent))
    text = formats.number_format(abs(number), places, use_l10n=True, force_grouping=True)
    minus = "−" if number < 0 else ""
    sign = SIGNS.get(currency)
    return f"{minus}{sign}{text}" if sign else f"{minus}{text}\xa0{currency}"


def _web_link(raw):
    parts = urlsplit(raw)
    if parts.scheme.lower() not in SAFE_SCHEMES:
        return raw
    words = raw.partition("://")[2].rstrip("/")
    return format_html('<a class="link" href="{}" target="_blank" rel="noopener">{}</a>', raw, words)


def _mail_link(raw):
    return format_html('<a class="link" href="mailto:{}">{}</a>', quote(raw, safe="@"), raw)


def _phone_link(raw):
    digits = "".join(c for c in raw.lower().partition("x")[0] if c.isdigit() or c == "+")
    return format_html('<a class="link" href="tel:{}">{}</a>', digits, raw)


def _paragraphs(raw):
    escaped = mark_safe(linebreaks(raw, autoescape=True))  # noqa: S308 - linebreaks escapes
    return format_html('<div class="prose">{}</div>', escaped)


_TEXT = {
    "number": Display._number,
    "money": Display._money,
    "boolean": Display._boolean,
    "date": Display._date,
    "datetime": Display._datetime,
    "choice": Display._choice,
    "multi_choice": Display._multi_choice,
    "user": Display._user,
}
_LINKS = {"url": _web_link, "email": _mail_link, "phone": _phone_link, "long_text": _paragraphs}
