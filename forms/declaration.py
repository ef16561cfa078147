"""Reads a declaration file into a FormVersion, or says everything that is wrong with it.

Knows one file only; what concerns other forms, regimes and lists is the matter of
forms.catalogue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.declaration_columns import validity_of
from forms.declaration_shape import FormShape, check_shape
from forms.declaration_sources import build_sources
from forms.declaration_tables import build_tables
from forms.definition import FormVersion
from forms.faults import BadDeclaration, Fault
from forms.yaml_tree import Document, Path, read_bytes

__all__ = ["BadDeclaration", "Declaration", "Fault", "read_declaration", "read_file"]

Data = Mapping[str, Any]

_SHAPE = FormShape()


@dataclass(frozen=True)
class Declaration:
    """A form version with the file it was read from, so that later faults have a line too."""

    form: FormVersion
    document: Document

    @property
    def is_faulty(self) -> bool:
        """Whether anything is wrong with the file by itself."""
        return bool(self.document.faults)


def read_declaration(text: str, *, file: str) -> FormVersion:
    """The declared form. Raises BadDeclaration with every fault of the file."""
    return read_file(text.encode(errors="surrogatepass"), file=file).form


def read_file(content: bytes, *, file: str) -> Declaration:
    """The declared form with its lines, from the bytes of the file. Raises BadDeclaration."""
    declaration = read_partly(content, file=file)
    if declaration.is_faulty:
        raise BadDeclaration(declaration.document.faults)
    return declaration


def read_partly(content: bytes, *, file: str) -> Declaration:
    """The form as far as it can be built, so that what other files say of it can be told as well.

    Its document has the faults. Raises BadDeclaration where the file is no YAML mapping at all.
    """
    document = read_bytes(content, file=file)
    return Declaration(_build_form(document, check_shape(_SHAPE, document), content), document)


def _build_form(document: Document, data: Data, content: bytes) -> FormVersion:
    """The form as far as it can be built; what cannot is blamed on the document."""
    tables = build_tables(document, data)
    title: Data = data.get("title", {})
    reporter: Data = data.get("reporter", {})
    _refuse_doubled_texts(document, data.get("periods", ()), ("periods",))
    return FormVersion(
        code=data.get("form", ""),
        version=data.get("version", 0),
        title_vi=title.get("vi", ""),
        title_en=title.get("en", ""),
        source=data.get("source", ""),
        regime=data.get("regime", ""),
        unit=data.get("unit", ""),
        periods=tuple(data.get("periods", ())),
        reporter=reporter.get("vi", ""),
        reporter_kinds=tuple(reporter.get("kinds", ())),
        receiver=data.get("receiver", ""),
        tables=tables,
        sources=build_sources(document, data, tables),
        note_line=data.get("note_line", False),
        validity=validity_of(document, data, ()),
        notes=data.get("notes", ""),
        checksum=hashlib.sha256(content).hexdigest(),
        path=document.file,
    )


def _refuse_doubled_texts(document: Document, texts: Sequence[str], path: Path) -> None:
    for index, text in enumerate(texts):
        if text in texts[:index]:
            document.blame((*path, index), f"{text} stands a second time", "each once")
