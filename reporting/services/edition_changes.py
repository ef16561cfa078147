"""What changed between two editions: every cell, by unit and by cause, so that it adds up.

The older edition is led to the newer one step by step, a cause at a time, and made again after
each. What a step changes in a cell is its cause's delta, also where the cell is a ratio.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from forms.canonical import read_report
from forms.catalogue import Catalogue
from forms.comparing import common_digits, digits_of, figures_of, less
from forms.definition import FormVersion
from forms.lineage import cell_labels
from forms.returns import Report
from forms.values import write_figure
from reporting.errors import Conflict, NotFound
from reporting.models import Edition
from reporting.services.actors import Actor
from reporting.services.change_record import (
    BasisChange,
    Brought,
    Cause,
    CellChange,
    Changes,
    UnitChange,
)
from reporting.services.changed_cells import cells_between
from reporting.services.contributions import KeptInputs
from reporting.services.edition_basis import Basis, as_data, read_basis
from reporting.services.editions import find_edition
from reporting.services.kept_reports import read_editions, read_reports
from reporting.services.making_editions import make_from
from reporting.services.taking_apart import Entered, entered_editions, require_basis

#: (unit, form) -> what entered of it.
_Side = Mapping[tuple[str, str], Entered]


def changes_between(
    session: Session,
    *,
    actor: Actor,
    catalogue: Catalogue,
    edition_id: int,
    since: int | None = None,
) -> Changes:
    """What an edition says otherwise than an earlier one, by default the one before it.

    As many statements for a thousand reports as for one. Raises NotFound where there is none to
    compare with, Conflict where the other one is later, or for those of before bases were kept.
    """
    kept = find_edition(session, actor=actor, edition_id=edition_id)
    old = _other(session, kept.edition, since)
    for edition in (old, kept.edition):
        require_basis(edition)
    before, after = (
        read_basis(session, edition.basis or b"", catalogue) for edition in (old, kept.edition)
    )
    entered = entered_editions(session, [old.id, kept.edition.id])
    sides = [
        {(one.input.unit_code, one.input.form_code): one for one in entered[edition.id]}
        for edition in (old, kept.edition)
    ]
    units = list(_unit_changes(old, kept.edition, *sides))
    steps = _Steps(session, catalogue, before, after, *_reports(session, catalogue, sides))
    shares = steps.shares(old, kept.edition, sides[0], units)
    basis = list(_basis_changes(old, kept.edition))
    cells = list(_cell_changes(old, kept.edition, before, after, shares))
    return Changes(old, kept.edition, kept.unit, after.form, units, cells, basis)


def units_since_last(session: Session, edition: Edition) -> tuple[Edition, list[UnitChange]] | None:
    """The edition before and the units of which something else entered since; None for a first.

    Whether the actor may see the edition has been asked. Three statements, no report is read.
    """
    try:
        old = _other(session, edition, None)
    except NotFound:
        return None
    entered = entered_editions(session, [old.id, edition.id])
    sides = [
        {(one.input.unit_code, one.input.form_code): one for one in entered[number]}
        for number in (old.id, edition.id)
    ]
    return old, list(_unit_changes(old, edition, *sides))


def _other(session: Session, edition: Edition, since: int | None) -> Edition:
    """The edition to compare with; whoever may read one of the two may read the other."""
    query = select(Edition).options(undefer(Edition.canonical), undefer(Edition.basis))
    same = (
        Edition.form_code == edition.form_code,
        Edition.period == edition.period,
        Edition.unit_id == edition.unit_id,
    )
    if since is None:
        query = query.where(*same, Edition.number < edition.number)
        query = query.order_by(Edition.number.desc()).limit(1)
    else:
        query = query.where(*same, Edition.id == since, Edition.id != edition.id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(
            vi="Không có bản tổng hợp nào trước đó của cùng biểu, kỳ và cơ quan để so sánh.",
            en="There is no such earlier edition of the same form, period and unit.",
        )
    if found.number > edition.number:
        raise Conflict(
            vi=f"Bản tổng hợp lần {edition.number} có trước bản lần {found.number}. Hãy hỏi thay "
            f"đổi của bản số {found.id} so với bản số {edition.id}.",
            en=f"Edition {edition.number} is earlier than edition {found.number}. Ask what changed "
            f"in {found.id} since {edition.id}.",
        )
    return found


def _reports(
    session: Session, catalogue: Catalogue, sides: Iterable[_Side]
) -> tuple[KeptInputs, KeptInputs]:
    """What reads the reports, and the editions in their place, of both sides."""
    everyone = [one for side in sides for one in side.values()]
    reports = sorted({one.input.key for one in everyone if not one.is_estimate})
    estimates = sorted({one.input.key for one in everyone if one.is_estimate})
    return (
        KeptInputs(read_reports(session, catalogue, reports)),
        KeptInputs(read_editions(session, catalogue, estimates)),
    )


def _unit_changes(old: Edition, new: Edition, before: _Side, after: _Side) -> Iterator[UnitChange]:
    """Every unit of which something else entered, in the order of codes."""
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None and _same(was, now):
            continue
        known = now or was
        assert known is not None
        cause = _cause(key[0], was, now, old, new)
        yield UnitChange(cause, key[0], known.unit_name, key[1], was, now)


def _same(one: Entered, other: Entered) -> bool:
    return (one.input.key, one.is_estimate) == (other.input.key, other.is_estimate)


def _cause(
    unit: str, was: Entered | None, now: Entered | None, old: Edition, new: Edition
) -> Cause:
    if was is not None and now is not None and not was.is_estimate and not now.is_estimate:
        return Cause.AMENDMENT
    if was is not None and was.is_estimate and now is not None:
        return Cause.ESTIMATE if now.is_estimate else Cause.ESTIMATE_REPLACED
    if was is None:
        assert now is not None
        return _cause_of_coming(unit, now, old)
    return _cause_of_going(unit, was, new)


def _cause_of_coming(unit: str, now: Entered, old: Edition) -> Cause:
    if _is_named(old, "left_out", unit):
        return Cause.CHOICE
    if now.is_estimate:
        return Cause.ESTIMATE
    if _is_named(old, "returned", unit):
        return Cause.AMENDMENT  # Sent back then, and sent again.
    is_known = _is_named(old, "missing", unit) or _is_named(old, "not_applicable", unit)
    return Cause.LATE_ARRIVAL if is_known else Cause.MAP


def _cause_of_going(unit: str, was: Entered, new: Edition) -> Cause:
    if _is_named(new, "left_out", unit):
        return Cause.CHOICE
    if _is_named(new, "returned", unit):
        return Cause.RETURN
    if was.is_estimate:
        return Cause.ESTIMATE
    is_known = _is_named(new, "missing", unit) or _is_named(new, "not_applicable", unit)
    return Cause.WITHDRAWAL if is_known else Cause.MAP


def _is_named(edition: Edition, key: str, unit: str) -> bool:
    return any(one["unit"] == unit for one in edition.coverage.get(key, ()))


@dataclass(frozen=True)
class _Steps:
    """The way from one edition to the other, by the basis of either."""

    session: Session
    catalogue: Catalogue
    before: Basis
    after: Basis
    reports: KeptInputs
    estimates: KeptInputs

    def shares(
        self, old: Edition, new: Edition, side: _Side, units: Sequence[UnitChange]
    ) -> dict[str, list[Brought]]:
        """What each cause changed in each cell, by unit where it is a sum over units."""
        found: dict[str, list[Brought]] = {}
        current = dict(side)
        figures = self._kept(self.before.form, old)
        for cause in Cause:
            mine = [one for one in units if one.cause is cause]
            if cause is Cause.UNEXPLAINED:
                made = self._kept(self.after.form, new)
            elif cause is Cause.BASIS:
                made = self._figures(self.after, current.values()) if self._differs else figures
            elif mine:
                for one in mine:
                    current.pop((one.unit_code, one.form_code), None)
                    if one.new is not None:
                        current[one.unit_code, one.form_code] = one.new
                made = self._figures(self.after, current.values())
            else:
                continue
            rest = less(made, figures)
            for unit, name, delta in self._by_unit(cause, side, mine):
                for cell, more in delta.items():
                    found.setdefault(cell, []).append(Brought(cause, unit, name, more))
                    rest[cell] = rest.get(cell, 0) - more
            for cell, more in rest.items():
                if more:
                    found.setdefault(cell, []).append(Brought(cause, "", "", more))
            figures = made
        return found

    @property
    def _differs(self) -> bool:
        """Whether the two bases can make other figures of the same reports."""
        one, other = self.before, self.after
        return (one.form, one.lists, one.mapped, one.window) != (
            other.form,
            other.lists,
            other.mapped,
            other.window,
        )

    def _by_unit(
        self, cause: Cause, side: _Side, units: Sequence[UnitChange]
    ) -> Iterator[tuple[str, str, dict[str, int]]]:
        """What each unit alone brings more than before."""
        if cause is Cause.BASIS and self._differs:
            for (unit, _), one in sorted(side.items()):
                delta = less(self._figures(self.after, [one]), self._figures(self.before, [one]))
                yield unit, one.unit_name, delta
        for change in units:
            old, new = (
                self._figures(self.after, [one]) if one is not None else {}
                for one in (change.old, change.new)
            )
            yield change.unit_code, change.unit_name, less(new, old)

    def _figures(self, basis: Basis, entered: Collection[Entered]) -> dict[str, int]:
        """The figures of what would be made from some inputs."""
        labels = {**self.before.labels, **self.after.labels}
        ordered = sorted(entered, key=lambda one: (one.input.unit_code, one.input.form_code))
        report = make_from(
            self.session,
            self.catalogue,
            replace(basis, labels=labels),
            ([one.input for one in ordered if not one.is_estimate], self.reports),
            ([one.input for one in ordered if one.is_estimate], self.estimates),
        )
        return self._of(basis.form, report)

    def _kept(self, form: FormVersion, edition: Edition) -> dict[str, int]:
        return self._of(form, read_report(form, edition.canonical))

    def _of(self, form: FormVersion, report: Report) -> dict[str, int]:
        digits = common_digits(self.before.form, self.after.form)
        return figures_of(form, report.tables, digits)


def _cell_changes(
    old: Edition,
    new: Edition,
    before: Basis,
    after: Basis,
    shares: Mapping[str, Sequence[Brought]],
) -> Iterator[CellChange]:
    """Every cell that is not what it was, and those in which causes cancel each other."""
    digits = common_digits(before.form, after.form)
    reports = [
        (basis.form, read_report(basis.form, edition.canonical))
        for basis, edition in ((after, new), (before, old))
    ]
    now, was = (figures_of(form, report.tables, digits) for form, report in reports)
    told = {one["cell"] or "": one for one in cells_between(old.canonical, new.canonical)}
    order = {cell: number for number, cell in enumerate({**now, **was})}
    for cell in sorted(told.keys() | shares.keys(), key=lambda one: (order.get(one, -1), one)):
        at = digits_of(cell, digits)
        row, column = _labels(reports, cell)
        is_figure = at is not None and (cell in was or cell in now)
        sides = [write_figure(side.get(cell, 0), at or 0) for side in (was, now)]
        if cell in told:  # In the words of each: blank, or not applicable, say.
            sides = [str(told[cell][side] or "") for side in ("old", "new")]
        delta = now.get(cell, 0) - was.get(cell, 0) if is_figure else None
        causes = shares.get(cell, ())
        yield CellChange(cell, row, column, sides[0], sides[1], at or 0, delta, causes)


def _labels(reports: Iterable[tuple[FormVersion, Report]], cell: str) -> tuple[str, str]:
    """The row and column in words, as the first report that has them says."""
    if cell.count("/") < 2:
        return "", ""
    key = cell.partition("/")[0]
    known = [
        cell_labels(form, report.tables, cell) for form, report in reports if key in report.tables
    ]
    return next((one for one in known if one[0]), known[0] if known else ("", ""))


def _basis_changes(old: Edition, new: Edition) -> Iterator[BasisChange]:
    """What decides the two editions beside their reports, where it is not the same."""
    was, now = as_data(old.basis), as_data(new.basis)
    for what in ("version", "checksum", "window", "publish_from", "final", "engine"):
        if was.get(what) != now.get(what):
            yield BasisChange(what, "", str(was.get(what)), str(now.get(what)))
    for name in sorted(was["lists"].keys() | now["lists"].keys()):
        pair = was["lists"].get(name, ""), now["lists"].get(name, "")
        if pair[0] != pair[1]:
            yield BasisChange("list", name, *pair)
    for name in sorted(was["mapped"].keys() | now["mapped"].keys()):
        first, last = was["mapped"].get(name, {}), now["mapped"].get(name, {})
        for key in sorted(first.keys() | last.keys()):
            if first.get(key) != last.get(key):
                yield BasisChange("mapping", key, first.get(key, ""), last.get(key, ""))
    for code in sorted(was["labels"].keys() & now["labels"].keys()):
        if was["labels"][code] != now["labels"][code]:
            yield BasisChange("name", code, was["labels"][code], now["labels"][code])
    for code in sorted(set(was["left_out"]) ^ set(now["left_out"])):
        sides = ("left out" if code in side["left_out"] else "" for side in (was, now))
        yield BasisChange("choice", code, *sides)
