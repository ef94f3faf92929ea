import pytest

from crm_sync.mapping import sampling
from crm_sync.models import Connection, FieldMapping
from workspaces.models import Property


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("money", "32100", "€32,100"),
        ("number", "1250.5", "1,250.5"),
        ("date", "2027-01-24", "24 Jan 2027"),
        ("datetime", "2027-01-24T10:00:00Z", "24 Jan 2027, 10:00"),
        ("date", "soon", "soon"),  # what does not fit is shown as it stands there
        ("money", "", ""),
    ],
)
def test_figures_are_shown_as_the_portal_shows_them(kind, text, shown):
    mapping = FieldMapping(connection=Connection(), prop=Property(type=kind), field="field")
    mapping.connection.fields_known = {}
    assert sampling.in_words(mapping, text, currency="EUR") == shown
