"""The ground that the other tests stand on: the rolled-back session, and missing programs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import programs


@pytest.mark.xdist_group("rollback")
@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_test_commits_is_gone_for_the_next(session: Session, turn: str) -> None:
    """A committed change does not outlive its test, on either database."""
    version = session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version not in {"first", "second"}
    session.execute(sa.text("UPDATE alembic_version SET version_num = :turn"), {"turn": turn})
    session.commit()
    session.rollback()
    changed = session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
    assert changed == turn


def test_a_missing_program_skips_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a laptop the reason for the skip names the package."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match="libreoffice-calc"):
        programs.needs_program("soffice")


def test_a_missing_program_fails_in_continuous_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI=true nothing is skipped in silence."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match="poppler-utils"):
        programs.needs_program("pdftoppm")
