"""Passwords: which are good enough, how they are kept, and telling whether one is right.

Kept as argon2id. A text is brought to NFC before anything is done with it, so that a Vietnamese
password typed on a Mac is the one that was chosen on Windows.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from reporting.errors import Conflict

SHORTEST, LONGEST = 12, 128

#: The second choice of OWASP: 19 MiB and two passes for each try, so that all threads of a server
#: can try at once. What was kept under other parameters is hashed anew when it is next right.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

#: What an unknown name is tried against, so that it takes as long as a known one.
_NOBODYS = _HASHER.hash(secrets.token_urlsafe(16))

#: A guesser needs more than a hundred million tries for this much (zxcvbn: "safely unguessable").
_LEAST_SCORE = 3
_MOST_SCORED = 72  # Beyond, zxcvbn takes long; so much alone is enough.

#: Words that are tried first here, beside those of English that zxcvbn knows.
_OUR_WORDS = (
    "matkhau", "baocao", "vietnam", "hanoi", "saigon", "chinhphu", "ubnd", "anhyeuem", "iloveyou",
    "hethong", "quantri", "administrator", "government", "reporting", "xinchao", "conyeu",
)  # fmt: skip

#: Signs that are not mixed up when they are read out or copied from paper.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Tried:
    """Whether a password was right; and how it is to be kept from now on, where that changed."""

    is_right: bool
    new_hash: str = ""


def keep(password: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(_composed(password))


def try_password(kept: str | None, password: str) -> Tried:
    """Whether a password is the one that was kept; None is tried against nobody's, in vain."""
    composed = _composed(password)
    if len(composed) > LONGEST:
        composed = ""  # It cannot be right; the time it takes says nothing.
    try:
        _HASHER.verify(kept or _NOBODYS, composed)
    except (VerificationError, InvalidHashError):
        return Tried(is_right=False)
    if kept is None:
        return Tried(is_right=False)
    is_old = _HASHER.check_needs_rehash(kept)
    return Tried(is_right=True, new_hash=_HASHER.hash(composed) if is_old else "")


def require_good(password: str, *, login: str, name: str) -> None:
    """Raises Conflict with what is wrong with a password that someone chose."""
    composed = _composed(password)
    if not SHORTEST <= len(composed) <= LONGEST:
        raise Conflict(
            vi=f"Mật khẩu phải có từ {SHORTEST} đến {LONGEST} ký tự.",
            en=f"A password has {SHORTEST} to {LONGEST} characters.",
        )
    if any(sign in composed for sign in "\x00\r\n"):
        raise Conflict(vi="Mật khẩu phải nằm trên một dòng.", en="A password stands on one line.")
    plain = _plain(composed)
    if any(len(word) > 2 and word in plain for word in (_plain(login), _plain(name))):
        raise Conflict(
            vi="Mật khẩu không được chứa tên đăng nhập hoặc họ tên.",
            en="A password must contain neither the login nor the name.",
        )
    if _is_common(composed, [login, *name.split()]):
        raise Conflict(
            vi="Mật khẩu này quá dễ đoán. Hãy dùng vài từ không liên quan đến nhau.",
            en="This password is too easily guessed. Take a few words that do not belong together.",
        )


def one_time_password() -> str:
    """A password that is shown once and must be changed: 79 random bits, easily read out."""
    signs = [secrets.choice(_READABLE) for _ in range(16)]
    return "-".join("".join(signs[at : at + 4]) for at in range(0, 16, 4))


def _is_common(password: str, own_words: Sequence[str]) -> bool:
    """Whether a guesser who knows words, names, dates and keyboards finds it soon."""
    words = [_plain(word) for word in own_words if word] + list(_OUR_WORDS)
    spelt = {password[:_MOST_SCORED], _plain(password)[:_MOST_SCORED]} - {""}
    return any(zxcvbn(text, user_inputs=words)["score"] < _LEAST_SCORE for text in spelt)


def _plain(text: str) -> str:
    """A text as it is typed without marks: `Nguyễn Đạt` is `nguyendat`."""
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign) and sign != " ")


def _composed(password: str) -> str:
    # Half a character comes from no keyboard, and cannot be hashed.
    return unicodedata.normalize("NFC", password.encode("utf-8", "replace").decode())
