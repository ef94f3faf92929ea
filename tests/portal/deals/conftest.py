import pytest

from portal.deals import attributed, collaborators
from workspaces.actors import SYSTEM


@pytest.fixture
def make_deal(inside):
    """A deal, or with `level` a lead, of a partner; other values by property key."""

    def make(partner, name="Alpenbank renewal", *, level="deal", distributor=None, people=(), **values):
        with inside(partner.workspace_id):
            made = attributed.create(
                level, {"name": name, **values}, partner=partner, distributor=distributor, by=SYSTEM
            )
            for contact in people:
                collaborators.add(made, contact, by=SYSTEM)
        return made

    return make


@pytest.fixture
def euros():
    return lambda amount: {"amount": str(amount), "currency": "EUR"}
