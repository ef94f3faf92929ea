"""A partner's quotes. Making, changing and sending them needs the workspace's leave (Settings → Quotes)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.quotes import collaborators, drafts, news
from portal.quotes.editor import QuoteEditor
from portal.quotes.forms import CollaboratorForm, QuoteFilters
from portal.quotes.models import Quote, QuoteSettings
from workspaces.access import partner_view
from workspaces.models import Contact

PAGE = 30
OFFERED = 500


@require_GET
@partner_view
def quotes(request):
    filters = QuoteFilters(request.GET)
    own = Quote.objects.visible_to(request.viewer)
    found = filters.narrow(own).with_totals()
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    template = "portal/quotes/partner/list.html"
    context = {
        "page": page,
        "filters": filters,
        "none_at_all": not page.paginator.count and not filters.narrowed,
        "may_create": QuoteSettings.may_create(request.viewer),
    }
    return render(request, f"{template}#rows" if request.htmx else template, context)


@require_GET
@partner_view
def quote(request, pk):
    return _detail(request, _quote(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@partner_view
def new_quote(request):
    if not QuoteSettings.may_create(request.viewer):
        raise Http404
    data = request.POST if request.method == "POST" else None
    editor = QuoteEditor(workspace=request.workspace, data=data)
    if not editor.saving or not editor.is_valid():
        return _editor(request, editor)
    made = drafts.create_quote(by=request.contact, form_key=editor.form_key, **editor.values())
    messages.success(request, f"{made} is saved as a draft.")
    return redirect("partner:quote", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@partner_view
def draft(request, pk):
    quote = _quote(request, pk)
    if not quote.is_draft or not QuoteSettings.may_create(request.viewer):
        return _detail(request, quote, status=403)
    data = request.POST if request.method == "POST" else None
    editor = QuoteEditor(workspace=request.workspace, quote=quote, data=data)
    if not editor.saving or not editor.is_valid():
        return _editor(request, editor)
    try:
        drafts.save_draft(quote, version=editor.seen_version, by=request.contact, **editor.values())
    except drafts.SavedMeanwhile:
        return _editor(request, editor, status=409)
    except drafts.NotADraft:
        return _detail(request, _quote(request, pk), status=409)
    news.changed(quote, by=request.contact)
    messages.success(request, f"{quote} is saved.")
    return redirect("partner:quote", quote.pk)


@require_POST
@partner_view
def sending(request, pk):
    quote = _quote(request, pk)
    if not QuoteSettings.may_create(request.viewer):
        return _detail(request, quote, status=403)
    today = timezone.localdate(timezone=request.workspace.zone)
    try:
        drafts.send(quote, by=request.contact, today=today)
    except drafts.NotReady as lack:
        return _detail(request, quote, status=409, lack=str(lack))
    except drafts.NotADraft:
        return redirect("partner:quote", quote.pk)  # the second of two clicks
    messages.success(request, f"{quote} is marked as sent.")
    return redirect("partner:quote", quote.pk)


@require_POST
@partner_view
def quote_collaborators(request, pk):
    """Adds a colleague. Whoever sees a quote collaborates on it or is not restricted, so may add to it."""
    quote = _quote(request, pk)
    form = CollaboratorForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a colleague first.")
        return redirect("partner:quote", quote.pk)
    added = get_object_or_404(collaborators.candidates(quote), pk=form.cleaned_data["contact"])
    collaborators.add(quote, added, by=request.contact)
    messages.success(request, f"{added} collaborates on {quote} now.")
    return redirect("partner:quote", quote.pk)


@require_POST
@partner_view
def quote_collaborator_removal(request, pk, contact):
    quote = _quote(request, pk)
    removed = get_object_or_404(Contact.objects, pk=contact, partner=quote.partner_id)
    if not collaborators.remove(quote, removed):
        raise Http404
    messages.success(request, f"{removed} does not collaborate on {quote} any more.")
    if not Quote.objects.visible_to(request.viewer).filter(pk=quote.pk).exists():
        return redirect("partner:quotes")  # one's own name, by somebody restricted
    return redirect("partner:quote", quote.pk)


def _quote(request, pk):
    return get_object_or_404(Quote.objects.visible_to(request.viewer).with_people().with_totals(), pk=pk)


def _detail(request, quote, *, status=200, lack=""):
    context = {
        "quote": quote,
        "lines": quote.lines.all(),
        "may_create": QuoteSettings.may_create(request.viewer),
        "collaborators": collaborators.of(quote),
        "candidates": collaborators.candidates(quote)[:OFFERED],
        "lack": lack,
        "refused": status == 403,
    }
    return render(request, "portal/quotes/partner/detail.html", context, status=status)


def _editor(request, editor, *, status=200):
    if editor.saving and status == 200:
        status = 422
    template = "portal/quotes/partner/editor.html"
    context = {"editor": editor, "quote": editor.quote, "saved_meanwhile": status == 409}
    fragment = request.htmx and not editor.saving
    return render(request, f"{template}#lines" if fragment else template, context, status=status)
