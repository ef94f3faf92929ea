"""Which records belong together, and which colleagues there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm_sync.connectors.base import COMPANY, Association, Create, CreateResult, Owner
from crm_sync.connectors.failures import CrmError, FailureKind
from crm_sync.connectors.hubspot import paths
from crm_sync.connectors.hubspot.fields import ASSOCIATION
from crm_sync.connectors.hubspot.transport import Transport, batches

MOST_INPUTS = 1000
# HubSpot's own kinds of association that mean "the primary one": contact ⇄ company, deal ⇄ company.
PRIMARY = {1, 2, 5, 6}


def associations(
    api: Transport, from_type: str, external_ids: Iterable[str], to_type: str, by: str = ""
) -> dict[str, list[Association]]:
    """Every record may have more than one page of them; each page names those that go on. `by`: of this label."""
    label = by.removeprefix(ASSOCIATION)
    ids = list(dict.fromkeys(external_ids))
    found: dict[str, list[Association]] = {i: [] for i in ids}
    waiting = [{"id": i} for i in ids]
    while waiting:
        following: list[dict[str, str]] = []
        for batch in batches(waiting, MOST_INPUTS):
            answer = api.post(paths.associations(from_type, to_type), {"inputs": list(batch)})
            for entry in answer.get("results") or []:
                external_id = str(entry["from"]["id"])
                found.setdefault(external_id, []).extend(_listed(entry, label))
                after = ((entry.get("paging") or {}).get("next") or {}).get("after")
                if after:
                    following.append({"id": external_id, "after": str(after)})
        waiting = following
    return found


def labels(api: Transport, from_type: str, to_type: str) -> list[Mapping[str, Any]]:
    """The labels that the account's people gave to associations; HubSpot's own have none."""
    try:
        answer = api.get(paths.association_labels(from_type, to_type))
    except CrmError as error:
        if error.failure.kind in (FailureKind.SCOPE, FailureKind.GONE, FailureKind.VALIDATION):
            return []
        raise
    return [item for item in answer.get("results") or [] if item.get("label") and item["label"] != "Primary"]


def belonging(
    api: Transport, object_type: str, creates: Sequence[Create], made: Sequence[CreateResult]
) -> list[CreateResult]:
    """Puts each record to its company. One that cannot be put there is told of; the next attempt finds it made."""
    return [
        _put(api, object_type, create, result) if create.company and result.record else result
        for create, result in zip(creates, made, strict=True)
    ]


def _put(api: Transport, object_type: str, create: Create, result: CreateResult) -> CreateResult:
    assert result.record is not None
    ends = (object_type, result.record.external_id, COMPANY, create.company)
    label = create.by.removeprefix(ASSOCIATION)
    try:
        if kinds := _kinds(api, object_type, label):
            api.send("PUT", paths.association(*ends), body=kinds)
        else:
            api.send("PUT", paths.default_association(*ends))
    except CrmError as error:
        return replace(result, failure=error.failure)
    return result


def _kinds(api: Transport, object_type: str, label: str) -> list[dict[str, Any]]:
    """What HubSpot calls a label."""
    if not label:
        return []
    found = next((item for item in labels(api, object_type, COMPANY) if item["label"] == label), None)
    return [{"associationCategory": found["category"], "associationTypeId": found["typeId"]}] if found else []


def owners(api: Transport) -> list[Owner]:
    return [owner for archived in ("false", "true") for owner in _owners(api, archived)]


def _owners(api: Transport, archived: str) -> Iterable[Owner]:
    after = ""
    while True:
        query = [("limit", "100"), ("archived", archived)] + ([("after", after)] if after else [])
        answer = api.get(paths.owners(), query)
        for item in answer.get("results") or []:
            name = f"{item.get('firstName') or ''} {item.get('lastName') or ''}".strip()
            yield Owner(str(item["id"]), str(item.get("email") or ""), name, active=archived == "false")
        after = str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")
        if not after:
            return


def _listed(entry: Mapping[str, Any], label: str) -> Iterable[Association]:
    for to in entry.get("to") or []:
        kinds = to.get("associationTypes") or []
        if label and label not in [kind.get("label") for kind in kinds]:
            continue
        primary = any(
            kind.get("category") == "HUBSPOT_DEFINED" and kind.get("typeId") in PRIMARY for kind in kinds
        )
        yield Association(str(to["toObjectId"]), primary)
