"""Salesforce's Outbound Messages: SOAP, read without trusting a word of it, and acknowledged as a whole."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from crm_sync.connectors.base import PushedEvent
from crm_sync.connectors.salesforce import soql
from crm_sync.connectors.salesforce.ids import is_id, long_id

MOST_NOTIFICATIONS = 100
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
CHANGED = "object.change"  # something of the record changed, or it is new: the message does not tell what
ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>{}</Ack>'
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)


class Unreadable(ValueError):
    """The body is no Outbound Message."""


def acknowledgement(*, stored: bool) -> bytes:
    """Covers the whole message; only "true" ends Salesforce's retries."""
    return ACK.format("true" if stored else "false").encode()


def message_from_body(body: bytes) -> tuple[str, list[PushedEvent]]:
    """The organisation's id and one event a notification."""
    try:
        root = fromstring(body, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unreadable("The body is no XML that is let in.") from error
    message = root.find(f"{SOAP}Body/{OUTBOUND}notifications")
    if message is None:
        raise Unreadable("The body is no Outbound Message.")
    organization = long_id(_text(message, "OrganizationId"))
    notifications = message.findall(f"{OUTBOUND}Notification")
    if not is_id(organization) or len(notifications) > MOST_NOTIFICATIONS:
        raise Unreadable("The message names no organisation, or too many records.")
    return organization, list(_events(organization, notifications))


def _events(organization: str, notifications: list[Element]) -> Iterator[PushedEvent]:
    for notification in notifications:
        record = notification.find(f"{OUTBOUND}sObject")
        if record is None:  # a record that was deleted by now comes empty
            continue
        values = {child.tag.rpartition("}")[2]: child.text or "" for child in record}
        name = (record.get(TYPE) or "").rpartition(":")[2]
        object_type = soql.TYPES.get(name, "")
        # A message that is sent again carries the same id, and the record as it is by then.
        content = json.dumps([_text(notification, "Id"), values], sort_keys=True)
        yield PushedEvent(
            fingerprint=hashlib.sha256(f"{organization}|{content}".encode()).hexdigest(),
            account=organization,
            app="",
            kind=CHANGED,
            object_type=object_type,
            external_id=long_id(values.get("Id", ""))[:40],
            property="",
            occurred_at=_moment(values.get("SystemModstamp", "")),
            raw={"object": name, "values": values},
            not_yet=""
            if object_type and is_id(values.get("Id", ""))
            else f"{name or 'This'} is not in step.",
        )


def _text(parent: Element, name: str) -> str:
    found = parent.find(f"{OUTBOUND}{name}")
    return (found.text or "").strip() if found is not None else ""


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
