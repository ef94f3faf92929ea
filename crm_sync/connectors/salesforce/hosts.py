"""Which addresses may be spoken to as Salesforce: its answers name one, and nobody may name another."""

from urllib.parse import urlsplit

DOMAINS = (".salesforce.com", ".force.com", ".salesforce.mil")
LOGIN = {"production": "https://login.salesforce.com", "sandbox": "https://test.salesforce.com"}


class ForeignHost(ValueError):
    """Not an address of Salesforce's."""


def checked(address: str, *, also: str = "") -> str:
    """`https://acme.my.salesforce.com`, without anything behind it. `also`: one more origin, for a stand-in."""
    if also and _origin(address) == _origin(also):
        return _origin(also)
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError as error:
        raise ForeignHost("This is not an address of Salesforce's.") from error
    host = (parts.hostname or "").rstrip(".").lower()
    plain = parts.scheme == "https" and port in (None, 443) and not (parts.username or parts.password)
    if not plain or not host.isascii() or not host.endswith(DOMAINS):
        raise ForeignHost("This is not an address of Salesforce's.")
    return f"https://{host}"


def my_domain(text: str, *, also: str = "") -> str:
    """What an admin types: acme.my.salesforce.com, with or without https:// and with any path behind it."""
    text = text.strip()
    return checked(text if "://" in text else f"https://{text}", also=also)


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address.strip())
        return f"{parts.scheme}://{parts.netloc}".lower()
    except ValueError:
        return ""
