"""Which records belong together, and which colleagues there are."""

from collections.abc import Iterable

from crm_sync.connectors.base import COMPANY, CONTACT, DEAL, Association, Owner
from crm_sync.connectors.salesforce import soql
from crm_sync.connectors.salesforce.describing import types_of
from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.connectors.salesforce.transport import Transport

# (from, to) → the object that knows, its field of the one, of the other, and which says that it is the primary one
KNOWN = {
    (CONTACT, COMPANY): ("Contact", "Id", "AccountId", ""),
    (COMPANY, CONTACT): ("Contact", "AccountId", "Id", ""),
    (DEAL, COMPANY): ("Opportunity", "Id", "AccountId", ""),
    (COMPANY, DEAL): ("Opportunity", "AccountId", "Id", ""),
    (DEAL, CONTACT): ("OpportunityContactRole", "OpportunityId", "ContactId", "IsPrimary"),
    (CONTACT, DEAL): ("OpportunityContactRole", "ContactId", "OpportunityId", "IsPrimary"),
}
USERS = "SELECT Id, Email, Name, IsActive FROM User"
A_PAGE = 500


def associations(
    api: Transport, from_type: str, external_ids: Iterable[str], to_type: str, by: str = ""
) -> dict[str, list[Association]]:
    """`by`: the field that points to the other record, where it is not the usual one."""
    asked = {long_id(i): i for i in external_ids}
    found: dict[str, list[Association]] = {i: [] for i in asked.values()}
    if by:
        if by not in types_of(api, from_type):
            return found  # hidden, or gone
        name, one, other, primary = soql.OBJECTS[from_type], "Id", by, ""
    elif (from_type, to_type) in KNOWN:
        name, one, other, primary = KNOWN[from_type, to_type]
    else:
        return found  # a lead belongs to nobody, unless by a field of its own
    ids = list(asked)
    for start in range(0, len(ids), soql.MOST_IDS):
        columns = ", ".join(filter(None, dict.fromkeys([one, other, primary])))
        where = soql.with_ids(ids[start : start + soql.MOST_IDS], one)
        for row in api.query(f"SELECT {columns} FROM {name} {where}"):  # noqa: S608
            if row.get(other):
                # The account of a contact is the only one it has, and so its primary one.
                is_primary = bool(row.get(primary)) if primary else to_type == COMPANY
                found[asked[row[one]]].append(Association(long_id(row[other]), is_primary))
    return found


def owners(api: Transport) -> list[Owner]:
    found: list[Owner] = []
    while True:
        where = f"WHERE Id > '{found[-1].external_id}'" if found else ""
        rows = api.query(f"{USERS} {where} ORDER BY Id LIMIT {A_PAGE}")
        found += [
            Owner(
                long_id(r["Id"]),
                str(r.get("Email") or ""),
                str(r.get("Name") or ""),
                active=bool(r.get("IsActive")),
            )
            for r in rows
        ]
        if len(rows) < A_PAGE:
            return found
