"""Old editions are made again from their evidence, to the byte, whatever has become of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from reporting.db import make_engine, make_session_factory, migrate
from reporting.errors import NotFound
from reporting.models import Edition, ReportingUnit, Submission, UnitKind
from reporting.models.base import Base
from reporting.services.key_mapping import map_key
from reporting.services.rebuilding import Rebuilt, rebuild_editions
from tests.builders import GOOD_CELLS, IN_Q3, SYSTEM, a_return, a_unit, shipped_forms
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    RETURN,
    Country,
    a_country,
    edition_of,
    report,
    settle,
)
from tests.reporting.services.receiving import counted_statements, send

LATER = IN_Q3 + timedelta(hours=1)


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def rebuilt(session: Session, catalogue: Catalogue | None = None) -> list[Rebuilt]:
    """Every edition, made again."""
    known = catalogue or shipped_forms()
    return list(rebuild_editions(session, actor=SYSTEM, catalogue=known))


def a_history(session: Session, country: Country) -> list[Edition]:
    """Editions of a province, before and after an amendment, and two of the country."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    first = edition_of(session, h55)
    report(session, "X05501", 2, at=LATER)
    report(session, "X05502", 3, at=LATER, field="Việc lạ")
    second = edition_of(session, h55, at=LATER)
    third = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER, with_estimates=True)
    sent = a_return("H01", form="II.06c/VPCP/KSTT")
    sent["tables"]["a"]["rows"][0]["section"] = "tinh"
    assert send(session, sent, at=LATER).verdict == "received"
    fourth = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER, with_estimates=True)
    return [first, second, third, fourth]


def test_every_edition_is_made_again_to_the_byte(session: Session, country: Country) -> None:
    """The same hash for all, read from evidence where they were made from packed cells."""
    made = a_history(session, country)
    found = rebuilt(session)
    assert [(one.sha256, one.faults) for one in found] == [(one.sha256, ()) for one in made]
    assert len({one.sha256 for one in made}) == 4


def test_what_comes_later_changes_no_old_edition(session: Session, country: Country) -> None:
    """Amendments, returns, mappings, renames and newer editions leave the old ones as they were."""
    made = [one.sha256 for one in a_history(session, country)]
    number = report(session, "X05501", 9, at=LATER)
    settle(session, RETURN, number, at=LATER)
    map_key(
        session,
        actor=SYSTEM,
        catalogue=shipped_forms(),
        code_list="linh_vuc",
        text="Việc lạ",
        code="dat_dai",
        reason="là đất đai",
        now=LATER,
    )
    session.execute(update(ReportingUnit).values(name_vi="Tên mới", name_en="A new name"))
    session.flush()
    newest = edition_of(session, country.provinces["H55"], at=LATER)
    assert newest.sha256 not in made
    found = rebuilt(session)
    assert [one.sha256 for one in found] == [*made, newest.sha256]
    assert [one.faults for one in found] == [()] * 5


def test_an_edition_is_made_again_without_the_files_of_its_forms(
    session: Session, country: Country
) -> None:
    """A declaration that was taken away is read from what was published; so is a list."""
    made = a_history(session, country)
    known = shipped_forms()
    none: tuple[FormVersion, ...] = ()
    found = rebuilt(session, replace(known, forms=none, lists={}))
    assert [(one.sha256, one.faults) for one in found] == [(one.sha256, ()) for one in made]


def test_one_changed_byte_of_an_input_or_an_edition_is_found(
    session: Session, country: Country
) -> None:
    """Whoever changes evidence in the store is told of by the edition it went into."""
    first, second, third, fourth = a_history(session, country)
    kept = second.canonical
    second.canonical = kept.replace(b'"c4":"', b'"c4":"1', 1)
    number = session.scalars(select(func.min(Submission.id))).one()
    session.execute(
        update(Submission).where(Submission.id == number).values(canonical=b'{"tables":{}}')
    )
    session.flush()
    faults = {one.edition_id: one.faults for one in rebuilt(session)}
    assert "X05501 is not the one that went in" in faults[first.id][0]
    assert "do not have its hash" in faults[second.id][0]
    assert faults[fourth.id] == () or third.id in faults


def test_an_edition_of_before_bases_were_kept_says_so(session: Session, country: Country) -> None:
    """It is not passed over as if it had been made again."""
    edition = edition_of(session, country.provinces["H55"])
    edition.basis = None
    session.flush()
    assert "before its basis was kept" in rebuilt(session)[0].faults[0]


def test_there_is_no_such_edition(session: Session) -> None:
    """A number that nobody has is an error in words."""
    with pytest.raises(NotFound, match="There is no edition 7"):
        list(rebuild_editions(session, actor=SYSTEM, catalogue=shipped_forms(), edition_id=7))


@pytest.fixture
def sqlite_copy(tmp_path: Path) -> Iterator[Engine]:
    """A migrated SQLite store without rows."""
    engine = make_engine(f"sqlite:///{tmp_path / 'copy.sqlite3'}")
    migrate(engine)
    yield engine
    engine.dispose()


def test_editions_carried_to_another_database_are_the_same_there(
    session: Session, country: Country, sqlite_copy: Engine
) -> None:
    """Rows copied as they are into a store of its own, from either kind of database."""
    made = a_history(session, country)
    session.flush()
    with sqlite_copy.begin() as other:
        other.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in session.execute(select(table)).mappings()]
            if rows:
                other.execute(insert(table), rows)
    with make_session_factory(sqlite_copy, reading=True)() as there:
        found = rebuilt(there)
    assert [(one.sha256, one.faults) for one in found] == [(one.sha256, ()) for one in made]


def test_the_same_reports_make_the_same_editions_on_both_databases(
    empty_database_url: str, sqlite_copy: Engine
) -> None:
    """Ids differ from store to store; hashes of figures, basis and inputs do not."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    found = []
    for each in (engine, sqlite_copy):
        sessions: sessionmaker[Session] = make_session_factory(each)
        with sessions.begin() as session:
            if each is engine:
                a_unit(session, "Z1", kind=UnitKind.DEPARTMENT)  # moves every id on by one
            made = a_history(session, a_country(session))
            found.append([(one.sha256, one.input_sha256) for one in made])
    engine.dispose()
    assert found[0] == found[1]


def test_rebuilding_takes_as_many_statements_for_five_reports_as_for_one(
    session: Session, country: Country, engine: Engine
) -> None:
    """A few statements an edition, however many went in."""
    h01 = country.provinces["H01"]
    report(session, "X00101")
    first = edition_of(session, h01)
    for code in ("X00102", "X00103"):
        send(session, a_return(code, rows=dict.fromkeys(["Đất đai", "Hộ tịch"], GOOD_CELLS)))
    second = edition_of(session, h01)
    counts = []
    for edition in (first, second):
        number = edition.id
        with counted_statements(engine) as statements:
            [one] = rebuild_editions(
                session, actor=SYSTEM, catalogue=shipped_forms(), edition_id=number
            )
        assert one.faults == ()
        counts.append(len(statements))
    assert counts[0] == counts[1]
