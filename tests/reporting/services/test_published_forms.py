"""A version that was asked stays what it was: at the next opening, and at the next start."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.faults import BadDeclaration
from reporting.db import make_engine, make_session_factory, migrate
from reporting.errors import Conflict
from reporting.models import PublishedForm
from reporting.services.published_forms import keep_declaration, refuse_changed_declarations
from tests.builders import IN_Q3, LEAF_FORM, shipped_forms


def test_the_declaration_is_kept_to_the_byte(session: Session) -> None:
    """What was asked can be read again when the file is gone; keeping it twice is once."""
    form = shipped_forms().latest(LEAF_FORM)
    for _ in range(2):
        keep_declaration(session, form=form, now=IN_Q3)
    kept = session.scalars(select(PublishedForm)).one()
    assert (kept.checksum, kept.declaration[:5]) == (form.checksum, "form:")


def test_a_version_in_use_is_not_asked_under_another_content(session: Session) -> None:
    """A period does not open for a version that says something else now."""
    form = shipped_forms().latest(LEAF_FORM)
    keep_declaration(session, form=form, now=IN_Q3)
    with pytest.raises(Conflict):
        keep_declaration(session, form=replace(form, checksum="0" * 64), now=IN_Q3)


def test_a_program_does_not_start_on_a_changed_version(empty_database_url: str) -> None:
    """The file and the version are named; an empty store has nothing in use."""
    engine = make_engine(empty_database_url)
    known = shipped_forms()
    refuse_changed_declarations(engine, known)
    migrate(engine)
    form = known.latest(LEAF_FORM)
    with make_session_factory(engine).begin() as session:
        keep_declaration(session, form=form, now=IN_Q3)
    refuse_changed_declarations(engine, known)
    changed = Catalogue((replace(form, checksum="0" * 64),), known.regimes, known.lists)
    with pytest.raises(BadDeclaration, match="another content"):
        refuse_changed_declarations(engine, changed)
    engine.dispose()
