"""The ways to connect a CRM, as the wizard offers them."""

from dataclasses import dataclass

from crm_sync.models import Connection

HUBSPOT, SALESFORCE = Connection.Provider.HUBSPOT, Connection.Provider.SALESFORCE


@dataclass(frozen=True)
class Way:
    slug: str
    provider: str
    way: str
    title: str
    text: str
    speed: str  # how soon a change there is here
    first: bool = False  # what we would choose
    project: bool = False  # comes with a project folder for the CRM's own tools

    @property
    def route(self) -> str:
        return f"crm_{self.slug.replace('-', '_')}"

    @property
    def crm(self) -> str:
        return Connection.Provider(self.provider).label

    @property
    def signs_in(self) -> bool:
        """On the CRM's own page, in the browser."""
        return self.way == Connection.Way.OAUTH


WAYS = (
    Way(
        "hubspot-app",
        HUBSPOT,
        Connection.Way.OAUTH,
        "Sign in with an app",
        "You upload a small project to HubSpot once, and sign in there. No long-lived key is kept.",
        "Changes arrive within a second.",
        first=True,
        project=True,
    ),
    Way(
        "hubspot-token",
        HUBSPOT,
        Connection.Way.STATIC,
        "Access token of an app",
        "The same project with a static token instead of a sign-in.",
        "Changes arrive within a second.",
        project=True,
    ),
    Way(
        "hubspot-key",
        HUBSPOT,
        Connection.Way.SERVICE_KEY,
        "Service key",
        "One key and nothing to upload. HubSpot cannot call this portal with it, so the portal asks.",
        "Changes arrive within some minutes.",
    ),
    Way(
        "salesforce-app",
        SALESFORCE,
        Connection.Way.OAUTH,
        "Sign in with an app",
        "An External Client App in your org, and you sign in there. Tokens change with every use.",
        "Changes arrive within seconds.",
        first=True,
    ),
    Way(
        "salesforce-secret",
        SALESFORCE,
        Connection.Way.CREDENTIALS,
        "Client credentials",
        "The app runs as an integration user of yours; no person signs in.",
        "Changes arrive within seconds.",
    ),
)
BY_SLUG = {way.slug: way for way in WAYS}


def way_of(connection: Connection) -> Way:
    return next(w for w in WAYS if (w.provider, w.way) == (connection.provider, connection.way))
