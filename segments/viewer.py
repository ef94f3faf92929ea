"""Who looks: a contact and the segments that it and its partner are in, found once a request."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from segments.engine import breaker, definitions, rollups, states, verdicts
from segments.models import PartnerState, Segment
from segments.rules.moments import Moment
from workspaces import statements
from workspaces.models import Contact
from workspaces.tenancy import current_workspace_id

# Fresh: nothing is left to follow from a change of the partner, and no instant has passed since.
LOOK = """
    SELECT c.fanout = p.fanout AND coalesce(least(c.next_flip_at, p.next_flip_at) > %(at)s::timestamptz, true),
           EXISTS (SELECT 1 FROM segments_audience a WHERE a.workspace_id = %(workspace)s::uuid AND a.grace_days > 0),
           ARRAY(SELECT s.id FROM segments_segment s
                 WHERE s.workspace_id = %(workspace)s::uuid AND s.archived_at IS NULL
                   AND s.live_build = ANY (c.builds || p.builds))
    FROM segments_contactstate c
    JOIN workspaces_contact r ON r.id = c.contact_id
    JOIN segments_partnerstate p ON p.partner_id = r.partner_id
    WHERE c.workspace_id = %(workspace)s::uuid AND c.contact_id = %(contact)s::uuid"""


@dataclass(frozen=True)
class Viewer:
    """`segment_ids` are the live segments of the contact and of its partner. Without a contact: an imagined one."""

    contact: Contact | None
    segment_ids: frozenset[UUID]
    # Whether any audience lets people stay for some days; where none does, gates need not look back.
    grace_anywhere: bool = True

    @property
    def partner_id(self) -> UUID | None:
        return self.contact.partner_id if self.contact else None

    @cached_property
    def subject_ids(self) -> list[UUID]:
        """Under which ids the history knows this viewer."""
        return [self.contact.pk, self.contact.partner_id] if self.contact else []


def viewer_of(contact: Contact) -> Viewer:
    """One query where the stored state is up to date, which is nearly always; else an evaluation. Never writes."""
    now = timezone.now()
    found = statements.run(LOOK, {"at": now, "workspace": current_workspace_id(), "contact": contact.pk})
    if found and found[0][0]:
        _, grace, segment_ids = found[0]
        return Viewer(contact, frozenset(segment_ids), grace_anywhere=grace)
    return Viewer(contact, _evaluated(contact, now))


def _evaluated(contact: Contact, now) -> frozenset[UUID]:
    """From the documents as they are. Hand-picked lists have no rule: those builds are kept as they are stored."""
    found = definitions.current()
    moment = Moment(now, found.zone)
    inside: set[int] = set()
    for level, pk in (("contact", contact.pk), ("partner", contact.partner_id)):
        rules = found.rules[level]
        subjects = states.peek(level, [pk])
        rollups.catch_up(level, subjects, found, moment)
        for subject in subjects:
            ruled = rules.evaluate(*subject.documents(rules, moment.at), moment)
            inside |= _decided(found, rules.builds, ruled, subject, moment)
    live = Segment.objects.live().filter(live_build__in=inside)
    return frozenset(live.values_list("pk", flat=True))


def _decided(found, candidates, ruled: set[int], subject: states.Subject, moment: Moment) -> set[int]:
    """With exceptions and with who is held. Hand-picked lists have no rule: those builds are as they are stored."""
    inside = verdicts.decide(
        ruled,
        candidates,
        builds_of=found.builds_of,
        exceptions=subject.exceptions,
        held=subject.held,
        at=moment.at,
    )
    # What a sync takes from more people than follow at once is taken by the worker, who counts how many they are.
    waits = subject.behind and breaker.is_sync(_fanout_cause(subject.partner_id))
    return inside | (subject.builds if waits else subject.builds - candidates)


def _fanout_cause(partner_id: UUID) -> dict | None:
    return PartnerState.objects.filter(pk=partner_id).values_list("fanout_cause", flat=True).first()


class ViewerMiddleware:
    """`request.viewer`, found when it is first asked for: the access decorator has set the contact by then."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.viewer = SimpleLazyObject(lambda: viewer_of(request.contact))
        return self.get_response(request)
