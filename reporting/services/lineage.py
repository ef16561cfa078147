"""The lineage of a consolidated cell: its parts, and theirs, down to the cells that people filled.

Each level says what it adds up to. Where a unit's own report says otherwise than the edition of
what that unit was sent, the difference stands between the levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import and_, case, func, select, true
from sqlalchemy.orm import Session

from forms.canonical import NOT_APPLICABLE
from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.expressions import TOTAL
from forms.lineage import ALL, CellParts, Piece, Sum, cell_labels, figure_at
from forms.returns import State, TableData
from forms.values import write_figure
from reporting.errors import NotFound
from reporting.models import Edition, ReportingObligation, Submission
from reporting.services.actors import Act, Actor
from reporting.services.editions import find_edition
from reporting.services.lineage_levels import Addition, Inner, Level, Part, Sent
from reporting.services.places_in_files import places_in_files
from reporting.services.receipts import receipt_number
from reporting.services.rights import may_do, reaches
from reporting.services.taking_apart import (
    Entered,
    TakenApart,
    entered_editions,
    require_basis,
    take_apart,
)

#: Further down than this no cascade goes.
MOST_LEVELS = 5
#: Reports that are read for the levels below the first; what is beyond is asked for by itself.
_MOST_REPORTS = 2_000
#: Files of senders that are opened to find the place of a cell.
MOST_FILES = 200
_AT_ONCE = 5_000


def lineage_of(
    session: Session,
    *,
    actor: Actor,
    catalogue: Catalogue,
    edition_id: int,
    cell: str,
    levels: int = 3,
    files: int = 20,
) -> Level:
    """The lineage of one cell of an edition, so many levels down.

    `files` is how many senders' files are opened to say where the cell stands in them. As many
    statements for a thousand reports as for one. Raises NotFound, Conflict.
    """
    kept = find_edition(session, actor=actor, edition_id=edition_id)
    require_basis(kept.edition)
    walk = _Walk(session, actor, catalogue, min(files, MOST_FILES))
    wanted = (edition_id, cell)
    found = walk.levels([wanted], depth=max(1, min(levels, MOST_LEVELS)))
    if wanted not in found:
        raise NotFound(
            vi=f"Bản tổng hợp này không có ô số liệu {cell[:100]}.",
            en=f"This edition has no cell of figures {cell[:100]}.",
        )
    return found[wanted]


#: A cell of an edition.
_Wanted = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is known about the pieces of one level."""

    sent: Mapping[int, Sent]
    places: Mapping[tuple[int, str], str]
    behind: Mapping[tuple[int, bool], int]  # report, whether an estimate -> the edition behind it
    levels: Mapping[_Wanted, Level]


