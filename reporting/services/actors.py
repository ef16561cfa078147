"""Who acts, and what they may do: every act is done by a person, a program, or the system itself.

Rights are values: they are read once, when someone comes in, and go with the actor into every
service, which asks them in its own query (reporting.services.rights).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reporting.models import Role


class Act(StrEnum):
    """What can be done, for a unit (those of the sender) or to what reaches it (RECEIVE)."""

    READ = "read"
    ENTER = "enter"  # write drafts
    CHECK = "check"  # look a draft over and pass it on
    APPROVE = "approve"  # sign and send
    RECEIVE = "receive"  # accept, return, give more time, consolidate
    ADMINISTER = "administer"  # accounts, rights, tokens, persons, the audit of the unit
    RING = "ring"  # let the clock do what is due


#: The acts of each role (TT01 Điều 17(1)a).
ACTS: Mapping[Role, frozenset[Act]] = {
    Role.ENTER: frozenset({Act.READ, Act.ENTER}),
    Role.CHECK: frozenset({Act.READ, Act.ENTER, Act.CHECK}),
    Role.APPROVE: frozenset({Act.READ, Act.CHECK, Act.APPROVE}),
    Role.RECEIVE: frozenset({Act.READ, Act.RECEIVE}),
    Role.READ: frozenset({Act.READ}),
    Role.ADMINISTER: frozenset({Act.READ, Act.ADMINISTER}),
}
EVERY_ACT = frozenset(Act)
#: Acts on what a unit sends: whether they are allowed is asked of the unit, not of its receiver.
OF_THE_SENDER = frozenset({Act.ENTER, Act.CHECK, Act.APPROVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Some acts, for one unit or for all (None), with the units below it, for some forms or all.

    `title` is in what capacity, as it stands on what is signed under it. `until` is the last day
    on which it holds, and beyond which nothing is handed on; None for good.
    """

    acts: frozenset[Act]
    unit_id: int | None = None
    below: bool = True
    forms: frozenset[str] = frozenset()
    title: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One who acts. Without a grant he may do nothing at all.

    `is_system` is set for the operator's console and for scheduled work alone. `today` is the day
    on which it is asked who stands under whom; without it, as it stands last. `signer` is who has
    signed what a program sends; `address` is where the request came from.
    """

    name: str
    grants: tuple[Grant, ...] = ()
    account_id: int | None = None
    client_id: int | None = None
    is_system: bool = False
    today: date | None = None
    signer: str = ""
    address: str = ""

    def grants_of(self, act: Act) -> tuple[Grant, ...]:
        """The grants that allow an act somewhere."""
        if self.is_system:
            return (EVERYTHING,)
        return tuple(grant for grant in self.grants if act in grant.acts)

    def has(self, *acts: Act) -> bool:
        """Whether any of these acts is allowed anywhere."""
        return any(self.grants_of(act) for act in acts)

    def is_of_centre(self, act: Act) -> bool:
        """Whether an act is allowed for every unit and form: the central office, the system."""
        return any(grant.unit_id is None and not grant.forms for grant in self.grants_of(act))


#: All acts for all units: whoever sits at an office of its own, and the system.
EVERYTHING = Grant(acts=EVERY_ACT)


def of_unit(
    name: str, unit_id: int | None, acts: Collection[Act] = EVERY_ACT, *, below: bool = True
) -> Actor:
    """One who may do some acts for a unit and those below it, or for all."""
    return Actor(name=name, grants=(Grant(acts=frozenset(acts), unit_id=unit_id, below=below),))
