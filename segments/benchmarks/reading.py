"""What reading costs: who looks, a page of members, and a preview while somebody writes a rule."""

from collections.abc import Iterator

from django.http import QueryDict

from segments.benchmarks.crowd import Crowd
from segments.editor import preview
from segments.engine import definitions, rosters
from segments.history.member_list import MemberList
from segments.models import Segment
from segments.rules.tree import new_tree
from segments.rules.validate import validate
from segments.viewer import viewer_of
from workspaces import jobs
from workspaces.measuring import Figure, percentile, timed
from workspaces.tenancy import workspace_transaction

SEEN_EXACTLY = 200_000  # up to so many, "exactly" is promised within two seconds


def figures(crowd: Crowd) -> Iterator[Figure]:
    yield from _viewer(crowd)
    yield from _members(crowd)
    yield from _previews(crowd)


def _viewer(crowd: Crowd) -> Iterator[Figure]:
    with workspace_transaction(crowd.workspace, snapshot=True):
        took = timed(lambda: viewer_of(crowd.random.choice(crowd.contacts)), times=300, warm_up=30)
    yield Figure("segments of a viewer, p50", percentile(took, 50), "ms", 0.5)
    yield Figure("segments of a viewer, p95", percentile(took, 95), "ms")


def _members(crowd: Crowd) -> Iterator[Figure]:
    jobs.run(crowd.workspace.pk, rosters.QUEUE)  # as a worker does after a build went live, and each night
    with workspace_transaction(crowd.workspace, snapshot=True):
        for share in (0.001, 0.005, 0.025, 0.4):
            segment = _about(crowd, share)

            def page(segment=segment):
                found = MemberList(segment, QueryDict(), zone=crowd.workspace.zone, member=None)
                return found.count, found.page.records

            took = timed(page, times=5, warm_up=1)
            note = f"{segment.member_count:,} members"
            yield Figure(
                f"a page of members, {share:.1%} are in, p50", percentile(took, 50), "ms", 5, note=note
            )


def _about(crowd: Crowd, share: float) -> Segment:
    """The segment whose size comes nearest."""
    live = Segment.objects.live().filter(level="contact", kind="dynamic")
    return min(live, key=lambda segment: abs(segment.member_count - share * crowd.size))


def _previews(crowd: Crowd) -> Iterator[Figure]:
    with workspace_transaction(crowd.workspace, snapshot=True):
        fields = definitions.fields_of("contact")
        tree = validate(_three_groups(crowd), fields)
        took = timed(lambda: preview.of_rule(tree, fields, segment=None, member=None), times=5, warm_up=2)
        exact = "exact" if crowd.size <= preview.COUNTED_EXACTLY else "about"
        yield Figure(f"preview of three groups, {exact}, p50", percentile(took, 50), "ms", 300)
        if crowd.size > preview.COUNTED_EXACTLY:
            took = timed(
                lambda: preview.of_rule(tree, fields, segment=None, member=None, exact=True),
                times=3,
                warm_up=1,
            )
            bar = 2000 * max(1, crowd.size / SEEN_EXACTLY)
            yield Figure("preview of three groups, exact, p50", percentile(took, 50), "ms", bar)


def _three_groups(crowd: Crowd) -> dict:
    def leaf(level: str, key: str, op: str, value) -> dict:
        of = "partner" if level == "partner" else "self"
        return {"p": crowd.property(level, key).number, "of": of, "op": op, "v": value}

    one = [leaf("contact", "choice_0", "is_any_of", ["c0_0", "c0_1"]), leaf("contact", "number_0", "gte", 60)]
    two = [leaf("contact", "set_0", "contains_any", ["m0_1"]), leaf("partner", "tier", "is_any_of", ["gold"])]
    three = [
        leaf("contact", "time_1", "within_last", {"n": 30, "unit": "day"}),
        leaf("contact", "text_1", "contains", "sales"),
    ]
    groups = [{"op": "all", "items": items} for items in (one, two, three)]
    return new_tree("contact", *groups, op="any")
