"""An edition that replaces one that was handed over says so by itself, and says it alike again."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reporting.models import AuditLine, Edition, ReportingUnit
from reporting.services.errata import HANDED_OVER
from reporting.services.handing_over import hand_over, is_whole
from tests.builders import IN_Q3, SYSTEM, shipped_forms
from tests.reporting.services.countries import (
    NATIONAL_FORM,
    Country,
    a_country,
    edition_of,
    report,
)
from tests.reporting.services.test_lineage import own_report
from tests.reporting.workbooks.editions import lines, read_back

HOURS = [IN_Q3 + timedelta(hours=number) for number in range(9)]


@pytest.fixture
def country(session: Session) -> Country:
    """A centre, two provinces, five communes."""
    return a_country(session)


def handed(session: Session, edition: Edition, folder: Path, at: datetime = HOURS[8]) -> Path:
    """The folder of an edition."""
    return hand_over(
        session, actor=SYSTEM, edition_id=edition.id, catalogue=shipped_forms(), folder=folder,
        now=at,
    )  # fmt: skip


def manifest(place: Path) -> dict[str, Any]:
    """What the manifest says."""
    said: dict[str, Any] = json.loads((place / "manifest.json").read_text())
    return said


def contents(place: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def test_an_edition_handed_over_anew_says_what_it_corrects(
    session: Session, country: Country, tmp_path: Path
) -> None:
    """Manifest, erratum, workbook of changes, and the consolidated workbook's own words."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    first = handed(session, edition_of(session, h55), tmp_path)
    assert "replaces" not in manifest(first)
    report(session, "X05501", 2, at=HOURS[1])
    edition_of(session, h55, at=HOURS[1])  # Was never handed over.
    report(session, "X05502", 2, at=HOURS[2])
    third = edition_of(session, h55, at=HOURS[2])
    second = handed(session, third, tmp_path)
    said = manifest(second)
    assert said["replaces"]["edition"] == 1
    assert said["replaces"]["folder"] == first.name
    assert said["replaces"]["edition_sha256"] == manifest(first)["edition_sha256"]
    assert said["erratum"]["vi"].startswith("Đính chính số 1: bản tổng hợp số 3")
    assert "sửa đổi báo cáo (1 đơn vị), báo cáo đến sau (1 đơn vị)" in said["erratum"]["vi"]
    assert "amended (1 units), came since (1 units)" in said["erratum"]["en"]
    files = contents(second)
    erratum = json.loads(files["erratum.json"])
    total = next(one for one in erratum["cells"] if one["cell"] == "a/total/c4")
    assert (total["old"], total["new"], total["delta"]) == ("120", "480", "360")
    changes = read_back(files["II.06c-VPCP-KSTT_H55_2026-Q3_1-3_thay-doi.xlsx"])
    assert any(said["erratum"]["vi"] in row for row in lines(changes["Tóm tắt"]))
    own = read_back(files["II.06c-VPCP-KSTT_H55_2026-Q3_3.xlsx"])
    assert any("Đính chính số 1" in str(row[0]) for row in lines(own["II.06c"]) if row)
    assert is_whole(second)


def test_the_same_bytes_when_it_is_asked_again(
    session: Session, country: Country, tmp_path: Path
) -> None:
    """Also when a later edition has been handed over meanwhile, and the folder is gone."""
    h55 = country.provinces["H55"]
    places = []
    for number in range(3):
        report(session, "X05501", number + 1, at=HOURS[number])
        edition = edition_of(session, h55, at=HOURS[number])
        places.append((edition, handed(session, edition, tmp_path)))
    edition, place = places[1]
    before = contents(place)
    shutil.rmtree(place)
    assert contents(handed(session, edition, tmp_path)) == before
    numbers = [manifest(place).get("erratum", {}).get("number") for _, place in places]
    assert numbers == [None, 1, 2]


def test_the_same_figures_are_no_erratum(
    session: Session, country: Country, tmp_path: Path
) -> None:
    """Something else decided the edition, and its bytes are the same."""
    own_report(session, "H55", 1)
    first = edition_of(session, country.centre, form=NATIONAL_FORM, at=HOURS[1])
    handed(session, first, tmp_path)
    session.execute(update(Edition).values(input_sha256="0" * 64))
    session.expire_all()
    second = edition_of(session, country.centre, form=NATIONAL_FORM, at=HOURS[2])
    assert (second.number, second.sha256) == (2, first.sha256)
    assert "replaces" not in manifest(handed(session, second, tmp_path))
    session.execute(
        update(ReportingUnit).where(ReportingUnit.code == "H55").values(name_vi="Tỉnh Mới")
    )
    session.expire_all()
    third = edition_of(session, country.centre, form=NATIONAL_FORM, at=HOURS[3])
    said = manifest(handed(session, third, tmp_path))
    assert said["erratum"]["number"] == 1
    assert "0 ô thay đổi" in said["erratum"]["vi"]


def test_a_death_before_the_commit_keeps_no_erratum_back(
    session: Session, country: Country, tmp_path: Path
) -> None:
    """The folder is there and nothing says so: handed over again it is noted, and corrected."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    first = edition_of(session, h55)
    with session.begin_nested() as dying:
        place = handed(session, first, tmp_path)
        dying.rollback()
    before = place.stat().st_ino
    assert handed(session, first, tmp_path).stat().st_ino == before
    report(session, "X05501", 2, at=HOURS[1])
    second = handed(session, edition_of(session, h55, at=HOURS[1]), tmp_path)
    assert manifest(second)["replaces"]["folder"] == place.name
    handed(session, first, tmp_path)
    lines = select(AuditLine).where(AuditLine.act == HANDED_OVER)
    assert len(session.scalars(lines).all()) == 2


def test_an_edition_of_before_bases_is_replaced_in_words_alone(
    session: Session, country: Country, tmp_path: Path
) -> None:
    """It cannot be taken apart, and the manifest says which it was all the same."""
    h55 = country.provinces["H55"]
    report(session, "X05501", 1)
    first = edition_of(session, h55)
    handed(session, first, tmp_path)
    first.basis = None
    session.flush()
    report(session, "X05501", 2, at=HOURS[1])
    place = handed(session, edition_of(session, h55, at=HOURS[1]), tmp_path)
    assert manifest(place)["replaces"]["edition"] == 1
    assert "erratum.json" not in contents(place)
