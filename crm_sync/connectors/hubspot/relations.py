"""Which records belong together, and which colleagues there are."""

from collections.abc import Iterable, Mapping
from typing import Any

from crm_sync.connectors.base import Association, Owner
from crm_sync.connectors.hubspot import paths
from crm_sync.connectors.hubspot.transport import Transport, batches

MOST_INPUTS = 1000
# HubSpot's own kinds of association that mean "the primary one": contact ⇄ company, deal ⇄ company.
PRIMARY = {1, 2, 5, 6}


def associations(
    api: Transport, from_type: str, external_ids: Iterable[str], to_type: str
) -> dict[str, list[Association]]:
    """Every record may have more than one page of them; each page names those that go on."""
    ids = list(dict.fromkeys(external_ids))
    found: dict[str, list[Association]] = {i: [] for i in ids}
    waiting = [{"id": i} for i in ids]
    while waiting:
        following: list[dict[str, str]] = []
        for batch in batches(waiting, MOST_INPUTS):
            answer = api.post(paths.associations(from_type, to_type), {"inputs": list(batch)})
            for entry in answer.get("results") or []:
                external_id = str(entry["from"]["id"])
                found.setdefault(external_id, []).extend(_listed(entry))
                after = ((entry.get("paging") or {}).get("next") or {}).get("after")
                if after:
                    following.append({"id": external_id, "after": str(after)})
        waiting = following
    return found


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


def _listed(entry: Mapping[str, Any]) -> Iterable[Association]:
    for to in entry.get("to") or []:
        kinds = to.get("associationTypes") or []
        primary = any(
            kind.get("category") == "HUBSPOT_DEFINED" and kind.get("typeId") in PRIMARY for kind in kinds
        )
        yield Association(str(to["toObjectId"]), primary)
