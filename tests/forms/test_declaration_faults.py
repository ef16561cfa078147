"""A bad declaration is refused with file, line, key and what was expected, all faults at once."""

from __future__ import annotations

import pytest

from forms.declaration import BadDeclaration, Fault, read_declaration
from tests.forms.declaring import COLUMNS, SINGLE, a_form, head

FILE = "forms/T.01/v1.yaml"
FIXED = """\
tables:
  - key: a
    title: Bảng
    sections: [{key: s, label: Mục}]
    rows:
      model: fixed
      rows:
        - {key: i1, label: Tổng, section: s, formula: i2 + i3}
        - {key: i2, label: Một}
        - {key: i3, label: Hai}
"""


def faults_of(text: str) -> tuple[Fault, ...]:
    """The faults of a declaration that must have some."""
    with pytest.raises(BadDeclaration) as caught:
        read_declaration(text, file=FILE)
    return caught.value.faults


def found(text: str) -> list[tuple[int, str]]:
    """Line and key of every fault."""
    return [(fault.line, fault.key) for fault in faults_of(text)]


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key", "problem"),
    [
        # --- the shape ---
        ("version: 1", "version: one", 2, "version", "is 'one'"),
        ("version: 1", "version: 0", 2, "version", "is '0'"),
        ("version: 1", "vesion: 1", 2, "vesion", "is not a key here"),
        ("version: 1\n", "", 1, "version", "is missing"),
        ("form: T.01", "form: T 01", 1, "form", "is 'T 01'"),
        ("form: T.01", "form: T.01~TH", 1, "form", "is 'T.01~TH'"),
        ("unit: hồ sơ", "unit:", 6, "unit", "is empty"),
        ("unit: hồ sơ", "unit: [a]", 6, "unit", "is no single value"),
        ("periods: [Q1, Y]", "periods: [Q1, Q5]", 7, "periods.2", "is 'Q5'"),
        ("periods: [Q1, Y]", "periods: []", 7, "periods", "is empty"),
        ("periods: [Q1, Y]", "periods: Q1", 7, "periods", "is not a list"),
        ("{vi: Biểu thử, en: Trial form}", "Biểu thử", 3, "title", "is not a mapping"),
        ("type: integer", "type: number", 14, "tables.a.cells.type", "is 'number'"),
        ("min: 0}", "min: 1e3}", 14, "tables.a.cells.min", "is '1e3'"),
        ("id: c2", "id: 2c", 17, "tables.a.columns.2c.id", "is '2c'"),
        ("id: c4", "id: total", 19, "tables.a.columns.total.id", "is 'total'"),
        ("id: c4", "id: lambda", 19, "tables.a.columns.lambda.id", "is 'lambda'"),
        ("{id: c4, label: Ghi chú, type: text}", "c4", 19, "tables.a.columns.4", "not a mapping"),
        ("model: single", "model: one", 13, "tables.a.rows.model", "is 'one'"),
        ("key: a", "key: a\n    compulsory: yes", 12, "tables.a.compulsory", "is 'yes'"),
        ("unit:", "valid_to: 2025-06-31\nunit:", 6, "valid_to", "is '2025-06-31'"),
        # --- what stands twice ---
        ("version: 1", "version: 1\nversion: 2", 3, "version", "stands a second time"),
        ("id: c3", "id: c2", 18, "tables.a.columns.c2.id", "c2 is already a column (line 17)"),
        ("periods: [Q1, Y]", "periods: [Q1, Q1]", 7, "periods.2", "Q1 stands a second time"),
        # --- days, bounds, digits ---
        (
            "unit:",
            "valid_from: 2026-01-01\nvalid_to: 2025-01-01\nunit:",
            7,
            "valid_to",
            "is 2025-01-01",
        ),
        ("label: Một", "label: Một, min: 0.5", 17, "tables.a.columns.c2.min", "is 0.5"),
        ("label: Một", "label: Một, max: -1", 17, "tables.a.columns.c2.max", "below the least"),
        (
            "label: Một",
            "label: Một, type: decimal, digits: 9, max: 99999999999",
            17,
            "tables.a.columns.c2.max",
            "is 99999999999",
        ),
        ("label: Một", "label: Một, type: decimal", 17, "tables.a.columns.c2", "without digits"),
        ("label: Một", "label: Một, digits: 2", 17, "tables.a.columns.c2.digits", "for an integer"),
        ("type: text", "type: text, min: 0", 19, "tables.a.columns.c4", "has min or max"),
        ("type: text", "type: text, digits: 1", 19, "tables.a.columns.c4.digits", "type text"),
        ("{type: integer, min: 0}", "{min: 0}", 16, "tables.a.columns.c1", "has no type"),
        # --- lists ---
        ("type: text", "type: code", 19, "tables.a.columns.c4", "without its list"),
        ("type: text", "type: text, list: x", 19, "tables.a.columns.c4.list", "type text"),
        ("label: Một", "label: Một, list: x", 17, "tables.a.columns.c2.list", "type integer"),
        # --- consolidation ---
        (
            "type: text",
            "type: percent, consolidate: sum",
            19,
            "tables.a.columns.c4.consolidate",
            "adds up cells of type percent",
        ),
        (
            "type: text",
            "type: text, consolidate: sum",
            19,
            "tables.a.columns.c4.consolidate",
            "adds up cells of type text",
        ),
        (
            "label: Một",
            "label: Một, consolidate: recompute",
            17,
            "tables.a.columns.c2.consolidate",
            "without a formula",
        ),
        (
            "label: Một",
            "label: Một, consolidate: concatenate",
            17,
            "tables.a.columns.c2.consolidate",
            "strings together",
        ),
        # --- formulas ---
        ("c2 + c3", "c2 + c7", 16, "tables.a.columns.c1.formula", "c7 is no column"),
        ("c2 + c3", "c2 + c4", 16, "tables.a.columns.c1.formula", "c4 is text"),
        ("c2 + c3", "c2 +", 16, "tables.a.columns.c1.formula", "not an expression"),
        ("c2 + c3", "'5'", 16, "tables.a.columns.c1.formula", "names no cell"),
        ("c2 + c3", "previous(c2)", 16, "tables.a.columns.c1.formula", "not a cell of the same"),
        ("c2 + c3", "'percent(c2, c3)'", 16, "tables.a.columns.c1.formula", "is a percentage"),
        ("c2 + c3", "c1 + c2", 16, "tables.a.columns.c1.formula", "c1 -> c1"),
        ("c2 + c3", "0.5 * c2", 16, "tables.a.columns.c1.formula", "c2 brings 1 digits"),
        ("c2 + c3", "c2 + 0.25", 16, "tables.a.columns.c1.formula", "0.25 has 2 digits"),
        (
            "label: Một",
            "label: Một, type: decimal, digits: 1",
            16,
            "tables.a.columns.c1.formula",
            "c2 brings 1 digits",
        ),
        (
            "label: Một",
            "label: Một, formula: c1 - c3",
            16,
            "tables.a.columns.c1.formula",
            "c1 -> c2 -> c1",
        ),
        ("type: text", "type: text, formula: c1", 19, "tables.a.columns.c4.formula", "type text"),
        # --- row models ---
        ("model: single", "model: fixed", 13, "tables.a.rows.model", "fixed without rows"),
        ("model: single", "model: outline", 13, "tables.a.rows.model", "without headings"),
        ("model: single", "model: open", 13, "tables.a.rows.model", "open without a heading"),
        (
            "model: single",
            "model: single, rows: [{key: x, label: X}]",
            13,
            "tables.a.rows.rows",
            "are given for model single",
        ),
        (
            "model: single",
            "model: units, heading: {label: X, list: y}",
            13,
            "tables.a.rows.heading.list",
            "names open rows",
        ),
        (
            "model: single}",
            "model: single}\n    sections: [{key: s, label: S}]",
            14,
            "tables.a.sections.s",
            "not needed in model single",
        ),
        (
            "model: single",
            "model: outline, headings: [{key: x, label: X}]",
            15,
            "tables.a.columns",
            "figures in a narrative",
        ),
        (
            "model: single}",
            "model: single}\n    total: Tổng",
            14,
            "tables.a.total",
            "given for model single",
        ),
    ],
)
def test_one_fault_has_its_line_and_key(
    right: str, wrong: str, line: int, key: str, problem: str
) -> None:
    """Each mistake alone is told with the line and the key where it stands."""
    text = a_form().replace(right, wrong, 1)
    assert text != a_form()
    faults = faults_of(text)
    assert (line, key) in [(fault.line, fault.key) for fault in faults]
    fault = next(fault for fault in faults if (fault.line, fault.key) == (line, key))
    assert problem in fault.problem
    assert fault.expected
    assert fault.file == FILE


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ("c1 == c7", "c7 is no column"),
        ("c1 == c4", "c4 is text"),
        ("c1 + c2", "is not one comparison"),
        ("c1 == c2 == c3", "is not one comparison"),
        ("c1 == open('x')", "names no cell"),
        ("c1 == c2 * c3", "two cells are multiplied"),
        ("c1 is c2", "expected one of"),
        ("1 == 1", "names no cell"),
        ("c1 == total.c2", "total is no row of table a"),
        ("c1 == b.row.c2", "b is no table"),
        ("c1 == row.c9", "c9 is no column of table a"),
        ("c1 == x.c2", "x is no row"),
        ("c1 == sum(row.c2)", "sums over rows and names one"),
        ("c1 >= rows(part2)", "part2 is no table"),
        ("c1 == previous(c9)", "c9 is no column"),
        ('c1 == form("T.01").c2', "is this form itself"),
        ('rows(a) <= form("X").c2', "names no row"),
        ("c1 == percent(c2)", "percent takes two parts"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_refused(check: str, problem: str) -> None:
    """An unknown name, or a text that is not in the language, is told at the rule."""
    rules = f"      - id: sai\n        check: >-\n          {check}\n        origin: printed\n"
    (fault,) = faults_of(a_form(rules=rules))
    assert (fault.line, fault.key) == (22, "tables.a.rules.sai.check")
    assert problem in fault.problem


def test_rows_of_a_list_have_no_predecessor() -> None:
    """The third row of a list is another thing in the next period."""
    text = a_form(rules="      - {check: c1 >= previous(c1), origin: derived}\n")
    (fault,) = faults_of(text.replace("model: single", "model: list"))
    assert "looks for a row of a list in another report" in fault.problem


def test_a_table_needs_columns() -> None:
    """Only a narrative may leave its columns out."""
    (fault,) = faults_of(head() + SINGLE)
    assert (fault.line, fault.key, fault.problem) == (11, "tables.a", "has no columns")


def test_a_column_under_headers_goes_by_its_id() -> None:
    """The way to a column names the table and the column, however many headers are between."""
    columns = (
        "    columns:\n"
        "      - header: Tiếp nhận\n"
        "        columns:\n"
        "          - header: Trong kỳ\n"
        "            columns:\n"
        "              - {id: c4, label: Trực tuyến, type: number}\n"
    )
    assert found(head() + SINGLE + columns) == [(19, "tables.a.columns.c4.type")]


def test_nothing_is_said_about_the_inside_of_what_has_no_shape() -> None:
    """A check that is no text is told once, not again as an expression without a comparison."""
    text = a_form(rules="      - {id: x, check: [c1], origin: printed}\n")
    assert found(text) == [(21, "tables.a.rules.x.check")]


def test_scope_that_cannot_be_decided() -> None:
    """Columns and rows in one rule, or names that are both, are refused."""
    rules = (
        "    rules:\n"
        "      - {id: tron, check: c1 == i2, origin: note}\n"
        "      - {id: dung, check: i1 == i2 + i3, origin: note}\n"
    )
    (mixed,) = faults_of(head() + FIXED + COLUMNS + rules)
    assert mixed.key == "tables.a.rules.tron.check"
    assert "mixes columns (c1) and rows (i2)" in mixed.problem
    alike = (FIXED + COLUMNS + rules).replace("i2", "c2").replace("i3", "c3").replace("i1", "c1")
    faults = faults_of(head() + alike)
    assert any("columns and rows alike" in fault.problem for fault in faults)


@pytest.mark.parametrize(
    ("right", "wrong", "line", "key", "problem"),
    [
        ("i2 + i3", "i2 + i9", 17, "tables.a.rows.rows.i1.formula", "i9 is no row"),
        ("i2 + i3", "c1 + i2", 17, "tables.a.rows.rows.i1.formula", "c1 is no row"),
        ("i2 + i3", "i1 + i3", 17, "tables.a.rows.rows.i1.formula", "i1 -> i1"),
        ("i2 + i3", "'percent(i2, i3)'", 17, "tables.a.rows.rows.i1.formula", "of rows"),
        ("key: i3", "key: i2", 19, "tables.a.rows.rows.i2.key", "stands a second time"),
        ("section: s,", "section: t,", 17, "tables.a.rows.rows.i1.section", "t is no section"),
        ("section: s,", "", 13, "tables.a.sections.s", "has no rows"),
        ("label: Một", "label: Một, digits: 1", 18, "tables.a.rows.rows.i2.digits", "is 1"),
        ("label: Hai}", "label: Hai, from: X}", 19, "tables.a.rows.rows.i3.from", "not said"),
        (
            "    rows:\n",
            "    total: Cộng\n    rows:\n",
            18,
            "tables.a.rows.rows.i1.formula",
            "twice",
        ),
    ],
)
def test_faults_of_fixed_rows(right: str, wrong: str, line: int, key: str, problem: str) -> None:
    """Rows, their sections and their formulas are looked at like columns."""
    good = head() + FIXED + COLUMNS
    read_declaration(good, file=FILE)
    faults = faults_of(good.replace(right, wrong, 1))
    assert (line, key) in [(fault.line, fault.key) for fault in faults]
    fault = next(fault for fault in faults if (fault.line, fault.key) == (line, key))
    assert problem in fault.problem


def test_a_row_with_fewer_digits_cannot_hold_longer_parts() -> None:
    """A computed row of whole numbers has no room for the tenths of its parts."""
    text = head() + FIXED + COLUMNS.replace("type: integer", "type: decimal, digits: 1")
    faults = faults_of(text.replace("formula: i2", "digits: 0, formula: i2"))
    assert {fault.key for fault in faults} == {"tables.a.rows.rows.i1.formula"}


@pytest.mark.parametrize(
    ("source", "key", "problem"),
    [
        ("{from: X, mode: stack}", "mode", "stack fills a table of model single"),
        ("{from: X, mode: concatenate}", "mode", "concatenate fills"),
        ("{from: X, mode: sum, into: z}", "into", "z is no table"),
        ("{from: X, mode: sum, row: z}", "row", "z is no row of a"),
        ("{from: X, mode: stack, row: z}", "row", "is one row for mode stack"),
        ("{from: X, mode: sum, columns: {c9: c1}}", "columns.c9", "c9 is no column of a"),
        ("{from: X, mode: sum, columns: c9}", "columns", "does not pair column ids"),
        ("{mode: sum}", "from", "is missing"),
    ],
)
def test_faults_of_consolidation(source: str, key: str, problem: str) -> None:
    """Where a consolidated table is filled from is checked against the table."""
    faults = faults_of(a_form() + f"consolidates:\n  - {source}\n")
    assert {fault.line for fault in faults} == {21}
    assert any(fault.key.endswith(f".{key}") and problem in fault.problem for fault in faults), (
        faults
    )


def test_every_fault_is_told_at_once() -> None:
    """Shape and meaning are told together, in the order of the file."""
    text = (
        a_form(rules="      - {id: x, check: c1 == c9, origin: printed}\n")
        .replace("version: 1", "version: x")
        .replace("periods: [Q1, Y]", "periods: [Q9]")
        .replace("c2 + c3", "c2 + c8")
    )
    assert found(text) == [
        (2, "version"),
        (7, "periods.1"),
        (16, "tables.a.columns.c1.formula"),
        (21, "tables.a.rules.x.check"),
    ]


def test_a_fault_reads_as_file_line_key() -> None:
    """The line of text can be clicked in an editor and says what was expected."""
    (fault,) = faults_of(a_form().replace("version: 1", "version: x"))
    assert str(fault) == f"{FILE}:2: version: is 'x'; expected a whole number from 1 to 9999"
