"""Where everything of a form stands on a sheet."""

from __future__ import annotations

from datetime import date

import pytest

from forms.header_layout import fold_number, lines_needed
from forms.period import Period, Window
from forms.returns import RowName
from forms.workbook_layout import LineKind, lay_out
from tests.forms.templates import catalogue, period_of

Q3 = Period.parse("2026-Q3").window()
BEFORE_THE_MERGER = Period.parse("2025-Q1").window()


def test_header_tree_merges_what_columns_share() -> None:
    """II.06a: 'Trong kỳ' covers two columns, 'Tổng số' reaches down to the number row."""
    table = lay_out(catalogue().latest("II.06a/VPCP/KSTT"), window=Q3).tables[0]
    cells = {(c.text, c.first_col, c.last_col): (c.first_row, c.last_row) for c in table.header}
    top = table.header_row
    assert cells["Số lượng hồ sơ tiếp nhận", 2, 5] == (top, top)
    assert cells["Trong kỳ", 3, 4] == (top + 1, top + 1)
    assert cells["Tổng số", 2, 2] == (top + 1, top + 2)
    assert cells["STT", 0, 0] == (top, top + 2)
    assert table.number_row == top + 3


def test_number_row_prints_every_identity() -> None:
    """The official number with its formulas, a second identity on a line of its own."""
    quarterly = lay_out(catalogue().latest("II.06a/VPCP/KSTT"), window=Q3).tables[0]
    assert quarterly.numbers[:5] == ("(1)", "(2)", "(3)=(4)+(5)+(6)", "(4)", "(5)")
    year = Period.parse("2026").window()
    tasks, listed = lay_out(catalogue().latest("I.02/VPCP/TH"), window=year).tables
    assert tasks.numbers[0] == "(1)=(2)+(3)\n=(4)+(5)+(6)+(7)"
    assert listed.numbers == ("", "(1)", "(2)", "(3)", "(4)")


@pytest.mark.parametrize("form", catalogue().forms, ids=lambda form: form.code)
def test_no_two_header_cells_overlap(form) -> None:  # type: ignore[no-untyped-def]
    """Whatever the form, every cell between header and number row belongs to one range."""
    window = period_of(form).window()
    for table in lay_out(form, window=window).tables:
        covered = [
            (row, col)
            for cell in table.header
            for row in range(cell.first_row, cell.last_row + 1)
            for col in range(cell.first_col, cell.last_col + 1)
        ]
        rows = range(table.header_row, table.number_row)
        whole = [(row, col) for row in rows for col in range(table.last_col + 1)]
        assert sorted(covered) == whole


@pytest.mark.parametrize(("window", "sections"), [(Q3, 2), (BEFORE_THE_MERGER, 3)])
def test_what_is_not_asked_in_the_window_is_left_out(window: Window, sections: int) -> None:
    """II.06c: the district section is printed as long as its days overlap the window."""
    table = lay_out(catalogue().latest("II.06c/VPCP/KSTT"), window=window).tables[0]
    kinds = [line.kind for line in table.lines()]
    assert kinds.count(LineKind.SECTION) == sections
    assert kinds[-1] is LineKind.TOTAL


def test_lines_follow_each_other_and_find_their_figures() -> None:
    """Rows go under their own section; `index` says where among the given rows each stood."""
    names = [RowName("a", "xa"), RowName("b", "tinh"), RowName("c", "xa"), RowName("d", "gone")]
    form = catalogue().latest("II.06c/VPCP/KSTT")
    table = lay_out(form, window=Q3, rows={"a": names}).tables[0]
    lines = list(table.lines())
    assert [line.row for line in lines] == list(range(table.first_row, table.first_row + 7))
    told = [(line.name.key, line.index, line.ordinal) for line in lines if line.name]
    assert told == [("d", 3, "1"), ("b", 1, "1"), ("a", 0, "1"), ("c", 2, "2")]
    assert lines[-1].row == table.total_row == table.bottom


def test_thousands_of_rows_are_placed_before_they_are_made() -> None:
    """A writer that streams knows the total row before the first line."""
    names = [RowName(f"u{n}") for n in range(3_321)]
    form = catalogue().latest("II.9g/VPCP/KSTT")
    layout = lay_out(form, window=Q3, rows={form.tables[0].key: names})
    table = layout.tables[0]
    assert table.total_row == table.first_row + 3_321
    assert next(table.lines()).row == table.first_row


def test_tables_stand_below_each_other() -> None:
    """I.02: the list begins below the single row, and the signatures below the list."""
    year = Period.parse("2026").window()
    layout = lay_out(catalogue().latest("I.02/VPCP/TH"), window=year)
    first, second = layout.tables
    assert first.bottom < second.top < second.bottom < layout.signature_row < layout.last_row


def test_number_texts_break_before_a_sign() -> None:
    """Excel would break them inside a bracket."""
    assert fold_number("(3)=(4)+(5)+(6)", 6.5) == "(3)=(4)\n+(5)+(6)"
    assert fold_number("(3)=(4)+(5)+(6)", 14) == "(3)=(4)+(5)+(6)"


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [("một hai ba", 20, 1), ("một hai ba", 7, 2), ("", 5, 1), ("dài" * 9, 9, 3)],
)
def test_lines_of_a_wrapped_text(text: str, room: float, lines: int) -> None:
    """Words are kept whole where they fit."""
    assert lines_needed(text, room) == lines


def test_a_row_out_of_its_days_is_not_printed() -> None:
    """III.01c: UBND cấp huyện stands in the year 2025 and not in 2026."""
    form = catalogue().latest("III.01c/VPCP/KSTT")
    labels = {
        year: [line.label for line in lay_out(form, window=window).tables[0].lines()]
        for year, window in (
            (2025, Window(date(2024, 12, 15), date(2025, 12, 14))),
            (2026, Window(date(2025, 12, 15), date(2026, 12, 14))),
        )
    }
    assert "UBND cấp huyện" in labels[2025]
    assert "UBND cấp huyện" not in labels[2026]


def test_a_narrative_names_its_two_columns_apart() -> None:
    """The headings stand under another title than what is written below them."""
    form = catalogue().latest("DC.01")
    labels = lay_out(form, window=Period.parse("2026").window()).tables[0]
    header = [*labels.side_labels, *(column.label for column in labels.columns)]
    assert header == ["STT", "Đề mục", "Nội dung"]
