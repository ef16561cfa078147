"""An edition on the map of units of any date: a view of editions, worked out anew, never stored.

As reported, an edition says what units were then. Restated, its rows of units are those of another
day, and the report of a unit is the sum of the editions of all that went into it. It is a function
of those editions, of the lineage between the two days, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.apportioning import NotRestatable, Tables, UnitMap, split_tables
from forms.canonical import read_report, sha256, write_report
from forms.catalogue import Catalogue
from forms.checking import broken_rules
from forms.code_lists import CodeList
from forms.consolidating import TotalTooLarge
from forms.definition import FormVersion, RowModel, Severity
from forms.issues import Issue
from forms.period import Period, Window
from forms.restating import Restated as RestatedTables
from forms.restating import add_up, order_of, restate_rows
from forms.returns import Report, RowName
from reporting.errors import Conflict, Overflow
from reporting.models import ReportingUnit, UnitKind
from reporting.services.actors import Actor
from reporting.services.edition_basis import form_as_published, read_basis
from reporting.services.editions import KeptEdition, find_edition
from reporting.services.identifiers import normalise_identifier
from reporting.services.named import window_of
from reporting.services.restated_sources import Sources, sources_of
from reporting.services.unit_map import unit_map
from reporting.services.units import views

_RANK_OF_KIND = {kind: rank for rank, kind in enumerate(UnitKind)}


@dataclass(frozen=True)
class Restated:
    """An edition on the map of a day. The same editions and lineage give the same `canonical`.

    `moves` is what became of the units in it, `names` how units are called on that day.
    `estimated` are by table the paths of rows whose every cell is an estimate. The units of `gone`
    have ended and nobody recorded what became of them: their rows stand as they were reported.
    """

    kept: KeptEdition
    form: FormVersion
    window: Window
    on: date
    sources: Sources
    unit_name: str
    report: Report
    canonical: bytes
    sha256: str
    moves: UnitMap
    names: Mapping[str, str]
    estimated: Mapping[str, frozenset[str]]
    gone: Sequence[str]
    issues: Sequence[Issue]


def restate(
    session: Session,
    *,
    actor: Actor,
    catalogue: Catalogue,
    edition_id: int,
    on: date,
    unit: str = "",
) -> Restated:
    """An edition on the map of a day; of a unit that was divided, `unit` says which of its parts.

    Raises NotFound, NotAllowed, Overflow, and Conflict where something went into several units
    without declared shares, or where the same report would be counted twice.
    """
    kept = find_edition(session, actor=actor, edition_id=edition_id)
    decided = _what_decided(session, catalogue, kept)
    moves = unit_map(session, since=decided.window.last, on=on)
    wanted = normalise_identifier(unit)
    try:
        sources = sources_of(session, actor=actor, kept=kept, moves=moves, unit=wanted)
        return _restated(session, kept, decided, moves, on, sources)
    except NotRestatable as fault:
        raise _undeclared(fault) from None
    except TotalTooLarge as error:
        raise _too_large(decided.form, error) from None


def _restated(
    session: Session,
    kept: KeptEdition,
    decided: _Decided,
    moves: UnitMap,
    on: date,
    sources: Sources,
) -> Restated:
    form = decided.form
    reports = [read_report(form, one.edition.canonical) for one in sources.contributors]
    tables = _added(decided, sources, reports)
    codes = {name.key for name in _unit_rows(form, tables)}
    told = {old: parts for old, parts in moves.items() if old in codes or _goes(old, sources)}
    new = codes | {part.unit for parts in told.values() for part in parts} | {sources.unit_code}
    names, ranks = _named(session, new, on)
    made = restate_rows(form, tables, moves, labels=names, ranks=ranks)
    note = "; ".join(dict.fromkeys(report.note for report in reports if report.note))
    code = sources.unit_code
    report = Report(form.code, form.version, code, kept.edition.period, made.tables, note)
    canonical = write_report(form, report)
    issues = broken_rules(form, made.tables)
    rows = {name.key for name in _unit_rows(form, made.tables)}
    return Restated(
        kept=kept,
        form=form,
        window=decided.window,
        on=on,
        sources=sources,
        unit_name=names.get(code, kept.unit.name_vi),
        report=report,
        canonical=canonical,
        sha256=sha256(canonical),
        moves=told,
        names=names,
        estimated=_estimated(form, sources, reports, made),
        gone=sorted(rows & ranks.keys() - names.keys()),
        issues=[replace(issue, severity=Severity.WARNING) for issue in issues],
    )


@dataclass(frozen=True)
class _Decided:
    """What the edition was made by."""

    form: FormVersion
    window: Window
    lists: Mapping[str, CodeList]


def _what_decided(session: Session, catalogue: Catalogue, kept: KeptEdition) -> _Decided:
    """Form, days and lists as they were kept with the edition; of an early one, as they are now."""
    edition = kept.edition
    if edition.basis is not None:
        basis = read_basis(session, edition.basis, catalogue)
        return _Decided(basis.form, basis.window, basis.lists)
    form = form_as_published(session, catalogue, edition.form_code, edition.form_version)
    period = Period.parse(edition.period)
    window = window_of(session, catalogue=catalogue, form=form, period=period)
    return _Decided(form, window, catalogue.lists)


def _added(decided: _Decided, sources: Sources, reports: Sequence[Report]) -> Tables:
    """The one report that goes in whole, or the sum of what goes in."""
    form = decided.form
    parts: list[Tables] = [
        split_tables(form, report.tables, one.shares)[one.at] if one.is_divided else report.tables
        for one, report in zip(sources.contributors, reports, strict=True)
    ]
    if len(parts) == 1 and not sources.contributors[0].is_divided:
        return parts[0]
    order = order_of(form, parts, window=decided.window, lists=decided.lists, ranks={})
    return add_up(form, parts, order)


def _goes(old: str, sources: Sources) -> bool:
    return old in {one.unit_code for one in sources.contributors} | {*sources.without}


def _unit_rows(form: FormVersion, tables: Tables) -> Iterable[RowName]:
    for table in form.tables:
        if table.model is RowModel.UNITS:
            yield from tables[table.key].names


def _named(
    session: Session, codes: Iterable[str], on: date
) -> tuple[dict[str, str], dict[str, int]]:
    """How units are called on a day, of those that are there; and which kinds come first."""
    query = select(ReportingUnit.code, ReportingUnit.id, ReportingUnit.kind).where(
        ReportingUnit.code.in_(sorted(codes))
    )
    rows = session.execute(query).all()
    found = views(session, [number for _, number, _ in rows], on=on)
    names = {view.code: view.name_vi for view in found.values()}
    return names, {code: _RANK_OF_KIND[kind] for code, _, kind in rows}


def _estimated(
    form: FormVersion, sources: Sources, reports: Sequence[Report], made: RestatedTables
) -> dict[str, frozenset[str]]:
    """The rows into which a part of something divided went: of units, or of this unit's own."""
    found = dict(made.estimated)
    for one, report in zip(sources.contributors, reports, strict=True):
        if not one.is_divided:
            continue
        for table in form.tables:
            is_units = table.model is RowModel.UNITS
            names = made.tables[table.key].names if is_units else report.tables[table.key].names
            paths = frozenset(name.path for name in names)
            found[table.key] = found.get(table.key, frozenset()) | paths
    return {key: paths for key, paths in found.items() if paths}


def _undeclared(fault: NotRestatable) -> Conflict:
    into = ", ".join(fault.into)
    if fault.total is None:
        return Conflict(
            vi=f"Số liệu của {fault.unit} phải chia cho {into}, mà chưa khai báo tỷ lệ của từng "
            "phần, nên không quy đổi được.",
            en=f"The figures of {fault.unit} would be divided among {into}, of which no shares "
            "are declared, so they cannot be restated.",
        )
    return Conflict(
        vi=f"Tỷ lệ chia {fault.unit} cho {into} cộng lại là {fault.total}, phải là 1.",
        en=f"The shares of {fault.unit} in {into} add to {fault.total} and must add to 1.",
    )


def _too_large(form: FormVersion, error: TotalTooLarge) -> Overflow:
    column = f"{error.column.number} «{error.column.label}»"
    return Overflow(
        vi=f"Quy đổi {form.code}: dòng «{error.row}», cột {column} có hơn 15 chữ số.",
        en=f"Restating {form.code}: row “{error.row}”, column {column} has over 15 digits.",
    )
