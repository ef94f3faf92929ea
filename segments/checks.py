"""Whether those who must be in a segment would be, and those who must not would not: asked before a change.

A rule that others ask for is tried with them: their checks count as well.
"""

from collections import ChainMap
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from segments.engine import definitions, dependents, verdicts
from segments.engine.backfill import moment_of_workspace
from segments.engine.facts import freshen
from segments.engine.states import Subject, peek
from segments.models import CheckOverride, Segment, SegmentCheck
from segments.rules.explain import Explainer, Verdict
from segments.rules.fields import Fields, Referenced
from segments.rules.moments import Moment
from segments.rules.nearest import nearest
from segments.rules.tree import Node
from workspaces.actors import Actor

SHOWN = 5


@dataclass(frozen=True)
class Failure:
    """A check that does not hold. `why` is the rule's verdict, where a rule decided."""

    check: SegmentCheck
    note: str = ""  # what decided instead of the rule
    why: Verdict | None = None
    nearest: str = ""

    @property
    def words(self) -> str:
        """Ana must be in “Gold partners”: Tier is Gold (it is Silver)."""
        must = "must be in" if self.check.must_be_in else "must not be in"
        return f"{self.check.subject} {must} “{self.check.segment}”, {self._outcome}"

    @property
    def _outcome(self) -> str:
        if self.note or self.why is None:
            return f"but {self.note}."
        wrong = [leaf for leaf in self.why.leaves() if leaf.holds != self.why.holds] or self.why.leaves()
        wrong = (
            wrong if self.check.must_be_in else [leaf for leaf in self.why.leaves() if leaf.holds] or wrong
        )
        parts = [f"{leaf.words}{f' ({leaf.told})' if leaf.told else ''}" for leaf in wrong[:3]]
        return f"but the rule {'does not fit' if self.check.must_be_in else 'fits'}: {'; '.join(parts)}."


class ChecksFail(ValueError):
    """A change would leave somebody out who must be in, or let somebody in who must not be."""

    def __init__(self, failures: list[Failure]):
        self.failures = failures
        super().__init__(" ".join(failure.words for failure in failures[:SHOWN]))


def hold_or_raise(
    segment: Segment,
    *,
    kind: str,
    tree: Node | None,
    members: Collection[UUID] | None,
    by: Actor,
    despite: bool = False,
) -> None:
    """Before a change is made. `despite` lets it through and writes down what was overruled."""
    found = would_fail(segment, kind=kind, tree=tree, members=members)
    if not found:
        return
    if not despite:
        raise ChecksFail(found)
    CheckOverride.objects.create(
        segment=segment, failures=[failure.words for failure in found], made_by=by.label
    )


def would_fail(
    segment: Segment, *, kind: str, tree: Node | None, members: Collection[UUID] | None = None
) -> list[Failure]:
    """What would not hold if the segment had this rule, or these members."""
    touched = [segment, *dependents.following(segment)]
    checks = _checks(SegmentCheck.objects.filter(segment__in=touched))
    if not checks:
        return []
    # A snapshot is asked for its list, unless it is about to be taken by another rule.
    kept = kind == segment.kind and tree == dependents.rule_of(segment)
    if kind != Segment.Kind.DYNAMIC and (tree is None or kept):
        return _by_list(checks.get(segment.pk, []), members)
    found: list[Failure] = []
    for one in touched:
        if one.pk in checks:
            rule = tree if one.pk == segment.pk else dependents.rule_of(one)
            found += _by_rule(one, rule, checks[one.pk], seeing(one.level, segment, tree))
    return found


def failing(segments: Iterable[Segment] | None = None) -> list[Failure]:
    """What does not hold as things are, of these segments or of all that are present."""
    wanted = SegmentCheck.objects.filter(segment__archived_at=None)
    if segments is not None:
        wanted = wanted.filter(segment__in=list(segments))
    found: list[Failure] = []
    for checks in _checks(wanted).values():
        segment = checks[0].segment
        if segment.by_rule:
            fields = definitions.fields_of(segment.level)
            found += _by_rule(segment, dependents.rule_of(segment), checks, fields)
        else:
            found += _by_list(checks, None)
    return found


def _checks(wanted) -> dict[UUID, list[SegmentCheck]]:
    found: dict[UUID, list[SegmentCheck]] = {}
    for check in wanted.select_related("segment", "partner", "contact").order_by("made_at", "pk"):
        found.setdefault(check.segment_id, []).append(check)
    return found


def seeing(level: str, segment: Segment, tree: Node | None) -> Fields:
    """The fields of a level as they would be if the segment had this rule."""
    fields = definitions.fields_of(level)
    there = fields.segments.get(str(segment.pk))
    build = there.build if there and there.build is not None else 0
    new = Referenced(str(segment.pk), segment.number, segment.name, segment.level, build, tree)
    return fields.seeing(ChainMap({new.id: new}, fields.segments))  # type: ignore[arg-type]


def _by_rule(
    segment: Segment, tree: Node | None, checks: list[SegmentCheck], fields: Fields
) -> list[Failure]:
    if tree is None:
        return [Failure(check, "nobody is in it") for check in checks if check.must_be_in]
    moment = moment_of_workspace()
    explainer = Explainer(tree, fields, moment.zone)
    found_there = peek(segment.level, [_key(c) for c in checks], explainer.rules)
    freshen(segment.level, found_there, explainer.rules, fields, moment)
    subjects = {one.id: one for one in found_there}
    found = []
    for check in checks:
        failure = _one(check, segment, subjects.get(_key(check)), explainer, moment)
        found += [failure] if failure else []
    return found


def _one(
    check: SegmentCheck, segment: Segment, subject: Subject | None, explainer: Explainer, moment: Moment
) -> Failure | None:
    """As segments.engine.verdicts decides: an exception if one holds, else the rule, else being held."""
    if subject is None:
        return Failure(check, "nothing is known about them yet") if check.must_be_in else None
    why = explainer.explain(*subject.documents(explainer.rules, moment.at), moment)
    exception = subject.exceptions.get(str(segment.number))
    note, inside = "", why.holds
    if exception and verdicts.holds(exception, moment.at):
        inside, note = exception["in"], f"an exception has them {'in' if exception['in'] else 'out'}"
    elif not inside and segment.number in subject.held:
        inside, note = True, "they are held in it"
    if inside == check.must_be_in:
        return None
    turns = nearest(why, explainer.fields, moment.zone) if not note else None
    return Failure(check, note, why, turns.words if turns else "")


def _by_list(checks: list[SegmentCheck], members: Collection[UUID] | None) -> list[Failure]:
    found = []
    for check in checks:
        listed = members if members is not None else _members(check.segment)
        inside = _key(check) in set(listed)
        if inside != check.must_be_in:
            found.append(Failure(check, "they are on the list" if inside else "they are not on the list"))
    return found


def _members(segment: Segment) -> list[UUID]:
    return list(segment.static_members.values_list("subject_id", flat=True))


def _key(check: SegmentCheck) -> UUID:
    return check.contact_id or check.partner_id  # type: ignore[return-value]  # one of the two is there


def set_check(segment: Segment, record: Any, *, must_be_in: bool, by: Actor) -> SegmentCheck:
    """One check for one partner or contact; a second says the new thing."""
    row, _ = SegmentCheck.objects.update_or_create(
        segment=segment,
        **{segment.level: record},
        defaults={"must_be_in": must_be_in, "made_by": by.label},
    )
    return row
