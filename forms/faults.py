"""What is wrong with a declaration file: where, what, and what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of one file; `key` is the way to it, such as `tables.a.columns.c3.type`."""

    file: str
    line: int
    key: str
    problem: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.problem}; expected {self.expected}"


class BadDeclaration(ValueError):
    """One or more files cannot be used; `faults` has everything that is wrong with them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))
