"""Who acts. Every act is done by someone, be it a client, a person at the console or the clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One who acts, for a unit or for the system itself.

    `client_id` is the machine client that came through the API; `unit_id` the unit for which it
    may speak; `is_system` is set for the operator's console and for scheduled work alone.
    """

    client_id: int | None = None
    name: str
    unit_id: int | None = None
    is_system: bool = False

    @property
    def may_administer(self) -> bool:
        """Whether the actor speaks for the central office or for the system itself."""
        return self.is_system or self.unit_id is None
