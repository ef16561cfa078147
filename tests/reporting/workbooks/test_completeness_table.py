"""Who has reported, unit by form."""

from __future__ import annotations

from forms.period import Period
from reporting.workbooks.completeness_table import Standing, UnitStanding, write_completeness
from tests.reporting.workbooks.editions import CUT_OFF, lines, read_back

PERIOD = Period.parse("2026-Q3")
FORMS = ("II.06c/VPCP/KSTT", "IV.01/VPCP/KSTT")
UNITS = (
    UnitStanding("H26", "Thành phố Hà Nội", dict.fromkeys(FORMS, Standing.ON_TIME)),
    UnitStanding("H29", "=1+1", {FORMS[0]: Standing.LATE, FORMS[1]: Standing.MISSING}),
    UnitStanding("G22", "Văn phòng Chính phủ", {FORMS[1]: Standing.RETURNED}),
)


def written(units: tuple[UnitStanding, ...] = UNITS) -> bytes:
    """The workbook of three units and two forms."""
    return write_completeness(
        units,
        forms=FORMS,
        agency="Văn phòng Chính phủ",
        period=PERIOD,
        window=PERIOD.window(),
        at=CUT_OFF,
    )


def test_every_unit_stands_with_every_form() -> None:
    """One line a unit, one column a form, in words; what is not owed is a dash."""
    read = lines(read_back(written(), values=True)["Tiến độ báo cáo"])
    assert read[1] == ["TIẾN ĐỘ BÁO CÁO QUÝ III NĂM 2026"]
    assert read[3] == ["Tính đến 17:05 ngày 22/9/2026"]
    assert read[5:9] == [
        ["STT", "Mã đơn vị", "Đơn vị", *FORMS],
        [1, "H26", "Thành phố Hà Nội", "Đúng hạn", "Đúng hạn"],
        [2, "H29", "=1+1", "Quá hạn", "Chưa gửi"],
        [3, "G22", "Văn phòng Chính phủ", "-", "Trả lại"],
    ]


def test_the_counts_are_live_and_right() -> None:
    """Owed, received, late, missing and returned, form by form."""
    read = lines(read_back(written(), values=True)["Tiến độ báo cáo"])
    counts = {str(row[0]).strip(): row[3:] for row in read[9:]}
    assert counts == {
        "Phải gửi": [2, 3],
        "Đã nhận": [2, 1],
        "trong đó quá hạn": [1, 0],
        "Chưa gửi": [0, 1],
        "Trả lại, chưa gửi lại": [0, 1],
    }
    sheet = read_back(written())["Tiến độ báo cáo"]
    assert sheet["D11"].value == '=COUNTIF(D7:D9,"Đúng hạn")+COUNTIF(D7:D9,"Quá hạn")'
    assert sheet["C8"].data_type == "s"


def test_nobody_who_owes_is_an_answer_too() -> None:
    """A period without obligations gives a sheet of zeros, and no formula over nothing."""
    sheet = read_back(written(()))["Tiến độ báo cáo"]
    assert [cell.value for cell in sheet["D"][6:]] == [0, 0, 0, 0, 0]


def test_the_same_standings_give_the_same_bytes() -> None:
    """Two exports of one instant can be compared."""
    assert written() == written()
