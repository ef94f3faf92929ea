"""Making, changing and sending quotes. Whoever calls has asked whether the person may."""

from django.db import IntegrityError
from django.utils import timezone

from portal.quotes import asked, money, news
from portal.quotes.models import Quote, QuoteLine, QuoteSettings
from segments import activity, records
from workspaces.actors import Actor

WRITTEN = ["product", "title", "quantity", "unit_price", "discount"]


class NotADraft(Exception):
    """The quote was sent meanwhile; nothing of it changes any more."""


class SavedMeanwhile(Exception):
    """A colleague saved the draft after this person opened it."""


class NotReady(Exception):
    """What a quote still lacks before it can be sent, in words."""


def create_quote(*, by, form_key, head, lines):
    """`head` and `lines` are fields of Quote and QuoteLine. The same form sent twice makes one quote."""
    try:
        with _changing(by.partner_id, by.pk, by=by):
            quote = Quote.objects.create(
                partner_id=by.partner_id,
                created_by=by,
                form_key=form_key,
                number=QuoteSettings.take_number(),
                **head,
            )
            _write_lines(quote, lines)
            news.created(quote, by=by)
            activity.note(by, asked.CREATED)
            return quote
    except IntegrityError:
        # Their own form, sent twice; nobody is led to what a colleague made.
        made = Quote.objects.filter(created_by=by, form_key=form_key).first()
        if made is None:
            raise
        return made


def save_draft(quote, *, version, head, lines, by):
    """Replaces head and lines of a draft. `version` is the one that the person had before them."""
    with _changing(quote.partner_id, quote.created_by_id, by=by):
        current = _locked_draft(quote)
        if current.version != version:
            raise SavedMeanwhile
        for name, value in head.items():
            setattr(current, name, value)
        current.version += 1
        current.save()
        _write_lines(current, lines)
        return current


def send(quote, *, by, today):
    """Closes a draft: from now on it stays as it is."""
    with _changing(quote.partner_id, quote.created_by_id, by=by):
        current = _locked_draft(quote)
        if not current.lines.exists():
            raise NotReady("A quote needs at least one line.")
        if current.valid_until and current.valid_until < today:
            raise NotReady("The day until which it is valid has passed.")
        current.status = Quote.Status.SENT
        current.sent_at = timezone.now()
        current.sent_by = by
        current.save(update_fields=["status", "sent_at", "sent_by"])
        news.sent(current, by=by)
        activity.note(by, asked.SENT)
        return current


def _changing(partner_id, contact_id, *, by):
    """Segments ask for quotes: their locks come before the quote's own."""
    return records.changing(
        asked.SOURCE, partners=[partner_id], contacts=[contact_id], by=Actor.of_contact(by)
    )


def _locked_draft(quote):
    current = Quote.objects.select_for_update(of=("self",)).get(pk=quote.pk)
    if not current.is_draft:
        raise NotADraft
    return current


def _write_lines(quote, lines):
    """Lines that were there keep their keys, so that whoever has them open still means the same ones."""
    known = {line.pk: line for line in quote.lines.all()}
    made, kept = [], []
    for position, values in enumerate(lines):
        line = known.pop(values["pk"], None)
        if line is None:
            line = QuoteLine(quote=quote)
            made.append(line)
        else:
            kept.append(line)
        _fill(line, position, values)
    QuoteLine.objects.filter(pk__in=known).delete()
    QuoteLine.objects.bulk_create(made)
    QuoteLine.objects.bulk_update(kept, [*WRITTEN, "position", "total"])


def _fill(line, position, values):
    line.position = position
    for name in WRITTEN:
        setattr(line, name, values[name])
    line.total = money.line_total(
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        currency=line.quote.currency,
    )
