from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """Who did it, as the logs keep it: the label stays readable when the person is gone."""

    kind: str  # contact | team | crm | system
    id: str = ""
    label: str = ""

    @classmethod
    def of_contact(cls, contact):
        return cls("contact", str(contact.pk), contact.name or contact.email)

    @classmethod
    def of_member(cls, member):
        return cls("team", str(member.pk), str(member))


SYSTEM = Actor("system", "", "Partner portal")
