"""Keys and secrets of other systems, encrypted at rest (workspaces/vault.py)."""

from cryptography.fernet import InvalidToken

from workspaces import vault

PURPOSE = "crm tokens"


class Unreadable(ValueError):
    """Encrypted with a key that the portal no longer has."""


def sealed(text: str) -> str:
    return vault.sealed(text, purpose=PURPOSE)


def opened(token: str) -> str:
    try:
        return vault.opened(token, purpose=PURPOSE)
    except InvalidToken as error:
        raise Unreadable("The stored token cannot be decrypted: connect again.") from error
