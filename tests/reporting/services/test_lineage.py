"""From a consolidated cell down to the cells that people filled, and by how much reports differ."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from forms.opening_xlsx import USUAL_LIMITS
from forms.returns import State
from reporting.errors import Conflict, NotFound
from reporting.models import Door, Edition, UnitKind
from reporting.services.actors import Act, Actor, Grant, of_unit
from reporting.services.deliveries import read_return
from reporting.services.key_mapping import map_key
from reporting.services.lineage import lineage_of
from reporting.services.lineage_levels import Level
from reporting.services.refusing import Delivery
from reporting.services.submissions import receive
from reporting.services.taking_apart import entered_editions, take_apart
from reporting.services.templates import make_template
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    LEAF_FORM,
    SIGNER,
    SYSTEM,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.filling import fill_template
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    PROVINCE_FORM,
    Country,
    a_country,
    cells,
    edition_of,
    report,
)
from tests.reporting.services.receiving import counted_statements, send

LATER = IN_Q3 + timedelta(hours=1)


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def lineage(session: Session, edition: Edition, cell: str, **more: int) -> Level:
    """The lineage of a cell, by whoever may see all."""
    return lineage_of(
        session,
        actor=SYSTEM,
        catalogue=shipped_forms(),
        edition_id=edition.id,
        cell=cell,
        **more,
    )


def own_report(session: Session, unit: str, times: int) -> int:
    """Send II.06c of a province, with one field in its section of communes."""
    sent = a_return(unit, form=PROVINCE_FORM, rows={"Đất đai": cells(times)})
    sent["tables"]["a"]["rows"][0]["section"] = "xa"
    receipt = send(session, sent, at=LATER)
    assert receipt.verdict == "received", receipt
    return receipt.submission_id


def parts(level: Level) -> list[tuple[str, str, str]]:
    """Unit, cell and value of each part of the first sum."""
    return [(one.unit_code, one.cell, one.value) for one in level.additions[0].parts]


def test_a_cell_of_a_province_is_the_cells_of_its_communes(
    session: Session, country: Country
) -> None:
    """With revision, hash, receipt, and where it stands in the file that was sent."""
    number = report(session, "X05501", 1)
    report(session, "X05502", 2)
    level = lineage(session, edition_of(session, country.provinces["H55"]), "a/xa:dat_dai/c4")
    assert (level.value, level.row_label) == ("360", level.row_label)
    assert "Đất đai" in level.row_label
    assert parts(level) == [("X05501", "a/dat_dai/c4", "120"), ("X05502", "a/dat_dai/c4", "240")]
    first = level.additions[0].parts[0]
    assert first.sent is not None
    assert (first.sent.submission_id, first.sent.revision) == (number, 1)
    assert first.sent.number.endswith(f"-{number:06d}")
    assert first.place == "/tables/a/rows/0/cells/c4"
    assert (first.below, first.difference) == (None, "")


def test_what_the_sender_left_to_be_worked_out_has_no_place(
    session: Session, country: Country
) -> None:
    """c3 was not sent; the total of the province is the total of the commune."""
    report(session, "X05501", 1)
    edition = edition_of(session, country.provinces["H55"])
    (part,) = lineage(session, edition, "a/xa:dat_dai/c3").additions[0].parts
    assert (part.value, part.place) == ("143", "")
    (part,) = lineage(session, edition, "a/total/c3").additions[0].parts
    assert (part.value, part.cell) == ("143", "a/dat_dai/c3")


def test_rows_under_another_name_are_parts_under_their_own(
    session: Session, country: Country
) -> None:
    """Two rows of one report that are mapped to one entry are two parts of it."""
    map_key(
        session, actor=SYSTEM, catalogue=shipped_forms(), code_list="linh_vuc", text="Nhà đất",
        code="dat_dai", reason="cùng lĩnh vực", now=IN_Q3,
    )  # fmt: skip
    sent = a_return("X05501", rows={"Đất đai": cells(1), "Nhà  đất": cells(2)})
    send(session, sent)
    level = lineage(session, edition_of(session, country.provinces["H55"]), "a/xa:dat_dai/c4")
    assert parts(level) == [
        ("X05501", "a/dat_dai/c4", "120"),
        ("X05501", "a/nhà đất/c4", "240"),
    ]
    assert [one.place for one in level.additions[0].parts] == [
        "/tables/a/rows/0/cells/c4",
        "/tables/a/rows/1/cells/c4",
    ]


def test_the_cell_of_a_workbook_is_named(session: Session, country: Country) -> None:
    """The very cell of the sheet that someone filled, in a file that is read again."""
    template = make_template(
        session, actor=SYSTEM, form_code=LEAF_FORM, unit_code="X05501", period_code="2026-Q3",
        catalogue=shipped_forms(), made_at=IN_Q3,
    )  # fmt: skip
    body = fill_template(template.content, {"Đất đai": GOOD_CELLS})
    raw = read_return(body, is_workbook=True, limits=USUAL_LIMITS)
    delivery = Delivery(raw, body, "thang 9.xlsx", Door.PAGE, IN_Q3)
    receipt = receive(
        session, actor=SYSTEM, delivery=delivery, catalogue=shipped_forms(),
        clock=lambda: IN_Q3, signer=SIGNER,
    )  # fmt: skip
    assert receipt.verdict == "received"
    edition = edition_of(session, country.provinces["H55"])
    (part,) = lineage(session, edition, "a/xa:dat_dai/c4").additions[0].parts
    assert part.place == raw.tables["a"].rows[0].places["c4"]
    assert part.sent is not None
    assert part.sent.file_name == "thang 9.xlsx"
    assert lineage(session, edition, "a/xa:dat_dai/c4", files=0).additions[0].parts[0].place is None


def test_from_the_country_down_to_the_communes_with_what_a_province_typed_otherwise(
    session: Session, country: Country
) -> None:
    """The province typed 5 times where its communes are 3 times: the difference is shown."""
    report(session, "X05501", 1)
    report(session, "X05502", 2)
    below = edition_of(session, country.provinces["H55"])
    number = own_report(session, "H55", 5)
    national = edition_of(session, country.centre, form=NATIONAL_FORM, at=LATER)
    level = lineage(session, national, "a/H55/c4")
    (part,) = level.additions[0].parts
    assert (part.unit_code, part.cell, part.value) == ("H55", "a/total/c4", "600")
    assert part.sent is not None
    assert part.sent.submission_id == number
    assert part.below is not None
    assert (part.below.edition_id, part.below.value) == (below.id, "360")
    assert part.difference == "240"
    assert parts(part.below) == [
        ("X05501", "a/dat_dai/c4", "120"),
        ("X05502", "a/dat_dai/c4", "240"),
    ]
    one = lineage(session, national, "a/H55/c4", levels=1)
    assert one.additions[0].parts[0].below is None


def test_an_edition_that_stands_in_is_a_part(session: Session, country: Country) -> None:
    """Before the province has sent: its edition, and the communes below that."""
    report(session, "X05501", 1)
    estimate = edition_of(session, country.provinces["H55"])
    national = edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
    level = lineage(session, national, "a/total/c4")
    (part,) = level.additions[0].parts
    assert (part.sent, part.estimate, part.value) == (None, estimate.id, "120")
    assert part.below is not None
    assert parts(part.below) == [("X05501", "a/dat_dai/c4", "120")]


def test_levels_with_too_many_reports_are_asked_for_by_themselves(
    session: Session, country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell that was asked for is always told; what is below it only up to a bound."""
    for unit in ("X05501", "X05502"):
        report(session, unit)
    edition_of(session, country.provinces["H55"])
    national = edition_of(session, country.centre, form=NATIONAL_FORM, with_estimates=True)
    monkeypatch.setattr("reporting.services.lineage._MOST_REPORTS", 2)
    (part,) = lineage(session, national, "a/total/c4").additions[0].parts
    assert (part.value, part.below) == ("240", None)


