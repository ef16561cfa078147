"""The workbook of a series: what was read, handed to the writer as plain values."""

from __future__ import annotations

from forms.canvas import in_order
from forms.period import Period
from reporting.services.downloads import NamedFile
from reporting.services.time_views import Kept, Of, TimeView
from reporting.workbooks.series_sheets import SourceFacts
from reporting.workbooks.series_table import SeriesFacts, write_series


def series_workbook(view: TimeView) -> NamedFile:
    """The workbook of a series: the same bytes as long as the same reports and editions hold."""
    kept = sorted(view.kept.values(), key=lambda one: in_order(Period.parse(one.period)))
    facts = SeriesFacts(
        view.form,
        view.unit_name,
        view.series,
        [_source(one) for one in kept],
        max(one.at for one in kept),
    )
    first, last = view.series.asked[0], view.series.asked[-1]
    code = view.form.file_code.removesuffix("~TH")
    name = f"{code}_{view.unit_code}_{first}_{last}_chuoi.xlsx"
    subject = f"series/{view.form.code}/{view.unit_code}"
    return NamedFile(write_series(facts), name, subject, view.unit_id)


def source_text(kept: Kept) -> str:
    """Where the figures of a period come from, in words."""
    if kept.of is Of.EDITIONS:
        return f"Bản tổng hợp số {kept.number}"
    return f"Báo cáo của đơn vị, bản số {kept.number}"


def _source(kept: Kept) -> SourceFacts:
    coverage = "" if kept.expected is None else f"{kept.received}/{kept.expected}"
    return SourceFacts(
        Period.parse(kept.period), source_text(kept), kept.version, coverage, kept.at
    )
