"""Where CRMs call."""

import logging

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from crm_sync.connectors.hubspot.push import Unreadable
from crm_sync.connectors.salesforce import push
from crm_sync.inbound.receiving import NotVerified, receive_hubspot, receive_salesforce
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


@csrf_exempt
@require_POST
@public_view
def salesforce(request, token):
    """An Outbound Message: acknowledged as a whole, and only once it is committed. Strangers learn nothing."""
    if len(request.body) > LARGEST:
        return HttpResponse(status=413)
    try:
        receive_salesforce(request.body, token=token)
    except push.Unreadable:
        return HttpResponse(status=400)
    except NotVerified:
        log.warning("An Outbound Message for nobody was refused.")
        return HttpResponse(status=403)
    return HttpResponse(push.acknowledgement(stored=True), content_type="text/xml; charset=utf-8")


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
