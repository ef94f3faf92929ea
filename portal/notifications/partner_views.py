"""A person's notifications in the portal, what they choose, and the way out of mails."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.notifications import choosing, inbox, unsubscribing
from portal.notifications.forms import ChoicesForm
from workspaces.access import partner_view, public_view
from workspaces.tenancy import workspace_transaction

PAGE = 30


@require_safe
@partner_view
def notifications(request):
    found = inbox.Inbox(request.viewer)
    context = {
        "page": Paginator(found.items, PAGE).get_page(request.GET.get("page")),
        "unread": found.unread_count(),
    }
    page = "portal/notifications/partner/list.html"
    return render(request, f"{page}#rows" if request.htmx else page, context)


@require_safe
@partner_view
def bell(request):
    """For the header of an open page."""
    context = {"unread": inbox.Inbox(request.viewer).unread_count()}
    return render(request, "portal/notifications/partner/_bell.html", context)


@require_POST
@partner_view
def reading(request):
    """All of them are read."""
    inbox.mark_all_read(request.contact)
    messages.success(request, "All notifications are marked as read.")
    return redirect("partner:notifications")


@require_POST
@partner_view
def opening(request, pk):
    """One is read, and leads to what it is about."""
    item = inbox.Inbox(request.viewer).find(pk)
    if item is None:
        raise Http404
    inbox.mark_read(item.notice)
    return redirect(item.shown.url)


@require_http_methods(["GET", "HEAD", "POST"])
@partner_view
def choices(request):
    preference = choosing.preference_of(request.contact)
    effective = choosing.of_viewer(request.viewer, preference)
    posted = request.POST if request.method == "POST" else None
    form = ChoicesForm(posted, preference=preference, effective=effective)
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data
        mode, stopped = chosen["mail_mode"] or preference.mail_mode, not chosen["mails"]
        choosing.choose(request.contact, levels=form.levels(), mail_mode=mode, mails_stopped=stopped)
        messages.success(request, "Your choices are saved.")
        return redirect("partner:notification_settings")
    context = {"form": form, "stopped": preference.mails_stopped_at is not None}
    status = 422 if form.is_bound else 200
    return render(request, "portal/notifications/partner/settings.html", context, status=status)


@csrf_exempt  # mail programs post here for their user; the signature in the address is what counts
@require_http_methods(["GET", "HEAD", "POST"])
@public_view
def unsubscribe(request, token):
    """Works without signing in. A GET shows a button: mail scanners follow every link."""
    if request.workspace is None:
        raise Http404
    reading = request.method != "POST"
    with workspace_transaction(request.workspace, snapshot=reading):
        ticket = unsubscribing.ticket(token)
        if ticket is None:
            raise Http404
        if not reading:
            ticket.use(all_mails="all" in request.POST)
        return render(request, "portal/notifications/partner/unsubscribe.html", {"ticket": ticket})
