"""What a good declaration says: defaults laid under columns, rules with their scopes."""

from __future__ import annotations

from datetime import date

import pytest

from forms.catalogue import Catalogue, load_forms
from forms.declaration import read_declaration
from forms.definition import (
    BlankMeans,
    CellType,
    Column,
    Consolidate,
    Mode,
    Origin,
    RowModel,
    Scope,
    Severity,
)
from forms.expressions import PercentOf, Ref
from tests.forms.declaring import COLUMNS, SHAPES, a_form, head


@pytest.fixture(scope="module")
def shapes() -> Catalogue:
    """The shipped forms and those of unusual shapes."""
    return load_forms([SHAPES])


def columns_of(lines: str) -> dict[str, Column]:
    """Columns of a single-row table, from the lines after its `rows`."""
    text = head() + "tables:\n  - key: a\n    title: Bảng\n    rows: {model: single}\n" + lines
    return dict(read_declaration(text, file="v1.yaml").tables[0].by_id)


def test_header_tree_becomes_paths() -> None:
    """Nested headers are the path of a column, top first; `c12` is printed as (12)."""
    columns = columns_of(
        "    cells: {type: integer}\n"
        "    columns:\n"
        "      - header: Tiếp nhận\n"
        "        columns:\n"
        "          - header: Trong kỳ\n"
        "            columns:\n"
        "              - {id: c12, label: Trực tuyến}\n"
        "      - {id: van_ban, label: Văn bản, type: text}\n"
        '      - {id: c13, label: Khác, number: "13a"}\n'
        '      - {id: c14, label: Không in, number: ""}\n'
    )
    assert columns["c12"].path == ("Tiếp nhận", "Trong kỳ", "Trực tuyến")
    assert [column.number for column in columns.values()] == ["12", "", "13a", ""]


def test_words_take_no_defaults_of_figures() -> None:
    """A note column is no integer, not compulsory, has no bounds and is not added up."""
    columns = columns_of(
        "    cells: {type: integer, min: 0, compulsory: true, consolidate: sum}\n"
        "    columns:\n"
        "      - {id: c1, label: Số}\n"
        "      - {id: c2, label: Ghi chú, type: text}\n"
    )
    assert columns["c1"].compulsory
    assert columns["c1"].minimum == 0
    assert not columns["c2"].compulsory
    assert columns["c2"].minimum is None
    assert columns["c2"].consolidate is Consolidate.NONE


def test_bounds_are_plain_figures_scaled_exactly() -> None:
    """`min: 0.1` of a cell with three digits is 100 thousandths."""
    columns = columns_of(
        "    cells: {type: decimal, digits: 3, min: 0.1}\n"
        "    columns:\n"
        "      - {id: c1, label: Tiền, max: 99999999999.999}\n"
        "      - {id: c2, label: Đất, digits: 2}\n"
        "      - {id: c3, label: Người, type: integer, min: 0, max: 9}\n"
    )
    assert (columns["c1"].minimum, columns["c1"].maximum) == (100, 99_999_999_999_999)
    assert (columns["c2"].digits, columns["c2"].minimum) == (2, 10)
    assert (columns["c3"].digits, columns["c3"].maximum) == (0, 9)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("type: integer", Consolidate.SUM),
        ("type: decimal, digits: 1", Consolidate.SUM),
        ("type: stock", Consolidate.SUM),
        ("type: percent, formula: 'percent(c2, c1)'", Consolidate.RECOMPUTE),
        ("type: percent", Consolidate.NONE),
        ("type: text", Consolidate.NONE),
        ("type: date", Consolidate.NONE),
    ],
)
def test_how_a_cell_consolidates_follows_from_its_type(cells: str, expected: Consolidate) -> None:
    """Counts add up, ratios are computed again, everything else is left out."""
    columns = columns_of(
        "    columns:\n"
        "      - {id: c1, label: Một, type: integer}\n"
        "      - {id: c2, label: Hai, type: integer}\n"
        f"      - {{id: c9, label: Ba, {cells}}}\n"
    )
    assert columns["c9"].consolidate is expected


def test_texts_stand_as_written() -> None:
    """`no` and `010` are the words they look like, not False and 8."""
    text = head(code="010") + "tables:\n  - key: a\n    title: no\n    rows: {model: single}\n"
    form = read_declaration(text + COLUMNS, file="v1.yaml")
    assert (form.code, form.tables[0].title) == ("010", "no")


