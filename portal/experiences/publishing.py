"""The draft becomes what partners see: in one transaction, with history, and told to every open page."""

from django.utils import timezone

from portal.experiences import content
from portal.experiences.editing import touch
from portal.experiences.live.news import tell_workspace
from portal.experiences.models import Experience, Publication, Stage


class DraftMoved(Exception):
    """Somebody changed the draft after it was looked at. Nothing was published."""


def publish(experience, *, seen, by):
    """Publishes the draft. `seen` is the number of the draft that the person looked at. Raises DraftMoved."""
    experience = Experience.objects.select_for_update().get(pk=experience.pk)
    if experience.draft_number != seen:
        raise DraftMoved
    draft = content.load(experience, Stage.DRAFT)
    content.write(experience, Stage.PUBLISHED, draft)
    latest = experience.publications.first()
    publication = Publication.objects.create(
        experience=experience,
        number=latest.number + 1 if latest else 1,
        content=draft,
        published_at=timezone.now(),
        published_by=by.label,
    )
    tell_workspace()
    return publication


def restore(publication, *, by):
    """Puts an old version into the draft. Partners see it once it is published."""
    touch(publication.experience, by=by)
    content.write(publication.experience, Stage.DRAFT, publication.content)


def put_into_portal(experience):
    """Makes this the experience that partners see."""
    list(Experience.objects.select_for_update().in_portal())
    Experience.objects.in_portal().update(in_portal=False)
    Experience.objects.filter(pk=experience.pk).update(in_portal=True)
    tell_workspace()
