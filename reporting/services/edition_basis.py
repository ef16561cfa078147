"""The basis of an edition: all that decides its bytes beside the reports that went in.

An edition is a pure function of its basis and its inputs. Both are kept, so that it can be made
again at any time, on any machine and database, whatever has become of units, lists, mappings and
declarations since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.canonical import ENGINE, canonical_json, sha256
from forms.catalogue import Catalogue, UnknownForm
from forms.code_lists import CodeList, list_content, list_from_content
from forms.declaration import read_partly
from forms.definition import FormVersion, Mode
from forms.derived import SUFFIX, stacked
from forms.period import Window
from reporting.db import insert_once
from reporting.errors import NotFound
from reporting.models import PublishedForm, PublishedList
from reporting.models.base import table_of
from reporting.services.expected import Expected, is_final
from reporting.services.published_forms import keep_declaration

#: What senders called rows of each list -> the code of the list.
Mapped = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Basis:
    """What decides an edition beside its inputs.

    `labels` are the names under which units stand in it, where its rows are units. `left_out` are
    the units that the receiver keeps out by choice. `is_final` says that every expected report was
    accepted, and `publish_from` how many in a hundred must be in before it is handed over.
    """

    form: FormVersion
    period: str
    unit_code: str
    window: Window
    lists: Mapping[str, CodeList]
    mapped: Mapped
    labels: Mapping[str, str]
    left_out: tuple[str, ...] = ()
    publish_from: int = 0
    is_final: bool = False

    def as_bytes(self) -> bytes:
        """The canonical bytes that are kept with the edition."""
        return canonical_json(
            {
                "engine": ENGINE,
                "form": self.form.code,
                "version": self.form.version,
                "checksum": self.form.checksum,
                "period": self.period,
                "unit": self.unit_code,
                "window": [self.window.first.isoformat(), self.window.last.isoformat()],
                "lists": {name: _hash_of(known) for name, known in self.lists.items()},
                "mapped": {name: dict(found) for name, found in self.mapped.items()},
                "labels": dict(self.labels),
                "left_out": sorted(self.left_out),
                "publish_from": self.publish_from,
                "final": self.is_final,
            }
        )


def basis_of(
    form: FormVersion,
    *,
    period: str,
    unit_code: str,
    window: Window,
    catalogue: Catalogue,
    mapped: Mapped,
    expected: Sequence[Expected],
) -> Basis:
    """The basis for one unit, from what holds now."""
    named = any(source.mode is not Mode.SUM for source in form.sources)
    entering = (row for row in expected if row.counts or row.stand_in is not None)
    return Basis(
        form,
        period,
        unit_code,
        window,
        {name: catalogue.lists[name] for name in lists_of(form) if name in catalogue.lists},
        mapped,
        {row.unit_code: row.unit_name for row in entering} if named else {},
        tuple(row.unit_code for row in expected if not row.chosen),
        catalogue.regime(form.regime).publish_from,
        is_final(expected),
    )


def lists_of(form: FormVersion) -> list[str]:
    """The lists of codes that name rows of a form."""
    return sorted({table.heading.code_list for table in form.tables} - {""})


def hash_inputs(basis: bytes, inputs: Iterable[str]) -> str:
    """The hash by which the same edition is known: its basis and every input, line by line."""
    return sha256(b"\n".join((basis, *(line.encode() for line in inputs))))


def input_line(row: Expected) -> str:
    """One report that goes in, by names that are the same in every database."""
    return revision_line(
        row.unit_code, row.form_code, row.form_version, row.revision or 0, row.content_sha256 or ""
    )


def revision_line(unit: str, form: str, version: int, revision: int, digest: str) -> str:
    """One revision that went in, likewise."""
    return f"{unit} {form} {version} {revision} {digest}"


def part_line(unit_code: str, form_code: str, number: int, digest: str) -> str:
    """One edition that stands in for a report, likewise."""
    return f"{unit_code} {form_code} edition {number} {digest}"


def keep_what_decides(session: Session, basis: Basis, catalogue: Catalogue, now: datetime) -> None:
    """Keep the declaration and the lists of an edition that is about to be made. Flushes.

    Raises Conflict where the version was in use with another declaration.
    """
    keep_declaration(session, form=_declared(catalogue, basis.form), now=now)
    for name, known in basis.lists.items():
        if session.get(PublishedList, (name, _hash_of(known))) is not None:
            continue
        row = {
            "code": name,
            "sha256": _hash_of(known),
            "content": list_content(known),
            "published_at": now,
        }
        insert_once(session, table_of(PublishedList), [row])


def read_basis(session: Session, kept: bytes, catalogue: Catalogue) -> Basis:
    """The basis that was kept. Raises NotFound for a declaration or a list that is lost."""
    said = json.loads(kept)
    form = form_as_published(session, catalogue, said["form"], said["version"])
    if form.checksum != said["checksum"]:
        raise _lost(f"{form.code} v{form.version}")
    first, last = map(date.fromisoformat, said["window"])
    return Basis(
        form,
        said["period"],
        said["unit"],
        Window(first, last),
        {
            name: _list_as_kept(session, catalogue, name, digest)
            for name, digest in said["lists"].items()
        },
        said["mapped"],
        said["labels"],
        tuple(said["left_out"]),
        said["publish_from"],
        said["final"],
    )


def form_as_published(
    session: Session, catalogue: Catalogue, code: str, version: int
) -> FormVersion:
    """A form version, from its file or, where that is gone, from what was kept. Raises NotFound."""
    try:
        return catalogue.form(code, version)
    except UnknownForm:
        query = select(PublishedForm.declaration).where(
            PublishedForm.form_code == code.removesuffix(SUFFIX), PublishedForm.version == version
        )
        kept = session.scalars(query).one_or_none()
        if kept is None:
            raise _lost(f"{code} v{version}") from None
        form = _read_kept(kept)
        return stacked(form) if code.endswith(SUFFIX) else form


def _declared(catalogue: Catalogue, form: FormVersion) -> FormVersion:
    """The declared form behind a derived layout; any other is its own."""
    return catalogue.form(form.code.removesuffix(SUFFIX), form.version)


def _list_as_kept(session: Session, catalogue: Catalogue, name: str, digest: str) -> CodeList:
    known = catalogue.lists.get(name)
    if known is not None and _hash_of(known) == digest:
        return known
    kept = session.get(PublishedList, (name, digest))
    if kept is None:
        raise _lost(name)
    return list_from_content(kept.content)


@lru_cache(maxsize=64)
def _hash_of(known: CodeList) -> str:
    return sha256(list_content(known))


@lru_cache(maxsize=64)
def _read_kept(declaration: str) -> FormVersion:
    return read_partly(declaration.encode(), file="published_form").form


def _lost(what: str) -> NotFound:
    return NotFound(
        vi=f"Khai báo {what} dùng cho bản tổng hợp này không còn.",
        en=f"The declaration of {what} that this edition was made with is lost.",
    )


def as_data(basis: bytes | None) -> dict[str, Any]:
    """What is shown of a basis."""
    return {} if basis is None else dict(json.loads(basis))
