"""Every fault of a declaration at once: one of its shape hides none of those among files."""

from __future__ import annotations

from pathlib import Path

import pytest

from forms.catalogue import load_forms
from forms.faults import BadDeclaration
from tests.forms.declaring import a_form

#: Ten faults of three stages, each on a line of its own.
MANY = """\
form: T.99
version: 1
title: {vi: Biểu thử, en: Trial form}
source: Mẫu để thử
regime: TT01-II
unit: hồ sơ
periods: [Q9, Q1, M]
reporter: {vi: UBND cấp tỉnh, kinds: [village]}
receiver: Văn phòng Chính phủ
tables:
  - key: a
    title: Bảng
    rows: {model: open, heading: {label: X, list: nowhere}}
    cells: {type: integer, min: 0}
    sections:
      - {key: s, label: S, kinds: [commune, martian]}
    columns:
      - {id: c1, label: Tổng, type: hm}
      - header: Hai tầng
        columns:
          - header: Một tầng
            columns:
              - {id: c2, label: Một, type: code, list: elsewhere}
      - {id: c3, label: Hai}
    rules:
      - {check: c3 == c9, origin: printed}
      - {check: 'c3 == form("NONE").c1', origin: printed}
consolidates:
  - {from: NONE, mode: sum}
"""

FOUND = [
    (7, "periods.1"),
    (7, "periods.3"),
    (8, "reporter.kinds.1"),
    (13, "tables.a.rows.heading.list"),
    (16, "tables.a.sections.s.kinds.2"),
    (18, "tables.a.columns.c1.type"),
    (23, "tables.a.columns.c2.list"),
    (26, "tables.a.rules.1.check"),
    (27, "tables.a.rules.2.check"),
    (29, "consolidates.NONE.from"),
]


def _found(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(BadDeclaration) as caught:
        load_forms([folder])
    return [(Path(fault.file).name, fault.line, fault.key) for fault in caught.value.faults]


def test_a_fault_of_the_shape_hides_no_other(tmp_path: Path) -> None:
    """What regimes, lists and other forms say of a file is told beside what is wrong in it."""
    (tmp_path / "v1.yaml").write_text(MANY, "utf-8")
    assert _found(tmp_path) == [("v1.yaml", line, key) for line, key in FOUND]


def test_mending_a_fault_brings_no_new_one(tmp_path: Path) -> None:
    """Without the wrong type the same faults are told but that one: nothing was held back."""
    (tmp_path / "v1.yaml").write_text(MANY.replace(", type: hm", ""), "utf-8")
    assert _found(tmp_path) == [
        ("v1.yaml", line, key) for line, key in FOUND if key != "tables.a.columns.c1.type"
    ]


def test_a_faulty_form_is_still_one_that_others_name(tmp_path: Path) -> None:
    """Who reads a form whose file has a fault is not told that there is no such form."""
    (tmp_path / "one.yaml").write_text(a_form().replace("type: text", "type: txt"), "utf-8")
    rule = "      - {id: x, check: 'c1 == form(\"T.01\").c1', origin: note}\n"
    other = a_form("T.02", rules=rule) + "consolidates: [{from: T.01, mode: sum}]\n"
    (tmp_path / "two.yaml").write_text(other, "utf-8")
    assert _found(tmp_path) == [("one.yaml", 19, "tables.a.columns.c4.type")]


def test_a_type_that_cannot_be_read_misfits_nothing(tmp_path: Path) -> None:
    """A column of unknown type is not held against the column that it would be added to."""
    good = a_form() + "consolidates: [{from: 01/TCD, mode: stack, columns: {c4: c22}}]\n"
    (tmp_path / "v1.yaml").write_text(good.replace("type: text", "type: txt"), "utf-8")
    keys = [key for _, _, key in _found(tmp_path)]
    assert "tables.a.columns.c4.type" in keys
    assert "consolidates.01/TCD.columns.c4" not in keys


def test_a_changed_published_form_with_a_fault_is_told_of_both(tmp_path: Path) -> None:
    """The lock looks at what the file is called, whatever else is wrong with it."""
    (tmp_path / "v1.yaml").write_text(a_form().replace("type: text", "type: txt"), "utf-8")
    (tmp_path / "LOCK").write_text(f"T.01 1 {'0' * 64}\n", "utf-8")
    assert _found(tmp_path) == [
        ("v1.yaml", 1, "version"),
        ("v1.yaml", 19, "tables.a.columns.c4.type"),
    ]
