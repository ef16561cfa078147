"""Dated lists of codes, such as the fields of administration, and how a name finds its code.

A list tells what two offices mean by the same thing. What it does not know is received all the
same and mapped once by the centre; nothing is guessed from likeness.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from forms.canonical import canonical_json
from forms.declaration_columns import validity_of
from forms.declaration_shape import (
    Label,
    Name,
    Part,
    Scalar,
    Several,
    Shape,
    ValidityShape,
    check_shape,
)
from forms.definition import ALWAYS, Validity
from forms.faults import BadDeclaration
from forms.text import normalise
from forms.yaml_tree import Document, read_bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One code with its name, other names in use, and the days on which it holds."""

    code: str
    label: str
    synonyms: tuple[str, ...] = ()
    validity: Validity = ALWAYS

    @property
    def names(self) -> tuple[str, ...]:
        """Everything by which the entry may be written, the code included."""
        return (self.code, self.label, *self.synonyms)


@dataclass(frozen=True, eq=False)
class CodeList:
    """A list with its source; entries keep the order of the file."""

    code: str
    title: str
    source: str
    entries: tuple[Entry, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Entry]:
        """Code -> entry, whether or not it still holds."""
        return {entry.code: entry for entry in self.entries}

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Entry, ...]]:
        found: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries:
            for name in {normalise(name) for name in entry.names}:
                found[name] = (*found.get(name, ()), entry)
        return found

    def match(self, text: str, on: date) -> Entry | None:
        """The entry that a text names on a day, by code, label or synonym; None if there is none.

        Case, blanks, composition and tone placement make no difference.
        """
        for entry in self._by_name.get(normalise(text), ()):
            if entry.validity.overlaps(on, on):
                return entry
        return None

    def in_force(self, on: date) -> tuple[Entry, ...]:
        """The entries that hold on a day, in the order of the file."""
        return tuple(entry for entry in self.entries if entry.validity.overlaps(on, on))


def list_content(code_list: CodeList) -> bytes:
    """What a consolidation takes from a list, as canonical bytes: codes in order, with labels."""
    entries = [[entry.code, entry.label] for entry in code_list.entries]
    return canonical_json({"code": code_list.code, "entries": entries, "title": code_list.title})


def list_from_content(content: bytes) -> CodeList:
    """The list that `list_content` was made from, as far as a consolidation needs it."""
    said = json.loads(content)
    entries = tuple(Entry(code, label) for code, label in said["entries"])
    return CodeList(said["code"], said["title"], "", entries)


class EntryShape(ValidityShape):
    """One entry."""

    code = Name(required=True)
    label = Scalar(required=True)
    synonyms = Several(Scalar())


class CodeListShape(Shape):
    """A list file."""

    list = Name(required=True)
    title = Scalar(required=True)
    source = Scalar(required=True)
    note = Label()
    entries = Several(Part(EntryShape), required=True)


_SHAPE = CodeListShape()


def read_code_list(content: bytes, *, file: str) -> CodeList:
    """The list of a file. Raises BadDeclaration with every fault of it."""
    document = read_bytes(content, file=file)
    data = check_shape(_SHAPE, document)
    code_list = CodeList(
        code=data.get("list", ""),
        title=data.get("title", ""),
        source=data.get("source", ""),
        entries=tuple(
            _entry(document, said, index) for index, said in enumerate(data.get("entries", ()))
        ),
    )
    _blame_shared_names(document, code_list)
    if document.faults:
        raise BadDeclaration(document.faults)
    return code_list


def _entry(document: Document, said: Mapping[str, Any], index: int) -> Entry:
    return Entry(
        code=said.get("code", ""),
        label=said.get("label", ""),
        synonyms=tuple(said.get("synonyms", ())),
        validity=validity_of(document, said, ("entries", index)),
    )


def _blame_shared_names(document: Document, code_list: CodeList) -> None:
    """A text must lead to one entry on any day; codes are never used twice."""
    codes: dict[str, int] = {}
    holders: dict[str, list[int]] = {}
    for index, entry in enumerate(code_list.entries):
        path = ("entries", index)
        if entry.code and entry.code in codes:
            problem = f"{entry.code} stands a second time"
            document.blame((*path, "code"), problem, "a code of its own")
        codes.setdefault(entry.code, index)
        for name in dict.fromkeys(normalise(name) for name in entry.names if name):
            for other in holders.setdefault(name, []):
                if _meet(entry.validity, code_list.entries[other].validity):
                    problem = f"{name!r} also names {code_list.entries[other].code}"
                    document.blame(path, problem, "names of its own while both hold")
            holders[name].append(index)


def _meet(one: Validity, other: Validity) -> bool:
    return one.overlaps(other.valid_from or date.min, other.valid_to or date.max)
