"""The receipt-status board as a page and as a file."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from reporting.http import Right, allows, current_actor, current_parts, hand_out
from reporting.services.board import BoardLine, By, board, board_periods
from reporting.services.downloads import NamedFile
from reporting.web.choosing import nearest_period
from reporting.web.csv_files import CSV, csv_file
from reporting.web.rendering import render

blp = Blueprint("board", __name__)

_COUNTS = ("expected", "on_time", "late", "missing", "returned", "waived")
_HEADER = (
    "Kỳ", "Biểu mẫu", "Mã đơn vị", "Đơn vị", "Phải gửi", "Đã nhận", "Đúng hạn", "Muộn", "Chưa có",
    "Trả lại", "Được miễn", "Tỷ lệ đầy đủ (%)", "Tỷ lệ đúng hạn (%)",
)  # fmt: skip


#: A board by unit has thousands of lines; the file has all of them.
PAGE_SIZE = 200


class _Asked(NamedTuple):
    periods: list[str]
    period: str
    form: str
    by: By


@blp.get("/board")
@allows(Right.PAGE)
def show_board() -> str:
    """Expected, received, on time, late, missing, returned, waived; and the rates."""
    wanted, catalogue = request.args, current_parts().catalogue
    after = (wanted.get("after_form", ""), wanted.get("after_unit", "").replace("\x00", ""))
    with current_parts().reading_sessions() as session:
        asked = _asked(session)
        lines, whole = _page(session, asked, after if after[0] in catalogue.codes else None)
    return render(
        "board.html",
        **asked._asdict(),
        lines=lines,
        last=lines[-1] if len(lines) == PAGE_SIZE else None,
        forms=catalogue.codes,
        titles={form.code: form.title_vi for form in catalogue.forms},
        total=_total(whole, asked.period),
    )


@blp.get("/board.csv")
@allows(Right.PAGE)
def download_board() -> Response:
    """The same lines as a file."""
    with current_parts().reading_sessions() as session:
        asked = _asked(session)
        lines = _lines(session, asked)
    rows = [
        (
            line.period, line.form_code, line.unit_code, line.unit_name, line.expected,
            line.received, line.on_time, line.late, line.missing, line.returned, line.waived,
            line.completeness, line.timeliness,
        )
        for line in lines
    ]  # fmt: skip
    name = f"tiep-nhan_{asked.period or 'trong'}.csv"
    return hand_out(NamedFile(csv_file(_HEADER, rows), name, f"board/{asked.period}", None), CSV)


def _asked(session: Session) -> _Asked:
    """What the address asks for; what it does not know is left at its beginning."""
    wanted = request.args
    by = By(wanted["by"]) if wanted.get("by") in list(By) else By.FORM
    form = wanted.get("form", "")
    form = form if form in current_parts().catalogue.codes else ""
    periods = board_periods(session, actor=current_actor())
    period = wanted.get("period", "")
    if period not in periods:
        period = nearest_period(periods, current_parts().clock())
    return _Asked(list(periods), period, form, by)


def _lines(
    session: Session, asked: _Asked, after: tuple[str, str] | None = None, limit: int | None = None
) -> list[BoardLine]:
    return board(
        session,
        actor=current_actor(),
        period=asked.period,
        by=asked.by,
        form_code=asked.form,
        after=after,
        limit=limit,
    )


def _page(
    session: Session, asked: _Asked, after: tuple[str, str] | None
) -> tuple[list[BoardLine], list[BoardLine]]:
    """One page, and the lines whose sum is the total: counted once where these are not many."""
    if asked.by is By.UNIT:
        page = _lines(session, asked, after, limit=PAGE_SIZE)
        return page, _lines(session, asked._replace(by=By.FORM))
    whole = _lines(session, asked)
    keys = [(line.form_code, line.unit_code) for line in whole]
    first = keys.index(after) + 1 if after in keys else 0
    return whole[first : first + PAGE_SIZE], whole


def _total(lines: list[BoardLine], period: str) -> BoardLine:
    empty = BoardLine(period, "", "", "", 0, 0, 0, 0, 0, 0)
    return replace(empty, **{name: sum(getattr(line, name) for line in lines) for name in _COUNTS})
