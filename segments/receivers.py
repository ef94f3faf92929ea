"""What segments do of themselves when something else changes."""

from django.db.models import BooleanField, F, Func, Value
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django.urls import NoReverseMatch, reverse

from segments import roles
from segments.audience import Gated
from segments.engine import clock, definitions
from segments.engine.dependents import WAITING
from segments.live import announce, announce_to_all
from segments.models import Audience, Build, Segment
from workspaces.models import Workspace
from workspaces.property_usage import Use
from workspaces.signals import Feed, contacts_feed, properties_changed, property_uses, standing_changed
from workspaces.tenancy import workspace_transaction


@receiver(post_save, sender=Workspace)
def tell_open_pages_of_the_workspace(sender, instance, created, **kwargs) -> None:
    """Its looks, and what its contacts may do by default."""
    if not created:
        with workspace_transaction(instance):
            announce_to_all()


@receiver(properties_changed)
def keep_role_segments(sender, properties, **kwargs) -> None:
    for prop in properties:
        if prop.level == "contact" and prop.key == "role":
            roles.keep(prop)


@receiver(contacts_feed)
def partners_are_known_by_it(sender, numbers, moving, current, **kwargs) -> Feed:
    """Whether rules ask for something of partners that follows these properties of their contacts."""
    found = definitions.current() if current else definitions.remembered()
    follows = found is not None and bool(found.related.fed_by_contacts(numbers, moving=moving))
    return Feed(follows, found if current else None)


@receiver(post_delete)
def delete_audience_with_its_object(sender, instance, **kwargs) -> None:
    """Else the audience of a deleted tab would keep its segments in use for ever."""
    if issubclass(sender, Gated):
        Audience.objects.filter(pk=instance.audience_id).delete()


@receiver(standing_changed)
def tell_open_pages(sender, contact, **kwargs) -> None:
    announce([contact.pk])


CALENDAR = ("time_zone", "week_starts", "fiscal_year_starts")


@receiver(pre_save, sender=Workspace)
def begin_the_days_at_another_instant(sender, instance, **kwargs) -> None:
    """What was foretold by the old time zone or calendar is due now."""
    stored = Workspace.objects.filter(pk=instance.pk).values_list(*CALENDAR).first()
    if stored is not None and stored != tuple(getattr(instance, name) for name in CALENDAR):
        with workspace_transaction(instance):
            clock.start_over()


@receiver(property_uses)
def segments_that_ask(sender, prop, **kwargs) -> list[Use]:
    """The segments whose rule names the property, now or as soon as it is built; also in what it asks of records."""
    path = Value(f"$.**.p ? (@ == {int(prop.number)})")
    names_it = Func(
        F("tree"),
        path,
        function="jsonb_path_exists",
        template="%(function)s(%(expressions)s::jsonpath)",
        output_field=BooleanField(),
    )
    builds = Build.objects.filter(state__in=WAITING, segment__archived_at=None)
    naming = builds.alias(names_it=names_it).filter(names_it=True).values("segment")
    return [
        Use(f"Segment {segment.name}", _segment_url(segment), _role_of(segment))
        for segment in Segment.objects.filter(pk__in=naming).order_by("name")
    ]


def _role_of(segment) -> frozenset:
    """The one option that a built-in segment stands for."""
    return frozenset({segment.built_in_key.removeprefix(roles.PREFIX)}) if segment.built_in else frozenset()


def _segment_url(segment) -> str:
    try:
        return reverse("settings:segment", args=[segment.pk])
    except NoReverseMatch:
        return ""
