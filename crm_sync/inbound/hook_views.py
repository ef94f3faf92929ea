"""Where CRMs call."""

import logging

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from crm_sync.connectors.hubspot.push import Unreadable
from crm_sync.inbound.receiving import NotVerified, receive_hubspot
from workspaces.access import public_view

log = logging.getLogger(__name__)
LARGEST = 1_000_000  # bytes; HubSpot's hundred events are about 40,000


@csrf_exempt
@require_POST
@public_view
def hubspot(request):
    """Stored, committed, then 2xx; whatever keeps us from that is not HubSpot's fault and may be sent again."""
    if len(request.body) > LARGEST:
        return HttpResponse(status=413)
    timestamp = request.headers.get("X-HubSpot-Request-Timestamp")
    signed = request.headers.get("X-HubSpot-Signature-v3")
    status = receive(request.body, path=request.path_info, timestamp=timestamp, signed=signed)
    return HttpResponse(status=status)


def receive(body: bytes, *, path: str, timestamp: str | None, signed: str | None) -> int:
    """The status to answer with."""
    try:
        receive_hubspot(body, path=path, timestamp=timestamp, signed=signed)
    except Unreadable:
        return 400
    except NotVerified:
        log.warning("A webhook with a wrong signature was refused.")
        return 401
    return 204