def test_rules_have_usual_severities_and_ids() -> None:
    """A derived rule warns, others refuse; a rule without an id is numbered."""
    rules = (
        "      - {check: c1 == c2 + c3, origin: printed}\n"
        "      - {check: c2 <= c1, origin: note, blank: zero}\n"
        "      - {id: con, check: c3 <= c1, origin: derived}\n"
        "      - {id: ba, check: c3 >= 1, origin: derived, severity: error, note: Vì sao}\n"
    )
    r1, r2, con, ba = read_declaration(a_form(rules=rules), file="v1.yaml").tables[0].rules
    assert [rule.id for rule in (r1, r2, con, ba)] == ["r1", "r2", "con", "ba"]
    assert (r1.severity, r1.origin, r1.blank) == (Severity.ERROR, Origin.PRINTED, BlankMeans.SKIP)
    assert (r2.severity, r2.blank) == (Severity.ERROR, BlankMeans.ZERO)
    assert con.severity is Severity.WARNING
    assert (ba.severity, ba.note) == (Severity.ERROR, "Vì sao")


def test_vertical_list_has_rules_down_its_rows(shapes: Catalogue) -> None:
    """Names that are rows make a rule of every column, in 121 rows under seven sections."""
    table = shapes.latest("MAU.01/KTXH").tables[0]
    rules = {rule.id: rule for rule in table.rules}
    assert (len(table.rows), len(table.columns), len(table.sections)) == (121, 3, 7)
    assert rules["thuy_san"].scope is Scope.COLUMN
    assert rules["thuy_san"].expression.refs == (Ref(row="i59"), Ref(row="i60"), Ref(row="i61"))
    assert rules["luy_ke_tang"].expression.refs[1] == Ref(row="i59", source="previous")
    assert rules["luy_ke"].scope is Scope.ROW
    formula = table.row_by_key["i59"].formula
    assert formula is not None
    assert formula.refs == (Ref(row="i60"), Ref(row="i61"))
    assert table.row_by_key["i47"].digits == 0


def test_cumulative_cells_read_the_last_period(shapes: Catalogue) -> None:
    """`c4 == previous(c4) + c2 + c3` is asked of every row, and needs no code."""
    form = shapes.latest("MAU.02/VON")
    rule, total = form.tables[0].rules
    assert Ref(column="c4", source="previous") in rule.expression.refs
    assert (rule.scope, rule.is_external) == (Scope.ROW, True)
    assert total.scope is Scope.TABLE
    assert form.predecessors == {"M": "M"}


def test_ratio_and_stock(shapes: Catalogue) -> None:
    """A percentage is computed from counts and again after adding up; a stock adds over units."""
    columns = shapes.latest("MAU.03/TYLE").tables[0].by_id
    assert isinstance(columns["c3"].formula, PercentOf)
    assert (columns["c3"].maximum, columns["c3"].consolidate) == (1000, Consolidate.RECOMPUTE)
    assert (columns["c4"].type, columns["c4"].consolidate) == (CellType.STOCK, Consolidate.SUM)


def test_narrative_has_the_headings_of_the_decree(shapes: Catalogue) -> None:
    """An outline without columns takes one text under each of the five headings."""
    table = shapes.latest("MAU.04/DC").tables[0]
    assert table.model is RowModel.OUTLINE
    assert [row.number for row in table.rows] == ["I", "II", "III", "IV", "V"]
    assert [column.type for column in table.columns] == [CellType.TEXT]


def test_inequality_across_forms(shapes: Catalogue) -> None:
    """A row is compared with the row of the same key in another form; totals once."""
    row, total, both = shapes.latest("MAU.05/LIEN").tables[0].rules
    assert row.scope is Scope.ROW
    assert row.expression.refs[1] == Ref(column="c7", source="03/GQKN")
    assert (total.scope, both.scope) == (Scope.TABLE, Scope.TABLE)
    assert both.expression.refs[1] == Ref(column="c7", row="total", source="03/GQKN")


def test_sum_over_another_table_names_it() -> None:
    """In `sum(b.c1)` the first name is a table, since a sum runs over rows."""
    other = "  - key: b\n    title: Bảng hai\n    rows: {model: single}\n" + COLUMNS
    rules = "    rules:\n      - {check: c1 == sum(b.c1), origin: note}\n"
    form = read_declaration(a_form() + rules + other, file="v1.yaml")
    assert form.tables[0].rules[0].expression.refs[1] == Ref(column="c1", table="b", kind="sum")


def test_fixed_rows_have_days_and_sources() -> None:
    """III.01c: the district row ends with the districts, the commune row comes from III.01a."""
    form = load_forms().latest("III.01c/VPCP/KSTT")
    rows = form.tables[0].row_by_key
    assert rows["huyen"].validity.valid_to == date(2025, 6, 30)
    assert rows["xa"].taken_from == "III.01a/VPCP/KSTT"
    (source,) = form.sources
    assert (source.mode, source.row, source.columns["c3"]) == (Mode.SUM, "xa", "c1")
