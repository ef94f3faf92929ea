"""Where each edited value is: saved here, on its way to the CRM, there, or refused."""

from dataclasses import dataclass

from workspaces.models import PropertyDelivery

State = PropertyDelivery.State


@dataclass(frozen=True)
class FieldState:
    prop: object
    state: str = ""
    crm: str = ""
    message: str = ""

    @property
    def moving(self):
        return self.state == State.ON_ITS_WAY


def states_of(partner, properties):
    """Property key → FieldState, of properties that somebody edited here."""
    rows = PropertyDelivery.objects.filter(record_id=partner.pk, prop__in=properties).select_related("prop")
    return {row.prop.key: _state(row) for row in rows}


def _state(row):
    crm = dict(row.prop.Source.choices).get(row.crm, "the CRM")
    return FieldState(row.prop, row.state, crm, row.message)
