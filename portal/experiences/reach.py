"""How many contacts gates let through, for the team: all gates of a screen in one query."""

from django.db.models import Count

from segments.insiders import EVERYBODY, let_in, people


def of(gates):
    """For each list of audiences, which must all let a contact through: how many contacts that are.

    `gates` is a dict of such lists; the answer has the same keys, and under None the number of all contacts.
    """
    names = {f"g{place}": key for place, key in enumerate(gates)}
    counts = {name: Count("pk", filter=all_of(gates[key])) for name, key in names.items()}
    found = people().aggregate(everyone=Count("pk"), **counts)
    return {None: found["everyone"], **{key: found[name] for name, key in names.items()}}


def all_of(audiences):
    """A condition on contacts: every one of the audiences lets them in."""
    condition = EVERYBODY
    for audience in audiences:
        condition &= let_in(audience)
    return condition
