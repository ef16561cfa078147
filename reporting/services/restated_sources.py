"""Which editions make up the report of a unit on the map of another day.

Editions are summed rather than reports in force: they are kept and hashed, so that what is made of
them can be made again from their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased, undefer

from forms.apportioning import Part, UnitMap, shares_of
from reporting.errors import Conflict
from reporting.models import Edition, EditionInput, ReportingUnit, Submission
from reporting.services.actors import Act, Actor
from reporting.services.editions import KeptEdition
from reporting.services.rights import not_allowed, reaches


@dataclass(frozen=True, slots=True)
class Contributor:
    """An edition that goes in, whose it is, and in which shares its unit was divided.

    `at` is the share that goes in; a unit that was not divided has just one, which is 1.
    """

    edition: Edition
    unit_code: str
    shares: Sequence[Fraction]
    at: int

    @property
    def share(self) -> Fraction:
        """The share of the edition that goes in."""
        return self.shares[self.at]

    @property
    def is_divided(self) -> bool:
        """Whether the figures that go in are an estimate."""
        return len(self.shares) > 1


@dataclass(frozen=True, slots=True)
class Sources:
    """The unit on the other map, the editions that are its figures, and what is not among them.

    `without` have no edition; those of `taken_over` are in the successor's own edition already.
    """

    unit_code: str
    contributors: Sequence[Contributor]
    without: Sequence[str]
    taken_over: Sequence[str]


def sources_of(
    session: Session, *, actor: Actor, kept: KeptEdition, moves: UnitMap, unit: str
) -> Sources:
    """The editions to be summed: the one that is asked for, and the newest of its companions.

    Raises NotRestatable, NotAllowed, Conflict.
    """
    code = _target(kept.unit.code, moves, unit)
    owners = {old: parts for old, parts in moves.items() if code in _codes(parts)}
    if code not in moves:
        owners[code] = [Part(code)]
    found = {kept.unit.code: kept.edition}
    if len(owners) > 1:
        found |= _companions(session, actor, kept.edition, [*owners])
    taken_over = _taken_over(session, code, found)
    contributors = [
        Contributor(
            edition, owner, shares_of(owner, owners[owner]), _codes(owners[owner]).index(code)
        )
        for owner, edition in sorted(found.items())
        if owner not in taken_over
    ]
    without = sorted(owners.keys() - found.keys() - {code})
    return Sources(code, contributors, without, sorted(taken_over))


def _codes(parts: Sequence[Part]) -> list[str]:
    return [part.unit for part in parts]


def _target(own: str, moves: UnitMap, wanted: str) -> str:
    """The unit that is meant: the one into which the edition's went, or the one that is named.

    Raises NotRestatable, and Conflict where there are several and none of them is named.
    """
    parts = moves.get(own, [Part(own)])
    shares_of(own, parts)
    into = _codes(parts)
    if wanted in into or (not wanted and len(into) == 1):
        return wanted or into[0]
    told = ", ".join(into)
    raise Conflict(
        vi=f"Theo bản đồ của ngày đó, đơn vị {own} là {told}. Hãy nêu một trong số đó.",
        en=f"On the map of that day unit {own} is {told}. Name one of these.",
    )


def _companions(
    session: Session, actor: Actor, asked: Edition, owners: Sequence[str]
) -> Mapping[str, Edition]:
    """The newest edition of each other unit, for the same form and period: one statement."""
    newer = aliased(Edition)
    same = (Edition.form_code == asked.form_code, Edition.period == asked.period)
    newest = (
        select(func.max(newer.number))
        .where(
            newer.form_code == asked.form_code,
            newer.period == asked.period,
            newer.unit_id == Edition.unit_id,
        )
        .scalar_subquery()
    )
    query = (
        select(ReportingUnit.code, Edition, reaches(actor, Act.READ, Edition.unit_id))
        .join(Edition, Edition.unit_id == ReportingUnit.id)
        .where(*same, ReportingUnit.code.in_(owners))
        .where(
            or_(
                Edition.id == asked.id,
                and_(Edition.unit_id != asked.unit_id, Edition.number == newest),
            )
        )
        .options(undefer(Edition.canonical))
    )
    rows = session.execute(query).all()
    if not all(may_read for _, _, may_read in rows):
        raise not_allowed()
    for code, edition, _ in rows:
        if edition.form_version != asked.form_version:
            raise Conflict(
                vi=f"Bản tổng hợp của {code} theo phiên bản {edition.form_version} của biểu, không "
                f"cộng được với phiên bản {asked.form_version}.",
                en=f"The edition of {code} is of version {edition.form_version} of the form and "
                f"cannot be added to version {asked.form_version}.",
            )
    return {code: edition for code, edition, _ in rows}


def _taken_over(session: Session, code: str, found: Mapping[str, Edition]) -> set[str]:
    """Predecessors whose reports are in the edition of their successor already.

    After a merger what was owed to an old unit is owed to its successor: added up with the old
    unit's own edition it would be counted twice. Raises Conflict where that is so in part.
    """
    if code not in found or len(found) < 2:
        return set()
    query = (
        select(EditionInput.edition_id, Submission.obligation_id)
        .join(Submission, Submission.id == EditionInput.submission_id)
        .where(EditionInput.edition_id.in_([edition.id for edition in found.values()]))
    )
    held: dict[int, set[int]] = {edition.id: set() for edition in found.values()}
    for edition_id, obligation_id in session.execute(query):
        held[edition_id].add(obligation_id)
    own, taken = held[found[code].id], set()
    for owner, edition in found.items():
        both = own & held[edition.id]
        if owner == code or not both:
            continue
        if both != held[edition.id]:
            raise Conflict(
                vi=f"Một phần báo cáo trong bản tổng hợp của {owner} đã nằm trong bản của {code}, "
                "cộng lại sẽ tính hai lần. Hãy tổng hợp lại cho cả hai.",
                en=f"Some of the reports in the edition of {owner} are in that of {code} already "
                "and would be counted twice. Consolidate again for both.",
            )
        taken.add(owner)
    return taken
