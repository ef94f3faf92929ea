"""Secrets encrypted at rest. The first of PORTAL_ENCRYPTION_KEYS encrypts, all of them decrypt."""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def sealed(text, *, purpose):
    return _ring(_keys(), purpose).encrypt(text.encode()).decode()


def opened(token, *, purpose):
    """The text again. Raises cryptography.fernet.InvalidToken where the key is gone or the purpose another."""
    return _ring(_keys(), purpose).decrypt(token.encode()).decode()


def _keys():
    # Without keys of its own the vault uses the portal's secret, so that one secret is enough to begin.
    return tuple(settings.ENCRYPTION_KEYS) or (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@cache
def _ring(keys, purpose):
    derived = (hashlib.sha256(f"{purpose}|{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
