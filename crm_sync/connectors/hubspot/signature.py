"""HubSpot's webhook signature, version 3.

Our own: the helper in HubSpot's library accepts timestamps from the future, raises on a missing
or non-ASCII header, and rejects a body given as bytes.
"""

import base64
import hashlib
import hmac

WINDOW_MS = 5 * 60 * 1000

# HubSpot signs the address after decoding these escapes, and only these.
DECODED = {"%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'"} | {
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}


def sign(*, secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
    for escape, character in DECODED.items():
        uri = uri.replace(escape, character).replace(escape.lower(), character)
    message = method.encode() + uri.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def is_valid(
    *,
    secret: str,
    method: str,
    uri: str,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    now_ms: int,
) -> bool:
    """Whether HubSpot signed these very bytes within five minutes of now. Never raises."""
    if not secret or not signature or not timestamp or not signature.isascii():
        return False
    # isdecimal alone would let other scripts' digits through, and int() takes "1_0" and " 1".
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 16):
        return False
    if abs(now_ms - int(timestamp)) > WINDOW_MS:
        return False
    expected = sign(secret=secret, method=method, uri=uri, body=body, timestamp=timestamp)
    return hmac.compare_digest(expected, signature)