def test_who_may_not_read_a_report_sees_whose_it_is_and_its_value(
    session: Session, country: Country
) -> None:
    """The receiver of an edition sees what adds up to it; others see no edition at all."""
    report(session, "X05501", 1)
    edition = edition_of(session, country.provinces["H55"])
    h55 = country.provinces["H55"]
    of_the_table = Grant(
        acts=frozenset({Act.READ}), unit_id=h55.id, forms=frozenset({PROVINCE_FORM})
    )
    level = lineage_of(
        session, actor=Actor(name="c", grants=(of_the_table,)), catalogue=shipped_forms(),
        edition_id=edition.id, cell="a/total/c4",
    )  # fmt: skip
    (part,) = level.additions[0].parts
    assert (part.unit_code, part.value) == ("X05501", "120")
    assert (part.cell, part.sent, part.place, part.inside, part.below) == ("", None, None, (), None)
    for unit in (country.communes["X00101"], country.provinces["H01"]):
        with pytest.raises(NotFound):
            lineage_of(
                session, actor=of_unit("c", unit.id), catalogue=shipped_forms(),
                edition_id=edition.id, cell="a/total/c4",
            )  # fmt: skip


def test_a_cell_that_is_not_there_and_an_edition_of_before(
    session: Session, country: Country
) -> None:
    """Both are said in words."""
    report(session, "X05501", 1)
    edition = edition_of(session, country.provinces["H55"])
    with pytest.raises(NotFound, match="no cell"):
        lineage(session, edition, "a/xa:nothing/c4")
    assert lineage(session, edition, "a/xa:dat_dai/c4").value == "120"
    edition.basis = None
    session.flush()
    with pytest.raises(Conflict, match="before its basis"):
        lineage(session, edition, "a/xa:dat_dai/c4")


