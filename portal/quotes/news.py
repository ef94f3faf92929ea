"""What colleagues hear about quotes."""

from django.urls import reverse

from portal.notifications import events, sources
from portal.notifications.events import Doing
from portal.notifications.sources import Shown, Source, who
from portal.quotes.models import Collaborator, Quote
from segments.models import Channel, Level
from segments.notifications import Kind
from workspaces.actors import Actor

CREATED, CHANGED = "quotes.created", "quotes.changed"
SENT = "sent"
SAYS = {CREATED: "{} made {}", CHANGED: "{} changed {}", SENT: "{} marked {} as sent"}


def created(quote, *, by):
    _note(CREATED, quote, by)


def changed(quote, *, by):
    _note(CHANGED, quote, by)


def sent(quote, *, by):
    _note(CHANGED, quote, by, about=SENT, facts={"did": SENT})


def _note(kind, quote, by, **more):
    events.note(Doing(kind, quote.pk, quote.partner_id, Actor.of_contact(by), **more))


def shown(viewer, found):
    wanted = [event.subject_id for event in found]
    quotes = Quote.objects.filter(pk__in=wanted).visible_to(viewer).in_bulk()
    return {
        event.pk: _in_words(event, quotes[event.subject_id]) for event in found if event.subject_id in quotes
    }


def _in_words(event, quote):
    text = SAYS[event.facts.get("did", event.kind)].format(who(event), quote)
    return Shown(text, reverse("partner:quote", args=[quote.pk]), quote.customer)


def names(found):
    quotes = Quote.objects.in_bulk([event.subject_id for event in found])
    return {
        event.pk: f"{quotes[event.subject_id]}, {quotes[event.subject_id].customer}"
        for event in found
        if event.subject_id in quotes
    }


def collaborators(event):
    """Who made the quote, and who was added to it."""
    author = Quote.objects.filter(pk=event.subject_id).values_list("created_by", flat=True)
    added = Collaborator.objects.filter(quote=event.subject_id).values_list("contact", flat=True)
    return {pk for pk in (*author, *added) if pk}


def _register(key, label, mail):
    defaults = {Channel.PORTAL.value: Level.ALL.value, Channel.MAIL.value: mail.value}
    kind = Kind(key=key, label=label, group="Quotes", narrowable=True, defaults=defaults)
    sources.register(Source(kind, "quote", shown=shown, names=names, collaborators=collaborators))


_register(CREATED, "A colleague made a quote", Level.OFF)
_register(CHANGED, "A colleague changed or sent a quote", Level.MINE)
