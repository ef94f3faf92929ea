"""The receiver of webhooks without the pages' middleware: no session, no language, no template is needed here.

The web entry sends POSTs of HOOK_PATHS here. Every other server reaches the same receiver as a page.
"""

import logging

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from crm_sync.inbound.hook_views import LARGEST, receive
from crm_sync.inbound.receiving import HUBSPOT_PATHS

HOOK_PATHS = HUBSPOT_PATHS
RETRY_AFTER = "5"
TEXTS = {204: "No Content", 400: "Bad Request", 401: "Unauthorized", 413: "Content Too Large"}
log = logging.getLogger(__name__)


def application(environ, start_response):
    """WSGI."""
    body = environ["wsgi.input"].read(LARGEST + 1)
    try:
        status = 413 if len(body) > LARGEST else _received(environ, body)
    except (OperationalError, InterfaceError) as error:
        log.error("The database did not answer: %s", error)
        start_response("503 Service Unavailable", [("Retry-After", RETRY_AFTER), ("Content-Length", "0")])
        return [b""]
    finally:
        if not connection.in_atomic_block:  # only a test holds a transaction open around a request
            close_old_connections()
    start_response(f"{status} {TEXTS[status]}", [] if status == 204 else [("Content-Length", "0")])
    return [b""]


def _received(environ, body: bytes) -> int:
    timestamp = environ.get("HTTP_X_HUBSPOT_REQUEST_TIMESTAMP")
    signed = environ.get("HTTP_X_HUBSPOT_SIGNATURE_V3")
    return receive(body, path=environ["PATH_INFO"], timestamp=timestamp, signed=signed)
