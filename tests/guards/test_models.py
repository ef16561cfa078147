"""What every table of the store must keep to."""

from __future__ import annotations

import sqlalchemy as sa

from forms.unit_kinds import KINDS
from reporting.models import Base, UnitKind


def columns() -> list[sa.Column[object]]:
    """Every column of every table."""
    return [column for table in Base.metadata.sorted_tables for column in table.columns]


def stored_as(column: sa.Column[object]) -> sa.types.TypeEngine[object]:
    """The type as the database has it, under any decorator of ours."""
    kind = column.type
    return kind.impl_instance if isinstance(kind, sa.types.TypeDecorator) else kind


def test_there_are_tables() -> None:
    """The other guards look at something."""
    assert columns()


def test_declarations_know_the_kinds_of_unit_of_the_registry() -> None:
    """A form may name every kind that the registry has, and no other."""
    assert set(KINDS) == {kind.value for kind in UnitKind}


def test_no_column_is_a_float() -> None:
    """Figures are scaled integers: a float or a Numeric on SQLite would lose digits."""
    inexact = [str(column) for column in columns() if isinstance(stored_as(column), sa.Numeric)]
    assert inexact == []


def test_every_constraint_has_a_name() -> None:
    """A constraint without a name cannot be dropped by a later migration."""
    nameless = [
        f"{table.name}: {constraint!r}"
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if not constraint.name
    ]
    assert nameless == []


def test_table_names_are_singular() -> None:
    """A table is named for one of its rows."""
    plural = [
        table.name
        for table in Base.metadata.sorted_tables
        if table.name.endswith("s") and not table.name.endswith(("ss", "us", "is"))
    ]
    assert plural == []