@dataclass
class _Walk:
    """Goes down level by level, each with the same few statements."""

    session: Session
    actor: Actor
    catalogue: Catalogue
    files: int
    reports: int = 0
    _taken: dict[int, TakenApart] = field(default_factory=dict)

    def levels(self, wanted: Sequence[_Wanted], *, depth: int) -> dict[_Wanted, Level]:
        """Each wanted cell of an edition, but for those that are too many to be read."""
        self._take({number for number, _ in wanted})
        cells = {
            (number, cell): (self._taken[number], parts)
            for number, cell in wanted
            if number in self._taken
            and (parts := self._taken[number].dissection.parts_of(cell)) is not None
        }
        looked = self._look(_pieces(cells.values()), depth=depth)
        return {one: self._level(taken, parts, looked) for one, (taken, parts) in cells.items()}

    def _take(self, editions: set[int]) -> None:
        """Take editions apart while they hold no more reports than are read for one question."""
        new = sorted(editions - self._taken.keys())
        entered = entered_editions(self.session, new)
        affordable: dict[int, Sequence[Entered]] = {}
        for number in new:
            self.reports += len(entered[number])
            is_first = not self._taken and not affordable
            if self.reports <= _MOST_REPORTS or is_first:
                affordable[number] = entered[number]
        self._taken |= take_apart(self.session, self.catalogue, affordable)

    def _look(self, pieces: Sequence[_Found], *, depth: int) -> _Looked:
        reports = {one.key for one in pieces if one.key and not one.is_estimate}
        sent = _sent(self.session, self.actor, sorted(reports))
        cells: dict[int, set[str]] = {}
        for one in pieces:
            if one.key in sent and not one.is_estimate:
                cells.setdefault(one.key, set()).update(one.cells)
        opened = sorted(cells)[: self.files]
        self.files -= len(opened)
        places = places_in_files(self.session, self.catalogue, {n: cells[n] for n in opened})
        estimates = sorted({one.key for one in pieces if one.is_estimate})
        known = {(n, True): n for n in _readable(self.session, self.actor, estimates)}
        if depth <= 1:
            return _Looked(sent, places, known, {})
        behind = editions_behind(self.session, actor=self.actor, submissions=sorted(sent))
        known |= {(number, False): edition for number, edition in behind.items()}
        wanted = {
            (known[one.key, one.is_estimate], one.cell)
            for one in pieces
            if (one.key, one.is_estimate) in known and ALL not in one.cell
        }
        levels = self.levels(sorted(wanted), depth=depth - 1) if wanted else {}
        return _Looked(sent, places, known, levels)

    def _level(self, taken: TakenApart, parts: CellParts, looked: _Looked) -> Level:
        row, column = cell_labels(taken.basis.form, taken.report.tables, parts.cell)
        names = ("numerator", "denominator") if parts.is_ratio else ("",)
        return Level(
            edition_id=taken.edition.id,
            number=taken.edition.number,
            form_code=taken.edition.form_code,
            period=taken.edition.period,
            unit_code=taken.unit.code,
            unit_name=taken.unit.name_vi,
            cell=parts.cell,
            row_label=row,
            column_label=column,
            value=_text(parts.state, parts.value, parts.digits),
            is_computed=parts.is_computed,
            additions=[
                Addition(
                    name,
                    write_figure(one.value, one.digits),
                    [self._part(found, one, looked) for found in _found(taken, one)],
                    write_figure(one.constant, one.digits) if one.constant else "",
                )
                for name, one in zip(names, parts.sums, strict=False)
            ],
        )

    def _part(self, found: _Found, whole: Sum, looked: _Looked) -> Part:
        value = write_figure(found.piece.value, whole.digits)
        entered = found.entered
        if entered is None:  # Worked out from a cell of the edition itself that is no sum.
            return Part("", "", value, found.cell)
        code, name = entered.input.unit_code, entered.unit_name
        sent = None if found.is_estimate else looked.sent.get(found.key)
        edition = looked.behind.get((found.key, found.is_estimate))
        if (edition if found.is_estimate else sent) is None:
            return Part(code, name, value)
        below = looked.levels.get((edition or 0, found.cell))
        form = found.taken.forms[found.key, found.is_estimate]
        tables = found.taken.report_of(found.piece.source, found.key).tables
        return Part(
            code,
            name,
            value,
            found.cell,
            cell_labels(form, tables, found.cell)[0],
            max(1, len(found.piece.inside)),
            _inside(form, tables, found, whole, looked),
            looked.places.get((found.key, found.cell)) if sent is not None else None,
            sent,
            found.key if found.is_estimate else None,
            below,
            _difference(form, tables, found.cell, below),
        )


class _Found(NamedTuple):
    """One piece, by what it was brought and which cell of the report it is."""

    taken: TakenApart
    piece: Piece
    entered: Entered | None
    cell: str

    @property
    def key(self) -> int:
        """The report, or the edition in its place."""
        return self.piece.report

    @property
    def is_estimate(self) -> bool:
        """Whether an edition stands in for the report."""
        return self.entered is not None and self.entered.is_estimate

    @property
    def cells(self) -> list[str]:
        """Every cell of the report that is meant."""
        named = (self.cell, *(one.cell for one in self.piece.inside))
        return [cell for cell in named if ALL not in cell]


def _inside(
    form: FormVersion,
    tables: Mapping[str, TableData],
    found: _Found,
    whole: Sum,
    looked: _Looked,
) -> list[Inner]:
    """The cells of a report that are in a piece together, where its file was opened."""
    return [
        Inner(
            one.cell,
            cell_labels(form, tables, one.cell)[0],
            write_figure(one.value, whole.digits),
            looked.places[found.key, one.cell],
        )
        for one in found.piece.inside
        if not found.is_estimate and (found.key, one.cell) in looked.places
    ]


