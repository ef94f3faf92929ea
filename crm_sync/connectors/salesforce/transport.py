"""Every request to Salesforce goes out from here, through simple-salesforce with a session of ours.

The library is never allowed to sign in: on a 401 it would repeat a request without the headers it was given (so an
optimistic lock would vanish), and for ever.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce as Library
from simple_salesforce.exceptions import SalesforceError

from crm_sync.connectors.clocks import clock_ahead
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.connectors.salesforce import errors
from crm_sync.connectors.throttling import Renew, Throttle, Unthrottled, Usage

API_VERSION = "66.0"  # the library's own default, 59.0, ends before the others
TIMEOUT = (3.05, 30)  # seconds to connect, to answer
KEPT = 64
# Comes back as the origin of change events: whose change was it.
CLIENT = "partner-portal"
CALL_OPTIONS = {"Sforce-Call-Options": f"client={CLIENT}"}
UNREACHABLE = "Salesforce could not be reached or did not answer in time."
UNREADABLE = "Salesforce's answer could not be read."

_kept: OrderedDict[tuple[str, str], "Channel"] = OrderedDict()
_kept_lock = threading.Lock()


class Channel:
    """The library and its connections for one token, kept by the process."""

    def __init__(self, token: str, instance_url: str):
        session = requests.Session()
        session.mount("https://", Timed())
        if instance_url.startswith("http://"):  # a stand-in on this machine: the library knows https alone
            session.mount(instance_url.replace("http://", "https://", 1), Plain())
        session.hooks["response"].append(self._seen)
        session.trust_env = False  # no .netrc, no proxy that nobody configured
        self.library = Library(
            session_id=token,
            instance_url=instance_url,
            version=API_VERSION,
            session=session,
            parse_float=str,  # amounts as they were written
        )
        self.types: dict[str, Any] = {}  # what describe said, by object
        self._answers = threading.local()

    def send(self, method: str, path: str, **options: Any) -> tuple[Mapping[str, str], Any]:
        headers = CALL_OPTIONS | options.pop("headers", {})
        self._answers.headers = {}
        try:
            found = self.library.restful(
                path, options.pop("params", None), method, headers=headers, **options
            )
        except SalesforceError as error:
            raise CrmError(errors.classify(error.status, self._answers.headers, error.content)) from error
        except requests.JSONDecodeError as error:
            raise CrmError(Failure(FailureKind.RETRYABLE, UNREADABLE)) from error
        except requests.RequestException as error:
            raise CrmError(Failure(FailureKind.RETRYABLE, UNREACHABLE)) from error
        return self._answers.headers, found

    def _seen(self, response: requests.Response, *args: Any, **kwargs: Any) -> None:
        self._answers.headers = response.headers


class Transport:
    """Requests with one token; what they cost is asked of the throttle."""

    def __init__(
        self, token: str, instance_url: str, throttle: Throttle | None = None, renew: Renew | None = None
    ):
        self._token, self._instance_url = token, instance_url.rstrip("/")
        self._throttle, self._renew = throttle or Unthrottled(), renew

    @property
    def channel(self) -> Channel:
        return _channel_for(self._token, self._instance_url)

    def send(self, method: str, path: str, **options: Any) -> Any:
        token = self._token
        try:
            return self._sent(method, path, **options)
        except CrmError as error:
            if error.failure.kind != FailureKind.AUTH or self._renew is None:
                raise
        self._token = self._renew(token)
        return self._sent(method, path, **options)  # the same request, with every header it had

    def _sent(self, method: str, path: str, **options: Any) -> Any:
        self._throttle.before("burst")
        try:
            headers, found = self.channel.send(method, path, **options)
        except CrmError as error:
            self._throttle.refused(error.failure)
            raise
        self._throttle.after(usage_from(headers))
        return found

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All rows: the callers' LIMIT keeps them few enough, further pages of one question are followed."""
        path: str = "queryAll/" if deleted else "query/"
        answer = self.send("GET", path, params={"q": soql}) or {}
        rows = list(answer.get("records") or [])
        while not answer.get("done", True) and answer.get("nextRecordsUrl"):
            following = str(answer["nextRecordsUrl"]).rpartition("/")[2]
            answer = self.send("GET", f"{path}{following}") or {}
            rows += answer.get("records") or []
        return rows


class Timed(HTTPAdapter):
    """Nothing waits for ever, and nothing is tried twice behind our back."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        return super().send(request, stream, timeout or TIMEOUT, verify, cert, proxies)


class Plain(Timed):
    """https:// in name only, for a stand-in on this machine."""

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, stream, timeout, verify, cert, proxies)


def usage_from(headers: Mapping[str, str]) -> Usage:
    """`Sforce-Limit-Info: api-usage=18/15000; per-app-api-usage=…`"""
    used = most = None
    told = headers.get("Sforce-Limit-Info", "")
    for part in told.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "api-usage":
            first, _, second = value.partition("(")[0].partition("/")
            used, most = (int(n) if n.isdecimal() else None for n in (first, second))
    return Usage(daily_used=used, daily_most=most, clock_ahead=clock_ahead(headers.get("Date", "")))


def _channel_for(token: str, instance_url: str) -> Channel:
    with _kept_lock:
        channel = _kept.pop((token, instance_url), None) or Channel(token, instance_url)
        _kept[token, instance_url] = channel
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
        return channel
