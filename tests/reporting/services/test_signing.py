"""Signatures: good ones, every kind that is not, and the key file of a laptop."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from reporting.db import make_engine
from reporting.parts import KEY_FILE, signer_of
from reporting.services.signing import BadKey, ServerKey, is_good, named_by
from reporting.settings import Settings
from tests.builders import SIGNER

CONTENT = "biên nhận số 1".encode()
SIGNATURE = SIGNER.sign(CONTENT)


def test_a_signature_is_good_for_what_was_signed() -> None:
    """The public key of who has signed says so."""
    assert is_good(SIGNER.public_pem, CONTENT, SIGNATURE)


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_a_flipped_byte_of_the_content_is_found(at: int, flip: int) -> None:
    """No byte of what was signed can be another."""
    altered = bytearray(CONTENT)
    altered[at] ^= flip
    assert not is_good(SIGNER.public_pem, bytes(altered), SIGNATURE)


@given(st.integers(0, len(SIGNATURE) - 1), st.characters())
def test_an_altered_sign_of_the_signature_is_found(at: int, sign: str) -> None:
    """Nor can any sign of the signature, also where base64 has bits to spare."""
    altered = SIGNATURE[:at] + sign + SIGNATURE[at + 1 :]
    assert is_good(SIGNER.public_pem, CONTENT, altered) == (altered == SIGNATURE)


def test_the_key_of_another_is_found() -> None:
    """Whoever signs with his own key signs for himself."""
    assert not is_good(ServerKey.new().public_pem, CONTENT, SIGNATURE)


def public_pem_of_x25519() -> str:
    """A key that agrees on secrets and signs nothing."""
    public = X25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "pem", [public_pem_of_x25519(), "", "-----BEGIN PUBLIC KEY-----", "khóa", "\x00" * 40]
)
def test_what_is_no_key_of_ours_proves_nothing(pem: str) -> None:
    """Another kind of key, and what is none at all, is told and is no failure."""
    assert not is_good(pem, CONTENT, SIGNATURE)
    assert named_by(pem) == ""


@pytest.mark.parametrize("signature", ["", "!!!", "AAAA", "chữ ký", b64encode(b"1" * 64).decode()])
def test_what_is_no_signature_is_told(signature: str) -> None:
    """Garbage is not good, and never a failure."""
    assert not is_good(SIGNER.public_pem, CONTENT, signature)


def test_a_key_is_named_by_its_own_hash() -> None:
    """So that no two keys are ever mixed up, whoever names them."""
    assert named_by(SIGNER.public_pem) == SIGNER.key_id
    again = ServerKey.from_pem(SIGNER.private_pem())
    assert (again.key_id, again.public_pem) == (SIGNER.key_id, SIGNER.public_pem)


def pem_of_rsa() -> bytes:
    """A key that signs otherwise."""
    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("pem", [pem_of_rsa(), b"", b"khong phai khoa"])
def test_only_a_private_key_of_ed25519_signs(pem: bytes) -> None:
    """A start with any other is refused in words."""
    with pytest.raises(BadKey, match="Ed25519"):
        ServerKey.from_pem(pem)


def test_a_laptop_makes_its_key_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """The receipts of today are signed by the key of yesterday, which nobody else may read."""
    engine = make_engine(f"sqlite:///{tmp_path / 'store.db'}")
    first, second = (signer_of(Settings(), engine) for _ in range(2))
    assert first.key_id == second.key_id
    file = tmp_path / KEY_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob(f".{KEY_FILE}*")) == []


def test_a_key_of_the_settings_goes_before_that_of_the_laptop(tmp_path: Path) -> None:
    """A key that is given is used, and none is made beside the store."""
    engine = make_engine(f"sqlite:///{tmp_path / 'store.db'}")
    given_key = ServerKey.new()
    settings = Settings(signing_key=given_key.private_pem().decode())
    assert signer_of(settings, engine).key_id == given_key.key_id
    assert not (tmp_path / KEY_FILE).exists()


_MAKE = """
import sys
from pathlib import Path
from reporting.parts import _kept_key
sys.stdin.readline()
print(_kept_key(Path(sys.argv[1])).key_id)
"""


def test_processes_that_start_at_once_take_the_same_key(tmp_path: Path) -> None:
    """Whoever is faster makes it; the others use it."""
    file = tmp_path / KEY_FILE
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _MAKE, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = {process.communicate()[0].strip() for process in started}
    assert len(said) == 1
    assert said.pop()
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
