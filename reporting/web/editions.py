"""Editions on pages: one with its figures, where each comes from, and what changed since."""

from __future__ import annotations

from flask import Blueprint, Response, request

from forms.canonical import read_report
from forms.derived import SUFFIX
from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.services.archive import find_kept
from reporting.services.change_exports import basis_text, changes_workbook, entered_text
from reporting.services.change_record import CAUSES_IN_WORDS
from reporting.services.edition_basis import form_as_published
from reporting.services.edition_changes import changes_between, units_since_last
from reporting.services.edition_standing import standings_of
from reporting.services.editions import find_edition
from reporting.services.entering import editions_entered
from reporting.services.lineage import lineage_of
from reporting.services.receipts import receipt_number
from reporting.web.edition_figures import edition_tables, grouped
from reporting.web.rendering import digest_in_groups, render

blp = Blueprint("editions_web", __name__)

#: What a page lists; the workbook has all of it.
_MOST_CELLS = 500
_MOST_UNITS = 100


@blp.get("/editions/<int(max=9223372036854775807):edition_id>")
@allows(Right.PAGE)
def show_edition(edition_id: int) -> str:
    """One edition: figures that lead to their parts, who is in it, what changed since the last."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        kept = find_edition(session, actor=current_actor(), edition_id=edition_id)
        edition = kept.edition
        form = form_as_published(session, parts.catalogue, edition.form_code, edition.form_version)
        standing = standings_of(session, [edition], catalogue=parts.catalogue)[edition.id]
        since = units_since_last(session, edition)
        tables = edition_tables(form, read_report(form, edition.canonical))
    return render(
        "edition.html",
        kept=kept,
        edition=edition,
        form=form,
        code=form.code.removesuffix(SUFFIX),
        standing=standing,
        tables=tables,
        since=since,
        most_units=_MOST_UNITS,
        causes=CAUSES_IN_WORDS,
        entered_text=entered_text,
        digest=digest_in_groups,
    )


@blp.get("/editions/<int(max=9223372036854775807):edition_id>/lineage")
@allows(Right.PAGE)
def show_lineage(edition_id: int) -> str:
    """The parts of one figure, and theirs, down to the file of the sender."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        level = lineage_of(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            edition_id=edition_id,
            cell=request.args.get("cell", "")[:500],
        )
    return render("lineage.html", level=level, grouped=grouped, digest=digest_in_groups)


@blp.get("/editions/<int(max=9223372036854775807):edition_id>/changes")
@allows(Right.PAGE)
def show_changes(edition_id: int) -> str:
    """What changed since another edition, by unit and cause, and by cell."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        found = changes_between(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            edition_id=edition_id,
            since=_since(),
        )
    return render(
        "changes.html",
        found=found,
        code=found.form.code.removesuffix(SUFFIX),
        causes=CAUSES_IN_WORDS,
        entered_text=entered_text,
        basis_text=basis_text,
        grouped=grouped,
        most_cells=_MOST_CELLS,
    )


@blp.get("/editions/<int(max=9223372036854775807):edition_id>/changes/workbook")
@allows(Right.PAGE)
def download_changes(edition_id: int) -> Response:
    """The same as a workbook."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        made = changes_workbook(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            edition_id=edition_id,
            since=_since(),
        )
    return hand_out(made, XLSX)


@blp.get("/receipts/<int(max=9223372036854775807):submission_id>/editions")
@allows(Right.PAGE)
def show_entered(submission_id: int) -> str:
    """Every edition that a report entered."""
    with current_parts().reading_sessions() as session:
        kept = find_kept(session, actor=current_actor(), submission_id=submission_id)
        found = editions_entered(session, actor=current_actor(), submission_id=submission_id)
    return render(
        "entered.html",
        kept=kept,
        number=receipt_number(submission_id, kept.submission.received_at),
        editions=found,
    )


def _since() -> int | None:
    """The edition to compare with, as the address names it; the one before, where it does not."""
    number = request.args.get("since", type=int)
    return number if number is None else min(max(number, 0), 2**62)
