"""HubSpot's addresses: the one place that knows which version of its API is spoken.

"v3" is what the client library was made for, and what HubSpot serves until September 2027; a date ("2026-03") is
one of the versions that follow it. The bodies are the same.
"""

from urllib.parse import quote

API_VERSION = "v3"
KINDS = {"company": "companies", "contact": "contacts", "deal": "deals", "lead": "leads"}


def objects(object_type: str, *rest: str, version: str = API_VERSION) -> str:
    return _crm("objects", version, KINDS[object_type], *rest)


def properties(object_type: str, version: str = API_VERSION) -> str:
    return _crm("properties", version, KINDS[object_type])


def pipelines(object_type: str, version: str = API_VERSION) -> str:
    return _crm("pipelines", version, KINDS[object_type])


def owners(version: str = API_VERSION) -> str:
    return _crm("owners", version)


def associations(from_type: str, to_type: str, version: str = API_VERSION) -> str:
    kinds = (KINDS[from_type], KINDS[to_type], "batch", "read")
    return _crm("associations", "v4" if version == "v3" else version, *kinds)


def association_labels(from_type: str, to_type: str, version: str = API_VERSION) -> str:
    return _crm(
        "associations", "v4" if version == "v3" else version, KINDS[from_type], KINDS[to_type], "labels"
    )


def association(from_type: str, one: str, to_type: str, other: str, version: str = API_VERSION) -> str:
    """One association of a record; with a body of labels, or of the common kind."""
    head = _crm("objects", "v4" if version == "v3" else version, KINDS[from_type], one)
    return f"{head}/associations/{KINDS[to_type]}/{quote(other, safe='')}"


def default_association(
    from_type: str, one: str, to_type: str, other: str, version: str = API_VERSION
) -> str:
    head = _crm("objects", "v4" if version == "v3" else version, KINDS[from_type], one)
    return f"{head}/associations/default/{KINDS[to_type]}/{quote(other, safe='')}"


def account(version: str = API_VERSION) -> str:
    return f"/account-info/{version}/details"


def token(version: str = API_VERSION) -> str:
    return f"/oauth/{version}/token"


def introspection(version: str = API_VERSION) -> str:
    return f"{token(version)}/introspect"


def revocation(version: str = API_VERSION) -> str:
    return f"{token(version)}/revoke"


def uninstallation(version: str = API_VERSION) -> str:
    return f"/appinstalls/{version}/external-install"


def _crm(area: str, version: str, *rest: str) -> str:
    # v3: /crm/v3/objects/companies; dated: /crm/objects/2026-03/companies
    head = (version, area) if version.startswith("v") else (area, version)
    return "/".join(["/crm", *head, *(quote(part, safe="") for part in rest)])
