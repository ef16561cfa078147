"""A row under a name that no list has: received, told, mapped once, never silently merged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound
from reporting.models import Edition, ReportingUnit
from reporting.services.actors import of_unit
from reporting.services.consolidation import consolidate
from reporting.services.key_mapping import map_key, mapped_keys
from tests.builders import (
    GOOD_CELLS,
    IN_Q3,
    Q3,
    SYSTEM,
    a_province,
    a_return,
    a_unit,
    an_open_period,
    shipped_forms,
)
from tests.reporting.services.receiving import send
from tests.reporting.services.test_consolidation import table_of

ODD = "Đất đai, nhà ở nông thôn"


@pytest.fixture
def province(session: Session) -> ReportingUnit:
    """A province; one commune calls the field as the list does, the other otherwise."""
    unit = a_province(session)
    for code in ("X1", "X2"):
        a_unit(session, code, parent=unit)
    an_open_period(session)
    send(session, a_return("X1", rows={"Đất đai": GOOD_CELLS}))
    send(session, a_return("X2", rows={ODD: GOOD_CELLS}))
    return unit


def _edition(session: Session, unit: ReportingUnit, hours: int) -> Edition:
    at = IN_Q3 + timedelta(hours=hours)
    return consolidate(
        session,
        actor=SYSTEM,
        form=shipped_forms().latest("II.06c/VPCP/KSTT"),
        period=Q3,
        unit=unit,
        catalogue=shipped_forms(),
        clock=lambda: at,
    ).edition


def _map(session: Session, text: str, code: str, hours: int = 1, **more: Any) -> None:
    asked: dict[str, Any] = {"actor": SYSTEM, "code_list": "linh_vuc", "reason": "x"} | more
    at = IN_Q3 + timedelta(hours=hours)
    map_key(session, catalogue=shipped_forms(), text=text, code=code, now=at, **asked)


def _rows(edition: Edition) -> dict[str, str]:
    return {row["label"]: row["cells"]["c4"] for row in table_of(edition)["rows"]}


def test_it_is_apart_until_it_is_mapped(session: Session, province: ReportingUnit) -> None:
    """Told beside the edition by its name; mapped, it is summed; apart again, it is as before."""
    first = _edition(session, province, 0)
    assert _rows(first) == {"Đất đai": "120", ODD: "120"}
    told = [issue for issue in first.issues if issue["code"] == "key_not_in_list"]
    assert [issue["given"] for issue in told] == [ODD]
    _map(session, ODD, "dat_dai")
    second = _edition(session, province, 2)
    assert second.number == 2
    assert _rows(second) == {"Đất đai": "240"}
    assert not [issue for issue in second.issues if issue["code"] == "key_not_in_list"]
    _map(session, ODD, "", hours=3)
    third = _edition(session, province, 4)
    assert (third.number, third.sha256) == (3, first.sha256)


def test_an_edition_reads_the_mappings_of_its_cut_off(session: Session) -> None:
    """What is said later does not change what was true then."""
    _map(session, ODD, "dat_dai", hours=2)
    key = "đất đai, nhà ở nông thôn"
    assert mapped_keys(session, "linh_vuc", until=IN_Q3 + timedelta(hours=1)) == {}
    later = mapped_keys(session, "linh_vuc", until=IN_Q3 + timedelta(hours=2))
    assert list(later.values()) == ["dat_dai"]
    assert key.split(",", maxsplit=1)[0] in next(iter(later))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": of_unit("t", 1)}, NotAllowed),
        ({"code_list": "khong_co"}, NotFound),
        ({"code": "khong_co"}, NotFound),
        ({"text": "ĐẤT  ĐAI"}, Conflict),
        ({"text": "  "}, Conflict),
    ],
)
def test_a_mapping_must_make_sense(
    session: Session, change: dict[str, Any], refusal: type[Exception]
) -> None:
    """By the centre, from a text that is not in a list to a code that is."""
    asked = {"text": ODD, "code": "dat_dai"} | change
    with pytest.raises(refusal):
        _map(session, **asked)
