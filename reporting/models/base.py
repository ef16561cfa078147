"""The ground that all tables stand on: names of constraints, instants, keys, kinds as text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

#: Without fixed names a constraint cannot be dropped by a later migration.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")

_SQLITE_INSTANT_LENGTH = len("2026-09-22T10:00:00.000000Z")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, always aware and always UTC; a naive one is refused.

    PostgreSQL keeps it as `timestamptz`. SQLite has no instants, so there it is ISO text with six
    decimals and a `Z`: of one length, so that text order is the order of time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    #: How a migration writes this type, since a migration never imports our code.
    migration_text: ClassVar[str] = (
        "sa.DateTime(timezone=True)"
        f'.with_variant(sa.String(length={_SQLITE_INSTANT_LENGTH}), "sqlite")'
    )

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type in this database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(_SQLITE_INSTANT_LENGTH))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """What goes into the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}; give an aware one")
        instant = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return instant

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """What comes out of the database."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        instant: datetime = value
        return instant.astimezone(UTC)


def enum_text(kinds: type[StrEnum], *, name: str | None = None) -> Enum:
    """A StrEnum kept as its text, with a CHECK; name it when one table has two of the same kind.

    A database enum would need its own migration dance for each new member; a CHECK is replaced.
    """
    return Enum(
        kinds,
        name=name or _CAPITAL.sub("_", kinds.__name__).lower(),
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


#: 64 bits everywhere; SQLite numbers rows by itself only where the type is called INTEGER.
big_integer = BigInteger().with_variant(Integer, "sqlite")

#: The primary key of a table: `id: Mapped[Key]`.
Key = Annotated[int, mapped_column(big_integer, primary_key=True)]


class Base(DeclarativeBase):
    """Every table of the store."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: big_integer,
        str: String,
        bytes: LargeBinary,
        date: Date,
        datetime: UtcDateTime,
    }


def table_of(model: type[Base]) -> Table:
    """The table behind a model, for statements that move thousands of rows without objects."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not mapped to a table of its own")
    return table
