"""Files of segments: written, compared, applied once and again, and refused whole where one part is wrong."""

import re

import pytest
from django.core.management import CommandError, call_command

from segments import editing
from segments.checks import set_check
from segments.models import Segment, SegmentNotification
from segments.notifications import KINDS
from segments.permissions import set_permissions
from tests.conftest import make_partner
from workspaces.actors import SYSTEM

FILE = """
segment: Gold in Europe
level: contact
rule:
  all:
    - {segments: [Gold ones], of: partner, op: in_any}
    - {property: role, op: is_any_of, value: [admin]}
permissions: {invite: deny}
checks:
  in: [pat@example.com]
  out: [sam@example.com]
---
segment: Gold ones
level: partner
description: The best
rule:
  any:
    - {property: tier, op: is_any_of, value: [gold, platinum]}
"""


@pytest.fixture
def run(acme, tmp_path, capsys):
    """The output of `manage.py segments …` with a file of this text, and its exit code."""

    def command(action, text=None, *options):
        file = tmp_path / "segments.yaml"
        if text is not None:
            file.write_text(text)
        try:
            call_command(
                "segments", action, *([str(file)] if text is not None else []), "--workspace=acme", *options
            )
            code = 0
        except SystemExit as error:
            code = error.code
        return capsys.readouterr().out, code

    return command


def present(acme, inside):
    with inside(acme):
        return sorted(Segment.objects.present().filter(built_in_key=None).values_list("name", flat=True))


def test_a_file_makes_what_it_says_in_any_order_and_a_second_time_nothing(
    acme, inside, run, pat, sam, kim, members_of
):
    out, code = run("diff", FILE)
    assert code == 1
    assert out.index("+ Create “Gold ones”") < out.index("+ Create “Gold in Europe”")
    assert "Added: Tier is Gold or Platinum" in out
    assert present(acme, inside) == []

    assert run("apply", FILE)[1] == 0
    with inside(acme):
        made = Segment.objects.get(name="Gold in Europe")
        assert made.permission.invite == "deny"
        assert made.checks.count() == 2
        versions = list(Segment.objects.filter(built_in_key=None).values_list("builds__version", flat=True))
    assert members_of(made) == ["Pat"]
    assert versions == [1, 1]

    out, code = run("apply", FILE)
    assert (out.strip(), code) == ("The file says what is there.", 0)
    assert run("diff", FILE)[1] == 0


def test_what_is_written_out_applies_to_nothing(acme, inside, run, make_segment, gold, pat):
    kind = next(iter(KINDS))
    with inside(acme):
        set_permissions(gold, invite="allow", restricted=True)
        SegmentNotification.objects.create(segment=gold, kind=kind, channel="mail", level="off")
        editing.create(level="contact", kind="static", name="Guests", members=[pat.pk], by=SYSTEM)
    make_segment(
        "Admins",
        ("role", "is_any_of", ["admin"]),
        ("partner.tier", "is_none_of", ["silver"]),
        level="contact",
    )
    text, code = run("export")

    assert code == 0
    assert "segment: Gold partners" in text
    assert run("diff", text) == ("The file says what is there.\n", 0)


def test_partners_of_one_name_are_told_apart_by_their_ids(acme, inside, run, gold, brightpath):
    twin = make_partner(acme, "Brightpath", tier="silver")
    with inside(acme):
        set_check(gold, brightpath, must_be_in=True, by=SYSTEM)
        set_check(gold, twin, must_be_in=False, by=SYSTEM)
    text = run("export")[0]

    assert str(twin.pk) in text
    assert run("diff", text)[1] == 0


def test_a_change_is_said_in_words_and_made(acme, inside, run, gold, kestrel, members_of):
    text = (
        run("export")[0]
        .replace("[gold]", "[silver]")
        .replace("kind: dynamic", "kind: dynamic\ndescription: New")
    )
    out, _ = run("diff", text)

    assert "~ Change “Gold partners”" in out
    assert "Changed: Tier is Gold → Tier is Silver" in out
    assert "Description: nothing → New" in out
    run("apply", text, "--dry-run")
    assert members_of(gold) == []
    run("apply", text)
    assert members_of(gold) == ["Kestrel"]


def test_what_is_not_in_the_file_stays_unless_it_is_said(acme, inside, run, gold):
    out, _ = run("diff", FILE.split("---")[1])
    assert "? Not in the file: “Gold partners”" in out

    run("apply", FILE.split("---")[1], "--archive-missing")
    assert present(acme, inside) == ["Gold ones"]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("property: role", "property: rolle", 7, "There is no property “rolle” here."),
        ("value: [admin]", "value: [boss]", 7, "“boss” is no longer an option of Role"),
        ("[Gold ones], of", "[Silver], of", 6, "There is no segment “Silver”"),
        ("description: The best", "color: red", 15, "“color” is not known."),
        ("out: [sam@example.com]", "out: [nobody@example.com]", 11, "Nobody here has this address"),
        ("level: partner", "level: company", 14, "The level is partner or contact."),
        ("invite: deny", "invite: maybe", 8, "Known: invite"),
        ("segment: Gold ones\n", "segment: gold in europe\n", 13, "Another document has this name."),
    ],
)
def test_a_fault_is_said_with_its_line_and_nothing_is_made(
    acme, inside, run, pat, sam, old, new, line, message
):
    with pytest.raises(CommandError) as refused:
        run("apply", FILE.replace(old, new, 1))

    assert re.search(rf"line {line}: .*{re.escape(message)}", str(refused.value)), refused.value
    assert present(acme, inside) == []


def test_segments_that_ask_for_each_other_are_refused(acme, inside, run):
    circle = """
segment: A
level: partner
rule: {all: [{segments: [B], op: in_any}]}
---
segment: B
level: partner
rule: {all: [{segments: [A], op: in_any}]}
"""
    with pytest.raises(CommandError, match="goes round in a circle"):
        run("apply", circle)
    assert present(acme, inside) == []


def test_a_failing_check_takes_all_of_it_back(acme, inside, run, pat, sam):
    wrong = FILE.replace("in: [pat@example.com]", "in: [sam@example.com]").replace(
        "out: [sam@example.com]", "out: []"
    )
    with pytest.raises(CommandError, match=r"Sam must be in “Gold in Europe”, but the rule does not fit"):
        run("apply", wrong)
    assert present(acme, inside) == []

    run("apply", wrong, "--despite-checks")
    with inside(acme):
        (overruled,) = Segment.objects.get(name="Gold in Europe").check_overrides.all()
        assert overruled.failures[0].startswith("Sam must be in")
        assert overruled.made_by == "Command line"
    out, code = run("check")
    assert code == 1
    assert "Fails: Sam must be in" in out


def test_it_looks_for_mistakes_too(acme, run, make_segment):
    make_segment("Both", ("tier", "is_any_of", ["gold"]), ("tier", "is_any_of", ["silver"]))
    out, code = run("check")

    assert code == 1
    assert (
        "Mistake: Both: No partner can ever fit: “Tier is Gold” and “Tier is Silver” exclude each other."
        in out
    )
