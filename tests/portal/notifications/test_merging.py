"""Where settings meet, the narrowest wins, and a person only ever narrows."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import notifications
from segments.notifications import KINDS, WIDTH, Decision, merge

ORDER = ["off", "mine", "all"]
levels = st.sampled_from(ORDER)


@dataclass(frozen=True)
class Named:
    name: str
    pk: int = 0


said = st.lists(st.tuples(st.sampled_from([Named(name) for name in "ABCDE"]), levels), max_size=5)
choices = st.none() | levels
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def narrowest(*found):
    return min(found, key=ORDER.index)


@pytest.mark.parametrize(
    ("default", "segments", "chosen", "level", "by"),
    [
        ("all", [], None, "all", "workspace"),
        ("off", [], None, "off", "workspace"),
        ("all", [("A", "mine")], None, "mine", "segment"),
        ("all", [("A", "all"), ("B", "off"), ("C", "mine")], None, "off", "segment"),
        ("off", [("A", "all")], None, "all", "segment"),  # a segment that speaks comes before the default
        ("off", [("A", "all")], "mine", "mine", "person"),
        ("mine", [], "all", "mine", "workspace"),  # nobody widens for themselves
        ("all", [("A", "mine")], "mine", "mine", "segment"),
        ("all", [("A", "mine")], "off", "off", "person"),
        ("all", [], "off", "off", "person"),
    ],
)
def test_the_table(default, segments, chosen, level, by):
    found = merge(default=default, said=[(Named(name), what) for name, what in segments], chosen=chosen)
    assert (found.level, found.by) == (level, by)


@unhurried
@given(levels, said, choices)
def test_it_is_the_narrowest_of_what_was_said(default, said, chosen):
    allowed = narrowest(*(level for _, level in said)) if said else default
    expected = narrowest(allowed, chosen) if chosen else allowed
    assert merge(default=default, said=said, chosen=chosen).level == expected


@unhurried
@given(levels, said, choices)
def test_a_person_never_receives_more_than_the_vendor_allows(default, said, chosen):
    allowed, found = merge(default=default, said=said), merge(default=default, said=said, chosen=chosen)
    assert WIDTH[found.level] <= WIDTH[allowed.level]
    assert (found.by == Decision.PERSON) == (found.level != allowed.level)


@unhurried
@given(levels, said.filter(bool), st.tuples(st.just(Named("F")), levels))
def test_one_more_segment_never_widens(default, said, more):
    before, after = merge(default=default, said=said), merge(default=default, said=[*said, more])
    assert WIDTH[after.level] <= WIDTH[before.level]


@unhurried
@given(levels, said, choices, st.randoms())
def test_the_order_of_segments_does_not_matter(default, said, chosen, chance):
    shuffled = list(said)
    chance.shuffle(shuffled)
    assert merge(default=default, said=said, chosen=chosen) == merge(
        default=default, said=shuffled, chosen=chosen
    )


@unhurried
@given(levels, said.filter(bool))
def test_the_segment_that_is_named_said_so(default, said):
    found = merge(default=default, said=said)
    assert (found.segment, found.level) in said


def test_a_contacts_effective_settings_name_who_decided(
    acme, inside, pat, cleo, by_default, segment_says, chooses
):
    by_default("quotes.created", mail="all")
    reps = segment_says("sales_rep", "quotes.created", mail="mine")
    segment_says("sales_rep", "quotes.created", name="Others", mail="all")
    chooses(cleo, "quotes.created", portal="off")

    with inside(acme):
        of_cleo = {(e.kind.key, e.channel): e for e in notifications.effective(cleo)}
        of_pat = {(e.kind.key, e.channel): e for e in notifications.effective(pat)}

    assert set(of_cleo) == {(key, channel) for key in KINDS for channel in ("portal", "mail")}
    mail, portal = of_cleo["quotes.created", "mail"], of_cleo["quotes.created", "portal"]
    assert (mail.level, mail.source, mail.decision.segment) == ("mine", "Segment “All sales_rep”", reps)
    assert (portal.level, portal.allowed.level, portal.source) == ("off", "all", "Their own choice")
    assert (of_pat["quotes.created", "mail"].level, of_pat["quotes.created", "mail"].source) == (
        "all",
        "Workspace default",
    )


def test_who_takes_no_mails_gets_none(acme, inside, cleo, chooses):
    chooses(cleo, stopped=True)
    with inside(acme):
        found = {(e.kind.key, e.channel): e.level for e in notifications.effective(cleo)}
    assert {level for (_, channel), level in found.items() if channel == "mail"} == {"off"}
    assert found["quotes.created", "portal"] == "all"


def test_an_archived_segment_says_nothing(acme, inside, cleo, segment_says):
    from segments import editing
    from workspaces.actors import SYSTEM

    reps = segment_says("sales_rep", "quotes.created", portal="off")
    with inside(acme):
        editing.archive(reps, by=SYSTEM)
        found = {(e.kind.key, e.channel): e.level for e in notifications.effective(cleo)}
    assert found["quotes.created", "portal"] == "all"
