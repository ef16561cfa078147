"""How often one address, and one person or program, may ask: counted by each process on its own.

Bounds what a broken program or a guesser can cost. Several processes count separately, so that the
true bound is as many times as high; failed sign-ins are counted in the store besides.
"""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock

from werkzeug.exceptions import TooManyRequests

from reporting.services.actors import Actor
from reporting.services.sign_in_failures import network_of
from reporting.settings import Settings

_ADDRESS, _ACTOR, _SIGN_IN = "address", "actor", "sign in"
_SECONDS = 60.0


class Gate:
    """Lets requests pass until there are too many of them in one minute."""

    def __init__(self, settings: Settings) -> None:
        self._most = {
            _ADDRESS: settings.rate_per_address,
            _ACTOR: settings.rate_per_actor,
            _SIGN_IN: settings.sign_ins_per_address,
        }
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._ends = 0.0

    def pass_address(self, address: str) -> None:
        """Count a request of an address. Raises TooManyRequests."""
        self._pass(_ADDRESS, network_of(address))

    def pass_actor(self, actor: Actor) -> None:
        """Count a request of a person or program. Raises TooManyRequests."""
        if actor.account_id is not None or actor.client_id is not None:
            self._pass(_ACTOR, f"{actor.account_id}/{actor.client_id}")

    def pass_sign_in(self, address: str) -> None:
        """Count an attempt to sign in from an address. Raises TooManyRequests."""
        self._pass(_SIGN_IN, network_of(address))

    def _pass(self, kind: str, whose: str) -> None:
        """All counts begin anew together, so that nobody needs to be forgotten one by one."""
        now = time.monotonic()
        with self._lock:
            if now >= self._ends:
                self._counts.clear()
                self._ends = now + _SECONDS
            self._counts[kind, whose] += 1
            is_too_often = self._counts[kind, whose] > self._most[kind]
            left = self._ends - now
        if is_too_often:
            raise TooManyRequests(retry_after=max(1, round(left)))
