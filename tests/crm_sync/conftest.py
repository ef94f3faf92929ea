import pytest

from tests.fakes import hubspot


@pytest.fixture(scope="session")
def hubspot_server():
    with hubspot.served() as server:
        yield server


@pytest.fixture
def crm(hubspot_server):
    """The stand-in HubSpot, empty."""
    hubspot_server.post("/standin/reset", {})
    return hubspot_server
