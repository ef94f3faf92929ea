"""A passkey as the database keeps it, without a device."""

import hashlib
from base64 import urlsafe_b64encode

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)


def add_passkey(user, name, *, alone=False):
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid(b"\0" * 16), name.encode(), key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(hashlib.sha256(b"localhost").digest(), flags, 0, credential)
    client_data = CollectedClientData.create(
        type=CollectedClientData.TYPE.CREATE, challenge=b"0" * 32, origin="http://localhost:8000"
    )
    answer = {
        "id": coded(name.encode()),
        "rawId": coded(name.encode()),
        "type": "public-key",
        "response": {
            "clientDataJSON": coded(client_data),
            "attestationObject": coded(AttestationObject.create("none", data, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": alone}},
    }
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": answer}
    )


def coded(value):
    return urlsafe_b64encode(value).rstrip(b"=").decode()