_FIELDS = st.sampled_from(["Đất đai", "Hộ tịch", "Việc lạ", "việc  LẠ khác"])
_COMMUNES = st.sampled_from(["X05501", "X05502"])


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sent=st.lists(st.tuples(_COMMUNES, _FIELDS, st.integers(0, 10**6)), max_size=6))
def test_parts_add_exactly_to_every_cell(
    session: Session, country: Country, sent: list[tuple[str, str, int]]
) -> None:
    """Whatever was sent and amended before, in an edition of the store as in theory."""
    with session.begin_nested() as savepoint:
        for unit, row, times in sent:
            report(session, unit, times, field=row)
        edition = edition_of(session, country.provinces["H55"])
        apart = take_apart(session, shipped_forms(), entered_editions(session, [edition.id]))[
            edition.id
        ]
        for table in apart.basis.form.tables:
            data = apart.report.tables[table.key]
            for path in (*(name.path for name in data.names), "total"):
                for column in table.figures:
                    found = apart.dissection.parts_of(f"{table.key}/{path}/{column.id}")
                    assert found is not None
                    if found.state is State.VALUE:
                        values = [Decimal(one.value) for one in found.sums[0].pieces]
                        assert sum(values) == found.value
        savepoint.rollback()


def test_lineage_takes_the_same_statements_for_one_report_and_for_many(
    session: Session, country: Country, engine: Engine
) -> None:
    """However many units are below."""
    above = a_unit(session, "H77", kind=UnitKind.PROVINCE, parent=country.centre)
    communes = [a_unit(session, f"X77{number:03d}", parent=above) for number in range(30)]
    an_open_period(session, units=communes)
    counts = []
    for upto in (1, 30):
        for unit in communes[:upto]:
            report(session, unit.code, 3)
        edition = edition_of(session, above)
        with counted_statements(engine) as statements:
            level = lineage(session, edition, "a/total/c4")
        assert len(level.additions[0].parts) == upto
        counts.append(len(statements))
    assert counts[0] == counts[1]
