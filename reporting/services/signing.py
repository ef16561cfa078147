"""Signatures over canonical bytes: who can sign, and telling whether a signature is good.

The signer is a part that can be exchanged: a hardware module or a service of Ban Cơ yếu has the
same two names and one method. The built-in one is an Ed25519 key of the server, which says by what
it signs who has approved and in what capacity.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from forms.canonical import sha256

_ID_LENGTH = 16


class BadKey(ValueError):
    """What was given is no private key of Ed25519."""


class Signer(Protocol):
    """Who signs for this system."""

    @property
    def key_id(self) -> str:
        """Which key signs: the beginning of the SHA-256 of the raw public key."""

    @property
    def public_pem(self) -> str:
        """The public key, by which everyone can check."""

    def sign(self, content: bytes) -> str:
        """The signature over some bytes, in base64."""


class ServerKey:
    """The built-in signer: one Ed25519 key of the server (RFC 8032)."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        public = key.public_key()
        self.key_id = key_id_of(public)
        self.public_pem = public.public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ).decode()

    @classmethod
    def new(cls) -> ServerKey:
        """A key that nobody had before."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> ServerKey:
        """The key in a PEM. Raises BadKey."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as fault:
            raise BadKey("expected a private key of Ed25519 in PEM, without a password") from fault
        if not isinstance(key, Ed25519PrivateKey):
            raise BadKey("expected a private key of Ed25519, not of another kind")
        return cls(key)

    def private_pem(self) -> bytes:
        """The key itself, to be kept where only the server reads it."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, content: bytes) -> str:
        """The signature over some bytes, in base64."""
        return b64encode(self._key.sign(content)).decode()


def key_id_of(public: Ed25519PublicKey) -> str:
    """How a key is called: by the beginning of its own hash, so that no two are mixed up."""
    return sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw))[:_ID_LENGTH]


def named_by(public_pem: str) -> str:
    """How the key in a PEM is called; '' where it holds no public key of Ed25519."""
    public = _public_key(public_pem)
    return "" if public is None else key_id_of(public)


def is_good(public_pem: str, content: bytes, signature: str) -> bool:
    """Whether a signature over some bytes is that of this key; never raises."""
    public = _public_key(public_pem)
    if public is None:
        return False
    try:
        raw = b64decode(signature, validate=True)
        public.verify(raw, content)
    except (InvalidSignature, ValueError):
        return False
    # Base64 has spare bits at its end: the same bytes under another text are another signature.
    return b64encode(raw).decode() == signature


def _public_key(public_pem: str) -> Ed25519PublicKey | None:
    try:
        public = load_pem_public_key(public_pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return public if isinstance(public, Ed25519PublicKey) else None
