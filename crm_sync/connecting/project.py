"""The app's definition for HubSpot's own tools: a project folder, its webhooks taken from the mapping.

Apps of today cannot be subscribed to a property from outside; whoever maps another property uploads the folder again.
"""

import io
import json
import zipfile
from collections.abc import Iterable

from crm_sync.connectors.hubspot.oauth import OPTIONAL_SCOPES, SCOPES
from crm_sync.models import Connection
from crm_sync.models.connection import OBJECT_TYPES

PLATFORM = "2025.2"
FOLDER = "partner-portal-hubspot"
CONCURRENT = 10
LIVES = ("creation", "deletion", "merge", "restore", "associationChange")
# What a portal begins with, as long as nothing is mapped.
USUAL = ("company.name", "company.domain", "contact.email", "contact.firstname", "contact.lastname")
README = """# Partner portal for HubSpot

1. Install HubSpot's command line tool: npm install -g @hubspot/cli@latest
2. Sign in to your account: hs account auth
3. In this folder: hs project upload

Then open Development > Projects > Partner portal in HubSpot. The app's page shows what the portal asks for: {asked}.

Upload again whenever you map another property: HubSpot calls the portal only for what stands in
src/app/webhooks/webhooks-hsmeta.json. In sync from the next upload on: {told}.
"""


def subscriptions(connection: Connection | None) -> list[str]:
    """`company.name` for every property that comes in."""
    if connection is None:
        return list(USUAL)
    mapped = connection.mappings.inward().values_list("object_type", "field")
    return sorted({f"{object_type}.{field}" for object_type, field in mapped}) or list(USUAL)


def zipped(*, told: Iterable[str], hook: str, answer: str, signs_in: bool) -> bytes:
    """The folder. `hook`: where webhooks go; `answer`: where a sign-in ends."""
    told = list(told)
    asked = "app ID, client ID and client secret" if signs_in else "access token, app ID and client secret"
    files = {
        "hsproject.json": _json({"name": FOLDER, "srcDir": "src", "platformVersion": PLATFORM}),
        "src/app/app-hsmeta.json": _json(_app(answer, signs_in=signs_in)),
        "src/app/webhooks/webhooks-hsmeta.json": _json(_webhooks(told, hook)),
        "README.md": README.format(asked=asked, told=", ".join(told)),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{FOLDER}/{name}", content)
    return held.getvalue()


def _app(answer: str, *, signs_in: bool) -> dict:
    auth = {
        "type": "oauth" if signs_in else "static",
        "requiredScopes": list(SCOPES if signs_in else SCOPES[1:]),
        "optionalScopes": list(OPTIONAL_SCOPES),
        "conditionallyRequiredScopes": [],
    }
    if signs_in:
        auth["redirectUrls"] = [answer]
    config = {
        "name": "Partner portal",
        "description": "Keeps a partner portal in step with companies, contacts, deals and leads.",
        "distribution": "private",
        "auth": auth,
        "permittedUrls": {"fetch": [], "iframe": [], "img": []},
    }
    return {"uid": "partner_portal_app", "type": "app", "config": config}


def _webhooks(told: list[str], hook: str) -> dict:
    lives = [
        {"subscriptionType": f"object.{happening}", "objectType": object_type, "active": True}
        for object_type in OBJECT_TYPES
        for happening in LIVES
    ]
    changes = [
        {
            "subscriptionType": "object.propertyChange",
            "objectType": name.partition(".")[0],
            "propertyName": name.partition(".")[2],
            "active": True,
        }
        for name in told
    ]
    privacy = [{"subscriptionType": "contact.privacyDeletion", "active": True}]
    config = {
        "settings": {"targetUrl": hook, "maxConcurrentRequests": CONCURRENT},
        "subscriptions": {"crmObjects": lives + changes, "legacyCrmObjects": [], "hubEvents": privacy},
    }
    return {"uid": "partner_portal_webhooks", "type": "webhooks", "config": config}


def _json(content: dict) -> str:
    return json.dumps(content, indent=2) + "\n"
