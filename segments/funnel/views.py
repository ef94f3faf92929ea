from django.shortcuts import render
from django.views.decorators.http import require_safe

from segments.funnel.page import Funnel
from workspaces.access import settings_view


@settings_view("segments.view")
@require_safe
def segment_funnel(request):
    funnel = Funnel(request.GET)
    return render(request, "segments/settings/funnel.html", {"funnel": funnel})
