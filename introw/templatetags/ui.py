"""What every template may use without loading: icons, fields, people, figures, times."""

import difflib
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from zlib import crc32

from django import forms, template
from django.conf import settings
from django.template.loader import get_template
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from introw.icons import ALIASES, ICONS

register = template.Library()
A_WEEK = 7 * 86400
UNITS = ((86400, "day"), (3600, "hour"), (60, "min"))
CURRENCY_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


@register.simple_tag(takes_context=True)
def hx(context) -> SafeString:
    """Stands in every tag that has hx-attributes; without it hx-csp strips them."""
    return format_html('hx-nonce="{}"', context.get("csp_nonce", ""))


@cache
def _drawing(name) -> SafeString:
    name = ALIASES.get(name, name)
    if name not in ICONS and settings.DEBUG:
        near = ", ".join(difflib.get_close_matches(name, [*ICONS, *ALIASES], cutoff=0.4))
        raise template.TemplateSyntaxError(f"No icon is called “{name}”. Near: {near}. All: introw/icons.py")
    return mark_safe(ICONS.get(name) or ICONS["goal"])  # noqa: S308 - fixed text of this repository


@register.simple_tag
def icon(name, label="") -> SafeString:
    """An icon beside words is hidden from screen readers; one that stands alone needs a label."""
    says = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="icon" viewBox="0 0 16 16" {}>{}</svg>', says, _drawing(name))


# Which element wraps the widget: one label for one control, a legend for several.
def _shape(bound) -> str:
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    return "fieldset" if bound.use_fieldset else "control"


@register.simple_tag(takes_context=True)
def field(context, bound, label=None, hint=None, unit="", chips=False, choice=False, **attrs):
    """Label, control, help and error of one bound form field.

    `unit` stands behind the control (days, %); `chips` turns a multiple select into chips; `choice` shows
    radio buttons as a segmented control; other arguments become attributes (`autofocus=True`, `rows=3`).
    """
    attrs = {name.replace("_", "-"): value for name, value in attrs.items()}
    if chips:
        attrs["data-chips"] = True
    content = {
        "field": bound,
        "shape": _shape(bound),
        "control": bound.as_widget(attrs=attrs),
        "label": bound.label if label is None else label,
        "hint": bound.help_text if hint is None else hint,
        "hint_id": f"{bound.auto_id}_helptext",
        "unit": unit,
        "choice": choice,
    }
    return get_template("components/field.html").render(content, context.get("request"))


@register.simple_tag
def avatar(name, kind="", image="") -> SafeString:
    """Initials on a colour that stays with the name. Kinds: firm; little, medium, large."""
    text, kind = str(name or ""), kind.replace("small", "little")
    if image:
        inside = format_html('<img src="{}" alt="">', image)
    else:
        words = [word for word in text.replace("(", " ").split() if word[0].isalnum()] or ["?"]
        inside = conditional_escape((words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper())
    return format_html(
        '<span class="avatar h{} {}" aria-hidden="true">{}</span>', crc32(text.encode()) % 8, kind, inside
    )


@register.filter
def ink_on(colour) -> str:
    """Black or white, whichever reads better on a colour: for mail, where no style sheet can adjust it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= 4.5 else "#111111"


@register.simple_tag
def timeago(moment, empty="–") -> SafeString:
    """How long ago, with the absolute time in the title."""
    moment = _moment(moment)
    if moment is None:
        return SafeString(empty)
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        formats.date_format(local, "j F Y, H:i") + f" {local.tzname()}",
        _ago(local),
    )


def _moment(value):
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if value else None
    if isinstance(value, datetime) and timezone.is_naive(value):
        value = timezone.make_aware(value)
    return value


def _ago(local):
    now = timezone.localtime()
    seconds = (now - local).total_seconds()
    if abs(seconds) < 60:
        return "just now" if seconds >= 0 else "in a moment"
    if abs(seconds) >= A_WEEK:
        return formats.date_format(local, "j M" if local.year == now.year else "j M Y")
    unit, name = next((size, name) for size, name in UNITS if abs(seconds) >= size)
    count = int(abs(seconds) // unit)
    words = f"{count} {name if count == 1 or name == 'min' else name + 's'}"
    return f"{words} ago" if seconds > 0 else f"in {words}"


@register.simple_tag
def number(value, places=None, empty="–") -> str:
    """A number in the reader's locale."""
    if value is None or value == "":
        return empty
    try:
        value = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if places is None:
        places = max(0, -int(value.normalize().as_tuple().exponent))
    return formats.number_format(round(value, places), places, use_l10n=True, force_grouping=True)


@register.simple_tag
def money(value, currency="", places=None, empty="–") -> str:
    """An amount with its currency: of a money property ({"amount", "currency"}) or of two values."""
    if isinstance(value, dict):
        value, currency = value.get("amount"), value.get("currency", currency)
    if value is None or value == "":
        return empty
    amount = Decimal(str(value))
    if places is None:
        places = 0 if amount == amount.to_integral_value() else 2
    sign = CURRENCY_SIGNS.get(currency)
    text = number(abs(amount), places)
    minus = "−" if amount < 0 else ""
    return f"{minus}{sign}{text}" if sign else f"{minus}{text}\xa0{currency}".strip()


@register.simple_tag
def sparkline(values, label="") -> SafeString:
    """A trend in a table's row, and in words for screen readers."""
    values = [float(v) for v in values or []]
    if len(values) < 2:
        return SafeString("")
    low, spread = min(values), (max(values) - min(values)) or 1
    level = max(values) == min(values)
    points = [
        (round(2 + i * 68 / (len(values) - 1), 1), 10 if level else round(18 - 16 * (v - low) / spread, 1))
        for i, v in enumerate(values)
    ]
    says = label or f"From {number(values[0])} to {number(values[-1])}"
    line = format_html_join(" ", "{} {}", points)
    return format_html(
        '<svg class="spark" viewBox="0 0 72 20" role="img" aria-label="{}"><path d="M{}"/>'
        '<circle cx="{}" cy="{}" r="2.25"/></svg>',
        says, line, *points[-1],
    )  # fmt: skip


@register.simple_tag
def meter(value, of=100, label="") -> SafeString:
    """A bar that is filled to value out of `of`."""
    share = round(100 * min(max(float(value or 0) / float(of or 1), 0), 1), 1)
    return format_html(
        '<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect width="{}" height="6"/></svg>',
        label or f"{number(value or 0)} of {number(of)}", SafeString(share),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def sort_link(context, key, label, current="", default="asc"):
    """A column's header that sorts: `<th {% sorted_by "name" sort %}>{% sort_link "name" "Name" sort %}</th>`."""
    params = context["request"].GET.copy()
    turned = f"-{key}" if current == key else key
    params["sort"] = turned if current.lstrip("-") == key else (f"-{key}" if default == "desc" else key)
    params.pop("page", None)
    params.pop("after", None)
    arrow = (
        icon("arrow-down" if current.startswith("-") else "arrow-up") if current.lstrip("-") == key else ""
    )
    return format_html('<a href="?{}"><span class="clip">{}</span>{}</a>', params.urlencode(), label, arrow)


@register.simple_tag
def sorted_by(key, current="") -> SafeString:
    if current.lstrip("-") != key:
        return SafeString("")
    return SafeString(f'aria-sort="{"descending" if current.startswith("-") else "ascending"}"')
