from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from segments.engine import holding, lists
from segments.models import Hold, Segment
from workspaces.access import settings_view
from workspaces.actors import Actor

PAGE = 100


@settings_view("segments.view")
@require_safe
def segment_held(request, pk):
    """Everybody whom the breaker holds, by name, and the decision."""
    segment = get_object_or_404(Segment, pk=pk)
    people = lists.MODELS[segment.level].objects.filter(segment_state__in=holding.held_in(segment))
    if segment.level == "contact":
        people = people.select_related("partner")
    content = {
        "segment": segment,
        "page": Paginator(people.order_by("name", "pk"), PAGE).get_page(request.GET.get("page")),
        "past": Hold.objects.filter(segment=segment).exclude(decided_at=None).order_by("-began_at")[:10],
    }
    return render(request, "segments/settings/held.html", content)


@settings_view("segments.manage")
@require_POST
def hold_release(request, pk, hold_pk):
    return _decide(request, pk, hold_pk, holding.release, "They leave “{}” now.")


@settings_view("segments.manage")
@require_POST
def hold_keeping(request, pk, hold_pk):
    return _decide(request, pk, hold_pk, holding.keep, "They stay in “{}”, as exceptions that you can end.")


def _decide(request, pk, hold_pk, decision, words):
    hold = get_object_or_404(Hold.objects.select_related("segment"), pk=hold_pk, segment=pk)
    if hold.state == Hold.State.OPEN:
        decision(hold, by=Actor.of_member(request.member))
        messages.success(request, words.format(hold.segment.name))
    else:
        messages.error(request, "Somebody else has decided this already.")
    return redirect("settings:segment-members", hold.segment_id)
