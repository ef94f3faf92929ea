"""Segments go without leaving a hole: another takes their place, or they stay."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine

from segments import editing, moving, replacing
from segments.history.trend import settle
from segments.models import Audience, AudienceSegment, Build, Hold, Segment
from tests.segments.conftest import ADA
from workspaces.properties import set_properties

HOME = "/acme/settings/segments/"


@pytest.fixture
def client(ada, as_user):
    return as_user(ada)


@pytest.fixture
def silver(make_segment):
    return make_segment("Silver partners", ("tier", "is_any_of", ["silver"]))


@pytest.fixture
def gate(acme, inside, gold):
    """An audience that names the gold partners."""
    with inside(acme):
        audience = Audience.objects.create(mode="only")
        AudienceSegment.objects.create(audience=audience, segment=gold)
        return audience


def named(acme, inside, audience):
    with inside(acme):
        return sorted(audience.named.values_list("segment__name", flat=True))


def test_what_is_in_use_is_not_deleted_without_another(client, acme, inside, gold, gate, monkeypatch):
    monkeypatch.setattr("segments.uses.used_in", lambda segment: [replacing.uses.Use("tab", "Prices")])
    response = client.post(f"{HOME}{gold.pk}/removal/", {"do": "delete"})
    assert response.status_code == 422
    assert "It is in use. Choose what stands there instead, or archive it." in response.content.decode()
    assert named(acme, inside, gate) == ["Gold partners"]


@pytest.mark.parametrize("do", ["delete", "archive"])
def test_another_takes_its_place_in_the_same_moment(
    client, acme, inside, gold, silver, gate, monkeypatch, do
):
    found = [replacing.uses.Use("tab", "Prices")]
    monkeypatch.setattr(
        "segments.uses.used_in", lambda one: found if one.pk == gold.pk and one.uses.exists() else []
    )
    answer = client.post(f"{HOME}{gold.pk}/removal/", {"do": do, "replacement": str(silver.pk)})
    assert answer.status_code == 302
    assert named(acme, inside, gate) == ["Silver partners"]
    with inside(acme):
        assert Segment.objects.filter(pk=gold.pk).exists() == (do == "archive")
        assert not Segment.objects.present().filter(pk=gold.pk).exists()


def test_an_audience_that_names_both_names_the_other_once(acme, inside, gold, silver, gate):
    with inside(acme):
        AudienceSegment.objects.create(audience=gate, segment=silver)
        replacing.replace(gold, by_other=silver, by=ADA)
    assert named(acme, inside, gate) == ["Silver partners"]


def test_a_segment_of_another_workspace_cannot_take_its_place(
    client, acme, globex, inside, gold, gate, monkeypatch
):
    monkeypatch.setattr("segments.uses.used_in", lambda segment: [replacing.uses.Use("tab", "Prices")])
    with inside(globex):
        foreign = Segment.objects.filter(archived_at=None).first()
    answer = client.post(f"{HOME}{gold.pk}/removal/", {"do": "archive", "replacement": str(foreign.pk)})
    assert answer.status_code == 422
    assert named(acme, inside, gate) == ["Gold partners"]


def test_unused_it_goes_at_once(client, acme, inside, gold):
    assert client.post(f"{HOME}{gold.pk}/removal/", {"do": "delete"}).status_code == 302
    with inside(acme):
        assert not Segment.objects.filter(pk=gold.pk).exists()


def test_a_rule_that_asks_for_it_is_a_use_and_is_rewritten():
    old, new = UUID(int=1), UUID(int=2)
    leaf = {"p": "segments", "of": "self", "op": "in_any", "v": [str(old), str(new)]}
    tree = {"v": 1, "root": {"op": "all", "items": [leaf, {"p": 3, "v": [str(old)]}]}}
    swapped = moving.swapped(tree, old, new)
    assert swapped["root"]["items"] == [{**leaf, "v": [str(new)]}, {"p": 3, "v": [str(old)]}]


class TestMany:
    def test_unused_ones_are_archived_at_once(self, client, acme, inside, gold, silver):
        client.post(f"{HOME}archiving/", {"pick": [str(gold.pk), str(silver.pk), "x"]})
        with inside(acme):
            assert not Segment.objects.present().filter(built_in_key=None).exists()

    def test_where_one_is_in_use_it_asks_first(self, client, acme, inside, gold, silver, monkeypatch):
        monkeypatch.setattr(
            "segments.uses.used_in",
            lambda one: [replacing.uses.Use("tab", "Prices")] if one.pk == gold.pk else [],
        )
        picked = {"pick": [str(gold.pk), str(silver.pk)]}
        page = client.post(f"{HOME}archiving/", picked).content.decode()
        assert "Used in tab “Prices”" in page
        with inside(acme):
            assert Segment.objects.present().filter(built_in_key=None).count() == 2
        client.post(f"{HOME}archiving/", {**picked, "sure": "yes"})
        with inside(acme):
            assert not Segment.objects.present().filter(built_in_key=None).exists()

    def test_built_in_ones_are_left_alone(self, client, acme, inside):
        with inside(acme):
            role = Segment.objects.exclude(built_in_key=None).first()
        client.post(f"{HOME}archiving/", {"pick": [str(role.pk)], "sure": "yes"})
        with inside(acme):
            assert Segment.objects.get(pk=role.pk).archived_at is None


class TestList:
    def row(self, client, segment, query=""):
        html = client.get(HOME + query).content.decode()
        return re.sub(r"<[^>]+>|\s+", " ", html[html.index(f"row-{segment.pk}") :].split("</tr>")[0])

    def test_it_says_what_a_week_changed(self, as_user, acme, inside, brightpath, kestrel, gold, ada):
        later = datetime.now(UTC) + timedelta(days=20)
        with time_machine.travel(later, tick=True):
            with inside(acme):
                settle(datetime.now(UTC))
                set_properties(kestrel, {"tier": "gold"}, by=ADA)
            row = self.row(as_user(ada), gold)
        assert re.search(r" 2 +\+1 +of 2 ", row)

    @pytest.mark.parametrize(
        ("state", "says"),
        [
            ("building", "Being counted, 0 %"),
            ("failed", "Failed"),
            ("held", "Held"),
            ("archived", "Archived"),
        ],
    )
    def test_its_state_is_said_and_filtered_by(self, client, acme, inside, gold, silver, state, says):
        with inside(acme):
            if state == "archived":
                editing.archive(gold, by=ADA)
            elif state == "held":
                Hold.objects.create(segment=gold, size=10, left=2)
            else:
                number = Build.objects.order_by("-number").first().number + 1
                Build.objects.create(
                    segment=gold, number=number, version=2, kind="dynamic", state=state, total=9
                )
        html = client.get(f"{HOME}?state={state}").content.decode()
        assert re.findall(r'class="row-link"[^>]*>([^<]+)<', html) == ["Gold partners"]
        assert says in self.row(client, gold, f"?state={state}")
