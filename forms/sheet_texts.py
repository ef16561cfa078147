"""Texts in the figure cells of a sheet: which of them the server may read as a figure.

A cell may hold `1.234`, ` 12 ` or full-width digits as text, pasted from elsewhere. The server
reads such a text by one rule (forms.values); the functions of a sheet do not see it, and what they
make of `1.234` depends on the settings of the computer. So a sheet does not read it either: it
says that a figure is written as text, and leaves alone what would have to be added up with it.
Only functions that Excel 2016 and LibreOffice share are used, and SUMPRODUCT for arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

from forms.definition import CellType, Column

#: What a figure cell may say instead of a figure, where the column allows it.
NOT_APPLICABLE = ("KAD", "N/A", "KHÔNG ÁP DỤNG")

_DIGITS = "0123456789０１２３４５６７８９"
#: What may stand between digits, and before them; spaces of the kinds that are pasted.
_SPACES = " \u00a0\u2007\u2009\u202f\u3000"
_MARKS = ".,+．，＋"
_MINUS = "-\u2212－"
_PERCENT = "%％"

#: No figure that is read is longer.
_LONGEST = 60


def unread(cells: str, column: Column | None = None) -> str:
    """What is TRUE where a range holds more than figures, blanks and words that may stand there.

    What is no figure and no blank is counted, because COUNTIF with a wildcard takes figures for
    text in LibreOffice. A blank that a formula gives is a blank.
    """
    known = f"COUNT({cells})+COUNTBLANK({cells})"
    if column is not None and column.not_applicable:
        known += "".join(f'+COUNTIF({cells},"{word}")' for word in NOT_APPLICABLE)
    return f"{known}<ROWS({cells})*COLUMNS({cells})"


def never_a_figure(cells: str, column: Column) -> str:
    """What is TRUE where a range holds a text that the server refuses in this column, or an error.

    Such a text has other signs than digits and separators, or does not end in a digit. A text that
    passes may still be refused, as `1.23.4` is; it is told as a doubt.
    """
    allowed = _DIGITS + _SPACES + _MARKS
    last = _DIGITS
    if column.minimum is None or column.minimum < 0:
        allowed += _MINUS
    if column.type is CellType.PERCENT:
        allowed, last = allowed + _PERCENT, last + _PERCENT
    plain = cells
    for space in _SPACES[1:]:
        plain = f'SUBSTITUTE({plain},"{space}"," ")'
    plain = f"TRIM({plain})"
    # ROW($1:$60) stands for the numbers to 60: an array constant of them would be far longer. The
    # zeros fill a short text up, because LibreOffice finds no empty text.
    filled = f'{cells}&REPT("0",{_LONGEST})'
    strange = f'ISERROR(FIND(MID({filled},ROW($1:${_LONGEST}),1),"{allowed}"))'
    endless = f'ISERROR(FIND(RIGHT("x"&{plain},1),"{last}"))'
    text = f"ISTEXT({cells})*(LEN({cells})>0)"
    if column.not_applicable:
        words = ",".join(f'"{word}"' for word in NOT_APPLICABLE)
        text += f"*ISNA(MATCH(UPPER({plain}),{{{words}}},0))"
    return f"SUMPRODUCT({text}*({strange}+{endless})+ISERROR({cells})+ISLOGICAL({cells}))>0"


def alike(columns: Sequence[Column]) -> list[list[Column]]:
    """The figure columns in groups in which the same texts may be figures."""
    groups: dict[tuple[bool, bool, bool], list[Column]] = {}
    for column in columns:
        signed = column.minimum is None or column.minimum < 0
        key = (column.not_applicable, signed, column.type is CellType.PERCENT)
        groups.setdefault(key, []).append(column)
    return list(groups.values())
