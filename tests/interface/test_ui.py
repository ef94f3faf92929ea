from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django import forms
from django.template import engines
from django.test import RequestFactory, override_settings

from introw.templatetags import ui


def rendered(text, **context):
    return engines["django"].from_string(text).render(context, context.get("request"))


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=30), "1 day ago"),
        (timedelta(hours=-50), "in 2 days"),
        (timedelta(days=20), "31 Oct"),
        (timedelta(days=400), "16 Oct 2025"),
    ],
)
def test_relative_times_carry_the_absolute_time(ago, text):
    now = datetime(2026, 11, 20, 9, 38, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        shown = ui.timeago(now - ago)
    assert f">{text}</time>" in shown
    assert f'datetime="{(now - ago).isoformat(timespec="seconds")}"' in shown


def test_no_time_is_a_dash():
    assert ui.timeago(None) == "–"


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("48200.00", "EUR", "€48,200"),
        ("12900.5", "EUR", "€12,900.50"),
        ("-3", "USD", "−$3"),
        ("12900.5", "CHF", "12,900.50\xa0CHF"),
        ({"amount": "9.99", "currency": "GBP"}, "", "£9.99"),
        (None, "EUR", "–"),
    ],
)
def test_money_is_grouped_and_signed(value, currency, text):
    assert ui.money(value, currency) == text


@pytest.mark.parametrize(("value", "text"), [(1284, "1,284"), ("0.50", "0.5"), (1e6, "1,000,000"), (0, "0")])
def test_numbers_are_grouped(value, text):
    assert ui.number(value) == text


def test_a_name_keeps_its_colour_and_gives_its_initials():
    assert ui.avatar("Lea Moreau") == ui.avatar("Lea Moreau")
    assert ">LM</span>" in ui.avatar("Lea Moreau")
    assert ">B</span>" in ui.avatar("brightpath")
    assert ">?</span>" in ui.avatar("")


@pytest.mark.parametrize(
    ("colour", "ink"),
    [("#2b4fd0", "#ffffff"), ("#ffd400", "#111111"), ("#ffffff", "#111111"), ("#000000", "#ffffff")],
)
def test_ink_on_any_brand_colour_can_be_read(colour, ink):
    assert ui.ink_on(colour) == ink


def test_names_cannot_break_out_of_markup():
    assert "<script" not in ui.avatar("<script>")
    assert "<b>" not in ui.icon("lock", label="<b>")


@override_settings(DEBUG=True)
def test_an_unknown_icon_names_its_neighbours():
    with pytest.raises(Exception, match="pencil"):
        ui.icon("pencils")


class Example(forms.Form):
    name = forms.CharField(help_text="Partners never see it.")
    way = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_a_field_ties_help_and_error_to_its_control():
    html = rendered("{% field form.name autofocus=True %}", form=Example({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert "autofocus" in html


def test_several_controls_share_a_legend():
    html = rendered("{% field form.way choice=True %}", form=Example())
    assert "<legend>Way" in html
    assert 'class="choice"' in html


def test_a_header_sorts_and_turns_around_and_forgets_the_page():
    request = RequestFactory().get("/?q=gold&page=3&sort=name")
    html = rendered('{% sort_link "name" "Name" "name" %}', request=request)
    assert 'href="?q=gold&amp;sort=-name"' in html
    assert ui.sorted_by("name", "-name") == 'aria-sort="descending"'
    assert ui.sorted_by("members", "-name") == ""


def test_a_sparkline_says_where_it_went():
    assert 'aria-label="From 28 to 42"' in ui.sparkline([28, 31, 42])
    assert ui.sparkline([1]) == ""
