"""Every request to HubSpot goes out from here, through HubSpot's own client library."""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import hubspot
import urllib3
from hubspot.crm.objects.exceptions import ApiException
from urllib3.util.retry import Retry

from crm_sync.connectors.clocks import clock_ahead
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.hubspot import errors
from crm_sync.connectors.throttling import Renew, Throttle, Unthrottled, Usage

TIMEOUT = (3, 20)  # seconds to connect, to answer
DEFAULT_HOST = "https://api.hubapi.com"
KEPT = 64
UNREACHABLE = "HubSpot could not be reached or did not answer in time."
UNREADABLE = "HubSpot's answer could not be read."
Query = Sequence[tuple[str, str]]

_libraries: OrderedDict[tuple[str, str], Any] = OrderedDict()
_libraries_lock = threading.Lock()


class Transport:
    """Requests with one token; what they cost is asked of the throttle."""

    def __init__(
        self,
        token: str,
        host: str = DEFAULT_HOST,
        throttle: Throttle | None = None,
        renew: Renew | None = None,
    ):
        self._token, self._host = token, host.rstrip("/")
        self._throttle, self._renew = throttle or Unthrottled(), renew

    def get(self, path: str, query: Query = ()) -> dict[str, Any]:
        return self.send("GET", path, query)

    def post(
        self, path: str, body: Mapping[str, Any], query: Query = (), *, lane: str = "burst"
    ) -> dict[str, Any]:
        return self.send("POST", path, query, body, lane=lane)

    def send(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: Any = None,
        *,
        lane: str = "burst",
    ) -> dict[str, Any]:
        """The answer as plain JSON: HubSpot adds fields and statuses faster than the library's models."""
        token = self._token
        try:
            return self._sent(method, path, query, body, lane)
        except CrmError as error:
            if error.failure.kind != FailureKind.AUTH or self._renew is None:
                raise
        # Not a sure sign that the token ended, but the only one: a new one is tried, once.
        self._token = self._renew(token)
        return self._sent(method, path, query, body, lane)

    def form(self, path: str, fields: Query) -> dict[str, Any]:
        """For the addresses of the sign-in, which take forms and no token."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        return _plain(self._called("POST", path, headers, post_params=list(fields))[1])

    def _sent(self, method: str, path: str, query: Query, body: Any, lane: str) -> dict[str, Any]:
        self._throttle.before(lane)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        options = {"query_params": list(query), "body": body, "auth_settings": ["oauth2"]}
        try:
            told, data = self._called(method, path, headers, **options)
        except CrmError as error:
            self._throttle.refused(error.failure)
            raise
        self._throttle.after(usage_from(told))
        return _plain(data)

    @property
    def _library(self) -> Any:
        return _library_for(self._token, self._host)

    def _called(
        self, method: str, path: str, headers: dict[str, str], **options: Any
    ) -> tuple[Mapping[str, str], bytes]:
        try:
            answer = self._library.call_api(
                path,
                method,
                {},
                header_params=headers,
                _preload_content=False,
                _request_timeout=TIMEOUT,
                **options,
            )
            return answer.headers, answer.data  # read here: a connection may break in the middle of it
        except ApiException as error:
            raise CrmError(_failure(error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise CrmError(Failure(FailureKind.RETRYABLE, UNREACHABLE)) from error
        except (ValueError, AttributeError) as error:
            # The library fails so on an error whose body is no text at all.
            raise CrmError(Failure(FailureKind.RETRYABLE, UNREADABLE)) from error


def usage_from(headers: Mapping[str, str]) -> Usage:
    found = {name.lower(): value for name, value in headers.items()}
    interval = _number(found.get("x-hubspot-ratelimit-interval-milliseconds"))
    daily, daily_left = (
        _number(found.get(f"x-hubspot-ratelimit-daily{rest}")) for rest in ("", "-remaining")
    )
    return Usage(
        burst_most=_number(found.get("x-hubspot-ratelimit-max")),
        burst_left=_number(found.get("x-hubspot-ratelimit-remaining")),
        interval=None if interval is None else interval / 1000,
        daily_most=daily,
        daily_used=None if daily is None or daily_left is None else daily - daily_left,
        clock_ahead=clock_ahead(found.get("date", "")),
    )


def batches[T](items: Sequence[T], size: int = 100) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _library_for(token: str, host: str) -> Any:
    """One for each token and process, since each brings a pool of connections of its own."""
    with _libraries_lock:
        library = _libraries.pop((token, host), None) or _new_library(token, host)
        _libraries[token, host] = library
        if len(_libraries) > KEPT:
            _libraries.popitem(last=False)
        return library


def _new_library(token: str, host: str) -> Any:
    # Without this the library sleeps out Retry-After inside the worker, three times.
    no_retry = Retry(total=False)
    library = hubspot.Client.create(access_token=token, host=host, base_url=host, retry=no_retry)
    # Each attribute access of the library builds a new pool, so keep what it returned.
    return library.crm.objects.batch_api.api_client


def _plain(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data or b"{}")
    except ValueError as error:
        raise CrmError(Failure(FailureKind.RETRYABLE, UNREADABLE)) from error
    return found if isinstance(found, dict) else {"results": found}


def _failure(error: Any) -> Failure:
    body = error.body if isinstance(error.body, str) else ""
    return errors.classify(int(error.status or 0), dict(error.headers or {}), body)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 12 else None
