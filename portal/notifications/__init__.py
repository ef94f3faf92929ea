"""News for the people of partners: in the portal and by mail, as far as segments and they themselves want it."""


def effective(contact):
    """What reaches a contact: of each kind and channel how much, and who decided. See choosing.Effective."""
    from portal.notifications import (
        choosing,
    )  # the models are not there yet when this package is first imported

    return choosing.effective(contact)