def _pieces(cells: Iterable[tuple[TakenApart, CellParts]]) -> list[_Found]:
    return [found for taken, parts in cells for one in parts.sums for found in _found(taken, one)]


def _found(taken: TakenApart, whole: Sum) -> list[_Found]:
    return [
        _Found(
            taken,
            piece,
            taken.entered_by(piece.source, piece.report),
            _cell_in_report(taken, piece, whole.digits),
        )
        for piece in whole.pieces
    ]


def _cell_in_report(taken: TakenApart, piece: Piece, digits: int) -> str:
    """The cell of a piece; where it is all rows of a report, the report's total if it says so."""
    if ALL not in piece.cell or not piece.report:
        return piece.cell
    cell = piece.cell.replace(f"/{ALL}/", f"/{TOTAL}/")
    form = taken.forms[piece.report, piece.source >= taken.from_reports]
    figure = figure_at(form, taken.report_of(piece.source, piece.report).tables, cell)
    if figure is None or figure[0] is not State.VALUE or figure[2] > digits:
        return piece.cell
    return cell if figure[1] * 10 ** (digits - figure[2]) == piece.value else piece.cell


def _text(state: State, value: int, digits: int) -> str:
    if state is State.NOT_APPLICABLE:
        return NOT_APPLICABLE
    return write_figure(value, digits) if state is State.VALUE else ""


def _difference(
    form: FormVersion, tables: Mapping[str, TableData], cell: str, below: Level | None
) -> str:
    """What a report says less what its parts come to; '' where that is nothing."""
    figure = figure_at(form, tables, cell)
    if below is None or figure is None:
        return ""
    _, value, digits = figure
    summed = int(Decimal(below.value or 0).scaleb(digits)) if below.value != NOT_APPLICABLE else 0
    return write_figure(value - summed, digits) if value != summed else ""


def _sent(session: Session, actor: Actor, reports: Sequence[int]) -> dict[int, Sent]:
    """The revisions among these that the actor may read: one statement."""
    found: dict[int, Sent] = {}
    for start in range(0, len(reports), _AT_ONCE):
        query = (
            select(Submission)
            .join(ReportingObligation, ReportingObligation.id == Submission.obligation_id)
            .where(Submission.id.in_(reports[start : start + _AT_ONCE]), may_do(actor, Act.READ))
        )
        for one in session.scalars(query):
            found[one.id] = Sent(
                one.id,
                receipt_number(one.id, one.received_at),
                one.revision,
                one.form_code,
                one.content_sha256,
                one.file_sha256,
                one.file_name,
                one.received_at,
                one.signer,
                one.actor,
            )
    return found


def _readable(session: Session, actor: Actor, editions: Sequence[int]) -> list[int]:
    query = select(Edition.id).where(
        Edition.id.in_(editions), reaches(actor, Act.READ, Edition.unit_id)
    )
    return list(session.scalars(query))


def editions_behind(
    session: Session, *, submissions: Sequence[int], actor: Actor | None = None
) -> dict[int, int]:
    """The edition of what a unit was sent that its own report goes back to, by revision.

    The one with the same content, else the newest that had been made when the report came. One
    statement; only editions that can be taken apart and, where one is named, the actor may read.
    """
    is_other = case((Edition.sha256 == Submission.content_sha256, 0), else_=1)
    place = func.row_number().over(
        partition_by=Submission.id, order_by=(is_other, Edition.number.desc())
    )
    found: dict[int, int] = {}
    for start in range(0, len(submissions), _AT_ONCE):
        placed = (
            select(Submission.id.label("report"), Edition.id.label("edition"), place.label("place"))
            .join(
                Edition,
                and_(
                    Edition.unit_id == Submission.unit_id,
                    Edition.form_code == Submission.form_code,
                    Edition.form_version == Submission.form_version,
                    Edition.period == Submission.period,
                    Edition.cut_off_at <= Submission.recorded_at,
                    Edition.basis.is_not(None),
                ),
            )
            .where(
                Submission.id.in_(submissions[start : start + _AT_ONCE]),
                true() if actor is None else reaches(actor, Act.READ, Edition.unit_id),
            )
            .subquery()
        )
        query = select(placed.c.report, placed.c.edition).where(placed.c.place == 1)
        found |= dict(iter(session.execute(query)))
    return found
