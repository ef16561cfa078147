"""Layouts of the higher level that no file declares: the leaf's own columns, one row per agency.

The printed higher forms (I.05, III.02, IV.03) are the leaf with an agency column before it, so
they follow from the leaf. Where a form is declared that consolidates the leaf, that one holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from forms.definition import (
    CellType,
    Column,
    Consolidate,
    FormVersion,
    Mode,
    RowHeading,
    RowModel,
    Rule,
    Scope,
    Source,
    Table,
    Total,
)

#: What tells the code of a derived layout from its leaf's; no declared code has a `~`.
SUFFIX = "~TH"

AGENCY_COLUMN = "don_vi"

#: How the rows of each kind of table come together one level up.
_MODES = {
    RowModel.SINGLE: Mode.STACK,
    RowModel.OPEN: Mode.SUM,
    RowModel.FIXED: Mode.SUM,
    RowModel.LIST: Mode.CONCATENATE,
}
_AGENCY = "Bộ, cơ quan, địa phương"
_TOTAL = "TỔNG CỘNG"


def derived_layouts(forms: Iterable[FormVersion]) -> tuple[FormVersion, ...]:
    """The layout of every form that no form consolidates, not even itself."""
    known = tuple(forms)
    consolidated = {source.form for form in known for source in form.sources}
    return tuple(
        stacked(form)
        for form in known
        if form.code not in consolidated
        and not form.sources
        and any(table.model in _MODES for table in form.tables)
    )


def stacked(form: FormVersion) -> FormVersion:
    """The form one level up, which every table reaches in the way of its rows.

    A single row becomes one row per agency; rows with a key or a declared name are summed by it;
    list rows are put one after the other with their agency before them. Narratives are read
    agency by agency and have no place in it.
    """
    tables = tuple(_layouts[table.model](table) for table in form.tables if table.model in _layouts)
    kept = {table.key for table in tables}
    return replace(
        form,
        code=f"{form.code}{SUFFIX}",
        title_vi=f"Tổng hợp: {form.title_vi}",
        title_en=f"Summary: {form.title_en}",
        reporter=form.receiver,
        reporter_kinds=(),
        receiver="",
        tables=tables,
        sources=tuple(
            Source(
                form=form.code,
                table=table.key,
                into=table.key,
                mode=_MODES[table.model],
            )
            for table in form.tables
            if table.key in kept
        ),
        notes="",
    )


def _stacked_table(table: Table) -> Table:
    return replace(
        table,
        model=RowModel.UNITS,
        heading=RowHeading(_AGENCY),
        total=Total(_TOTAL),
        rules=tuple(rule for rule in table.rules if _holds_in_a_row(rule)),
        max_rows=500,
    )


def _listed_table(table: Table) -> Table:
    agency = Column(
        id=AGENCY_COLUMN,
        path=(_AGENCY,),
        type=CellType.TEXT,
        compulsory=True,
        consolidate=Consolidate.CONCATENATE,
    )
    return replace(
        table,
        columns=(agency, *table.columns),
        rules=(),
        max_rows=max(table.max_rows, 100_000),
    )


def _summed_table(table: Table) -> Table:
    return replace(
        table,
        rules=tuple(rule for rule in table.rules if not rule.is_external),
        max_rows=max(table.max_rows, 10_000),
    )


def _holds_in_a_row(rule: Rule) -> bool:
    """Whether the rule speaks of one row alone, so that it holds in every agency's row."""
    alone = all(
        ref.kind == "cell" and not (ref.row or ref.table or ref.source)
        for ref in rule.expression.refs
    )
    return rule.scope is Scope.ROW and alone


_layouts = {
    RowModel.SINGLE: _stacked_table,
    RowModel.OPEN: _summed_table,
    RowModel.FIXED: _summed_table,
    RowModel.LIST: _listed_table,
}
