"""Passwords: which are taken, how they are kept, and that one text is one password."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher

from reporting.errors import Conflict
from reporting.services.passwords import (
    LONGEST,
    Tried,
    keep,
    one_time_password,
    require_good,
    try_password,
)

GOOD = "mưa rào tháng sáu"


@pytest.mark.parametrize(
    "password",
    ["", "ngắn quá", "x" * 11, "kx7mqf9pwt2zhe4" * 9, "password1234", "123456789012",
     "qwertyuiop12", "Mật khẩu 123456", "matkhau@2026", "aaaaaaaaaaaaaaaa", "hai dòng\nmột trang",
     "con mèo tranthilan", "TRẦN THỊ LAN ở Hà Nội", "lan.tran vẽ con voi", "ạ" * 12],
)  # fmt: skip
def test_a_password_that_is_soon_guessed_is_refused(password: str) -> None:
    """Too short, too long, common here or anywhere, or with one's own name in it."""
    with pytest.raises(Conflict):
        require_good(password, login="lan.tran", name="Trần Thị Lan")


@pytest.mark.parametrize("password", [GOOD, "xe đạp tím bay qua cầu", "kx7m-9fqp-2wte"])
def test_a_password_may_be_any_text_that_is_not_soon_guessed(password: str) -> None:
    """No digit and no sign is asked for; blanks and marks of Vietnamese count."""
    require_good(password, login="lan", name="Trần Thị Lan")


def test_the_longest_password_is_taken() -> None:
    """128 characters are good, and are told apart at the last one."""
    long = (GOOD * 9)[:LONGEST]
    require_good(long, login="lan", name="Trần Thị Lan")
    kept = keep(long)
    assert try_password(kept, long).is_right
    assert not try_password(kept, long[:-1]).is_right
    assert not try_password(kept, long + "x").is_right


def test_one_vietnamese_text_is_one_password() -> None:
    """Typed on a Mac, where marks stand apart, it is still the one that was chosen."""
    decomposed = unicodedata.normalize("NFD", GOOD)
    assert decomposed != GOOD
    assert try_password(keep(GOOD), decomposed).is_right
    assert try_password(keep(decomposed), GOOD).is_right
    require_good("ệ" * 3 + " ba con voi", login="lan", name="A")
    with pytest.raises(Conflict):
        require_good(unicodedata.normalize("NFD", "ệ" * 11), login="lan", name="A")


def test_it_is_kept_as_argon2id_and_never_as_it_is() -> None:
    """The same password is kept differently each time, and cannot be read from it."""
    first, second = keep(GOOD), keep(GOOD)
    assert first.startswith("$argon2id$")
    assert first != second
    assert GOOD not in first


def test_what_was_kept_under_older_parameters_is_kept_anew() -> None:
    """Whoever signs in after the parameters were raised is kept under the new ones."""
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    tried = try_password(old, GOOD)
    assert tried.is_right
    assert try_password(tried.new_hash, GOOD) == Tried(is_right=True)
    assert try_password(old, "falsch").new_hash == ""


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$broken"])
def test_against_nothing_no_password_is_right(kept: str | None) -> None:
    """Neither an unknown account nor a broken row lets anyone in."""
    for password in ("", GOOD, "\ud800", "a\x00b"):
        assert not try_password(kept, password).is_right


def test_a_first_password_is_good_and_never_the_same() -> None:
    """What is made for someone passes our own rule, and can be read out."""
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        require_good(password, login="lan", name="Trần Thị Lan")
        assert not set(password) & set("0O1lI")
