"""Periods of one unit side by side, from what is kept: newest editions, or the unit's own reports.

Each is read with the rights asked in its query, for all periods at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from forms.aggregating import FigureOverflow
from forms.canonical import read_report
from forms.canvas import PeriodFigures, in_order
from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.derived import SUFFIX
from forms.issues import Issue
from forms.period import BadPeriod, Period, Window
from forms.time_series import Series, make_series, needed
from reporting.errors import NotFound, Overflow
from reporting.models import Edition, ReportingObligation, ReportingUnit, Submission
from reporting.services.actors import Act, Actor
from reporting.services.edition_basis import form_as_published
from reporting.services.expected import COUNTS
from reporting.services.named import form_named, period_named, unit_known
from reporting.services.rights import may_do, reaches
from reporting.services.units import views

#: More periods than these are read by nobody side by side.
MOST_PERIODS = 24


class Of(StrEnum):
    """Whose figures they are: consolidated editions, or what the unit reported itself."""

    EDITIONS = "editions"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, in the words of a person. `of` is '' for what the form is mostly of."""

    form: str
    unit: str
    periods: Sequence[str]
    compare: bool = True
    of: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the figures of one period come from: an edition by its number, a report by revision.

    `received` of `expected` reports are in an edition; a report has none of these.
    """

    period: str
    of: Of
    id: int
    number: int
    version: int
    at: datetime
    received: int | None = None
    expected: int | None = None


@dataclass(frozen=True, eq=False)
class TimeView:
    """A series with whose it is and where each of its periods comes from."""

    form: FormVersion
    unit_id: int
    unit_code: str
    unit_name: str
    series: Series
    kept: Mapping[str, Kept]
    of: Of

    @property
    def issues(self) -> list[Issue]:
        """What of the years wants an explanation."""
        return [
            line.issue
            for check in self.series.checks
            for line in check.differences
            if line.issue is not None
        ]


def view_series(
    session: Session, *, actor: Actor, wanted: Wanted, catalogue: Catalogue
) -> TimeView:
    """Periods of a unit side by side: as many statements for two periods as for twenty.

    Raises NotFound where nothing is there that the actor may see, Overflow where a sum over the
    periods cannot be kept exactly.
    """
    form = form_named(catalogue, wanted.form)
    asked = _periods(form, wanted.periods)
    periods = needed(form, asked, compare=wanted.compare)
    windows = _windows(session, catalogue, form, periods)
    last = windows[max(asked, key=in_order).code]
    unit = unit_known(session, wanted.unit, on=last.last)
    of, kept, contents = _read(session, actor, wanted.of, form, unit, periods)
    if not contents:
        raise NotFound(
            vi=f"Không có số liệu nào của biểu {form.code}, đơn vị {wanted.unit[:60]} trong các kỳ "
            "này.",
            en=f"There are no figures of {form.code} for {wanted.unit[:60]} in these periods.",
        )
    reports = []
    for code, (version_of, version, canonical) in contents.items():
        own = form_as_published(session, catalogue, version_of, version)
        tables = read_report(own, canonical).tables
        reports.append(PeriodFigures(Period.parse(code), windows[code], own, tables))
    named = views(session, [unit.id], on=last.last).get(unit.id)
    return TimeView(
        max((report.form for report in reports), key=lambda own: own.version),
        unit.id,
        unit.code,
        named.name_vi if named else unit.name_vi,
        _series(reports, asked, wanted, catalogue),
        kept,
        of,
    )


def _periods(form: FormVersion, texts: Sequence[str]) -> list[Period]:
    """The periods that are asked for, each once. Raises NotFound."""
    if not 0 < len(texts) <= MOST_PERIODS:
        raise NotFound(
            vi=f"Hãy nêu từ 1 đến {MOST_PERIODS} kỳ, như 2026-Q1,2026-Q2.",
            en=f"Name 1 to {MOST_PERIODS} periods, such as 2026-Q1,2026-Q2.",
        )
    found: dict[str, Period] = {}
    for text in texts:
        try:
            period = Period.parse(text.strip())
        except BadPeriod:
            period = None
        if period is None or period.kind != "D":
            period = period_named(form, text.strip())
        found[period.code] = period
    return list(found.values())


def _series(
    reports: Sequence[PeriodFigures], asked: Sequence[Period], wanted: Wanted, catalogue: Catalogue
) -> Series:
    sources = {code: catalogue.latest(code) for code in catalogue.codes}
    try:
        return make_series(reports, asked, compare=wanted.compare, sources=sources)
    except FigureOverflow as error:
        raise Overflow(
            vi=f"Có số cộng qua các kỳ quá lớn, không lưu chính xác được: {error}.",
            en=f"A figure over the periods is too large to be kept exactly: {error}.",
        ) from None


def _windows(
    session: Session, catalogue: Catalogue, form: FormVersion, periods: Collection[Period]
) -> dict[str, Window]:
    """The days of each period: as frozen when it was opened, else as the regime has them."""
    owed = ReportingObligation
    codes = {form.code.removesuffix(SUFFIX), *(source.form for source in form.sources)}
    query = (
        select(owed.period, func.min(owed.window_first), func.max(owed.window_last))
        .where(owed.form_code.in_(codes), owed.period.in_([period.code for period in periods]))
        .group_by(owed.period)
    )
    opened = {period: Window(first, last) for period, first, last in session.execute(query)}
    rule = catalogue.regime(form.regime).window
    return {period.code: opened.get(period.code) or period.window(rule) for period in periods}


#: Period -> the form code, the version, and the canonical bytes.
_Contents = dict[str, tuple[str, int, bytes]]


def _read(
    session: Session,
    actor: Actor,
    of: str,
    form: FormVersion,
    unit: ReportingUnit,
    periods: Collection[Period],
) -> tuple[Of, dict[str, Kept], _Contents]:
    """Editions of a form that consolidates, reports of any other; the other where none is there.

    All periods come from one of the two: a series that mixed them would compare unlike things.
    """
    usual = [Of.EDITIONS, Of.REPORTS] if form.sources else [Of.REPORTS, Of.EDITIONS]
    codes = [period.code for period in periods]
    for one in usual if of not in list(Of) else [Of(of)]:
        read = _editions if one is Of.EDITIONS else _reports
        kept, contents = read(session, actor, form, unit.id, codes)
        if contents:
            return one, kept, contents
    return usual[0], {}, {}


def _editions(
    session: Session, actor: Actor, form: FormVersion, unit_id: int, periods: Collection[str]
) -> tuple[dict[str, Kept], _Contents]:
    """The newest edition of each period; of a form that consolidates nothing, of its layout."""
    leaf = form.code.removesuffix(SUFFIX)
    newer = aliased(Edition)
    query = select(
        Edition.id, Edition.form_code, Edition.form_version, Edition.period, Edition.number,
        Edition.cut_off_at, Edition.coverage, Edition.canonical,
    ).where(
        Edition.form_code == (form.code if form.sources else f"{leaf}{SUFFIX}"),
        Edition.unit_id == unit_id,
        Edition.period.in_(periods),
        reaches(actor, Act.READ, Edition.unit_id),
        ~exists().where(
            newer.form_code == Edition.form_code,
            newer.period == Edition.period,
            newer.unit_id == Edition.unit_id,
            newer.number > Edition.number,
        ),
    )  # fmt: skip
    kept: dict[str, Kept] = {}
    contents: _Contents = {}
    for id_, code, version, period, number, at, coverage, canonical in session.execute(query):
        counts: dict[str, Any] = coverage
        kept[period] = Kept(
            period, Of.EDITIONS, id_, number, version, at,
            counts.get("received"), counts.get("expected"),
        )  # fmt: skip
        contents[period] = (code, version, canonical)
    return kept, contents


def _reports(
    session: Session, actor: Actor, form: FormVersion, unit_id: int, periods: Collection[str]
) -> tuple[dict[str, Kept], _Contents]:
    """The unit's own report in force of each period; not one that was returned or withdrawn."""
    owed = ReportingObligation
    query = (
        select(
            Submission.id, Submission.form_code, Submission.form_version, Submission.period,
            Submission.revision, Submission.received_at, Submission.canonical,
        )
        .join(owed, owed.in_force_id == Submission.id)
        .where(
            owed.form_code == form.code.removesuffix(SUFFIX),
            owed.unit_id == unit_id,
            owed.period.in_(periods),
            Submission.status.in_(COUNTS),
            may_do(actor, Act.READ),
        )
    )  # fmt: skip
    kept: dict[str, Kept] = {}
    contents: _Contents = {}
    for id_, code, version, period, revision, at, canonical in session.execute(query):
        kept[period] = Kept(period, Of.REPORTS, id_, revision, version, at)
        contents[period] = (code, version, canonical)
    return kept, contents
