"""The list of reporting regimes, published for everyone (Điều 30(3) Nghị định 09/2019/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response

from forms.regime import Regime
from reporting.http import Right, allows, attachment, current_parts
from reporting.services.regimes import list_regimes
from reporting.web.csv_files import CSV, csv_file
from reporting.web.rendering import KINDS, render
from reporting.web.visiting import greet_visitor

blp = Blueprint("regimes", __name__)

_PERIODS = {
    "D": "theo ngày", "M": "tháng", "Q1": "quý I", "Q2": "quý II", "Q3": "quý III", "Q4": "quý IV",
    "H1": "6 tháng", "9M": "9 tháng", "Y": "năm",
}  # fmt: skip
_HEADER = (
    "Mã", "Tên báo cáo", "Loại", "Nội dung", "Đối tượng báo cáo", "Cơ quan nhận", "Tần suất",
    "Hạn gửi", "Phương thức gửi", "Văn bản",
)  # fmt: skip


@blp.get("/regimes")
@allows(Right.ANYONE)
def show_regimes() -> str:
    """Every regime that may be published: who reports what to whom, how often, by what law."""
    greet_visitor()
    return render("regimes.html", regimes=_published(), rows_of=_rows_of)


@blp.get("/regimes.csv")
@allows(Right.ANYONE)
def download_regimes() -> Response:
    """The same list as a file. It is published: who takes it is not on the audit."""
    rows = [_row(regime) for regime in _published()]
    return attachment(csv_file(_HEADER, rows), "che-do-bao-cao.csv", CSV)


def _published() -> list[Regime]:
    parts = current_parts()
    with parts.reading_sessions() as session:
        return list_regimes(session, parts.catalogue)


def _row(regime: Regime) -> Sequence[str]:
    return (
        regime.code,
        regime.name,
        regime.kind.value,
        regime.about,
        regime.reporters,
        regime.receiver,
        _frequency(regime),
        _deadlines(regime),
        ", ".join(_METHODS.get(method, method) for method in regime.methods),
        _legal_text(regime),
    )


def _rows_of(regime: Regime) -> list[tuple[str, str]]:
    return list(zip(_HEADER[3:], _row(regime)[3:], strict=True))


def _legal_text(regime: Regime) -> str:
    """The article that a reader looks up, and the document in which it stands."""
    legal = regime.legal
    issued = f", {legal.issued_on:%d/%m/%Y}" if legal.issued_on else ""
    return f"{regime.source}; số {legal.number}, {legal.issuer}{issued}"


def _frequency(regime: Regime) -> str:
    if regime.occasions:
        return f"{len(regime.occasions)} lần"
    return ", ".join(_PERIODS.get(kind, kind) for kind in regime.periods)


def _deadlines(regime: Regime) -> str:
    if regime.occasions:
        return "; ".join(f"{one.due:%d/%m/%Y}" for one in regime.occasions)
    days: dict[tuple[int, int], list[str]] = {}
    for kind, name in KINDS.items():
        if kind in regime.due:
            due = regime.due[kind]
            days.setdefault((due.months_after, due.day), []).append(name)
    return "; ".join(
        f"ngày {day} {_MONTHS.get(after, f'của tháng thứ {after} sau kỳ')}: {', '.join(names)}"
        for (after, day), names in sorted(days.items())
    )


_MONTHS = {0: "tháng cuối kỳ", 1: "tháng sau kỳ"}
_METHODS = {
    "direct": "trực tiếp", "post": "bưu chính", "fax": "fax", "mail": "thư điện tử",
    "software": "qua phần mềm", "other": "khác",
}  # fmt: skip
