"""Laws of consolidation, for whatever figures communes send: by hypothesis, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from reporting.services.rebuilding import rebuild_editions
from tests.builders import (
    GOOD_CELLS,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.countries import (
    COMMUNES,
    NATIONAL_FORM,
    RETURN,
    a_country,
    cells,
    edition_of,
    report,
    settle,
    total,
)
from tests.reporting.services.receiving import send

ALL = [commune for below in COMMUNES.values() for commune in below]
FIELDS = ["Đất đai", "Hộ tịch", "Chứng thực", "Một việc lạ"]
#: What each commune says by field: so many times the same good row.
SAID = st.dictionaries(
    st.sampled_from(ALL),
    st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 10**6), min_size=1),
    min_size=1,
)


@contextmanager
def a_store(engine: Engine) -> Iterator[Session]:
    """A session whose doings are taken back: hypothesis runs a test many times."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


def said_by(session: Session, said: Mapping[str, Mapping[str, int]]) -> None:
    """Every commune sends what it has to say."""
    for commune, rows in said.items():
        sent = a_return(commune, rows={field: cells(times) for field, times in rows.items()})
        assert send(session, sent).verdict == "received"


@settings(max_examples=12)
@given(said=SAID)
def test_children_and_then_parents_is_the_same_as_the_leaves_at_once(
    engine: Engine, said: dict[str, dict[str, int]]
) -> None:
    """The country through its provinces has the total of one province that has all the communes."""
    expected = GOOD_CELLS["c4"] * sum(sum(rows.values()) for rows in said.values())
    with a_store(engine) as session:
        country = a_country(session)
        said_by(session, said)
        for province in country.provinces.values():
            edition_of(session, province)
        whole = edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
        through = {column: total(whole, column) for column in ("c3", "c4", "c7", "c11")}
    with a_store(engine) as session:
        alone = a_province(session)
        for commune in ALL:
            a_unit(session, commune, parent=alone)
        an_open_period(session)
        said_by(session, said)
        once = edition_of(session, alone)
        at_once = {column: total(once, column) for column in ("c3", "c4", "c7", "c11")}
    assert through == at_once
    assert through["c4"] == str(expected)


@settings(max_examples=12)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["send", "return", "edition"]), st.sampled_from(ALL),
                  st.integers(0, 999)),
        max_size=10,
    )
)  # fmt: skip
def test_every_edition_of_whatever_history_is_made_again_to_the_byte(
    engine: Engine, acts: list[tuple[str, str, int]]
) -> None:
    """Reports come, are amended and returned; editions are made in between."""
    with a_store(engine) as session:
        country = a_country(session)
        sent: dict[str, int] = {}
        made = []
        for act, commune, times in acts:
            province = country.provinces["H01" if commune in COMMUNES["H01"] else "H55"]
            if act == "send":
                sent[commune] = report(session, commune, times)
            elif act == "return" and commune in sent:
                settle(session, RETURN, sent.pop(commune))
            elif act == "edition":
                made.append(edition_of(session, province))
        made.append(edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True))
        kept = {edition.id: edition.sha256 for edition in made}
        found = list(rebuild_editions(session, actor=SYSTEM, catalogue=shipped_forms()))
        assert {one.edition_id: one.sha256 for one in found} == kept
        assert [one.faults for one in found] == [()] * len(kept)
