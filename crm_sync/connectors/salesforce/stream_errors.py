"""Why Salesforce ended a line, sorted by what to do next. The code in the trailers counts, not gRPC's own."""

import grpc

from crm_sync.connectors.failures import CrmError, Failure, FailureKind

PREFIX = "sfdc.platform.eventbus.grpc."
LOST = {"subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed"}
AUTH = {"service.auth.error", "service.auth.headers.invalid", "service.auth.refresh.invalid"}
# Where only somebody at Salesforce's can help.
REFUSED = {
    "topic.not.found": "There is no such channel. Are the objects selected under Setup, Change Data Capture?",
    "topic.meta.permission": "Our sign-in may not read this channel.",
    "schema.meta.permission": "Our sign-in may not read what the events of this channel are made of.",
    "subscription.topic.cannot.subscribe": "Our sign-in may not read this channel. It needs to see all records of"
    " each object that is selected for Change Data Capture.",
    "service.tenant.license": "This organisation has no licence for the Pub/Sub API.",
}
LIMITS = {
    "subscription.limit.exceeded": "The organisation's daily allowance of events is used up.",
    "concurrent.client.limit.exceeded": "Too many others are listening to this organisation's events.",
}
SIGN_IN = "Salesforce no longer accepts our sign-in."
UNREACHABLE = "Salesforce's event bus could not be reached."


class PlaceLost(Exception):
    """Salesforce no longer knows the place in the stream: events are kept for three days, and organisations move."""


def raised_for(error: grpc.RpcError) -> CrmError | PlaceLost:
    code = _code(error)
    if code in LOST:
        return PlaceLost(code)
    return CrmError(_failure(error, code))


def _failure(error: grpc.RpcError, code: str) -> Failure:
    status = error.code()
    if code in AUTH or status == grpc.StatusCode.UNAUTHENTICATED:
        return Failure(FailureKind.AUTH, SIGN_IN)
    if code in REFUSED:
        return Failure(FailureKind.SCOPE, REFUSED[code])
    if code in LIMITS:
        return Failure(FailureKind.LIMIT, LIMITS[code])
    if status in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND):
        return Failure(FailureKind.SCOPE, error.details() or REFUSED["topic.not.found"])
    if status in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return Failure(FailureKind.RETRYABLE, UNREACHABLE)
    return Failure(FailureKind.RETRYABLE, (error.details() or UNREACHABLE)[:300])


def _code(error: grpc.RpcError) -> str:
    trailers = dict(error.trailing_metadata() or ())
    return str(trailers.get("error-code") or "").removeprefix(PREFIX)
