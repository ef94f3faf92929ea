"""Keys and secrets of other systems, encrypted at rest. The first key encrypts, all of them decrypt."""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(ValueError):
    """Encrypted with a key that the portal no longer has."""


def sealed(text: str) -> str:
    return _ring(_keys()).encrypt(text.encode()).decode()


def opened(token: str) -> str:
    try:
        return _ring(_keys()).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("The stored token cannot be decrypted: connect again.") from error


def _keys() -> tuple[str, ...]:
    # Without keys of its own the vault uses the portal's secret, so that one secret is enough to begin.
    return tuple(settings.ENCRYPTION_KEYS) or (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    derived = (hashlib.sha256(b"crm tokens|" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
