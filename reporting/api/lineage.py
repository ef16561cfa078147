"""Where figures come from and went: lineage of a cell, what changed, editions that were entered."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from reporting.api.blueprint import Blueprint
from reporting.api.problems import PROBLEM
from reporting.api.schemas import LARGEST_ID, ProblemSchema, text_argument
from reporting.http import XLSX, Right, allows, current_actor, current_parts, hand_out
from reporting.services.change_exports import changes_workbook
from reporting.services.change_record import Cause
from reporting.services.edition_changes import changes_between
from reporting.services.entering import Way, editions_entered
from reporting.services.lineage import MOST_FILES, MOST_LEVELS, lineage_of

blp = Blueprint("lineage", __name__, url_prefix="/api/v1", description="Where figures come from")


class LineageArguments(Schema):
    """Which cell, and how far down."""

    cell = text_argument(
        longest=500, load_default="", metadata={"description": "table/row/column: a/H55/c4"}
    )
    levels = fields.Integer(load_default=3, validate=validate.Range(1, MOST_LEVELS))
    files = fields.Integer(
        load_default=20,
        validate=validate.Range(0, MOST_FILES),
        metadata={"description": "how many senders' files are opened to find the cell in them"},
    )


class SinceArguments(Schema):
    """The edition to compare with; the one before, where none is named."""

    since = fields.Integer(load_default=None, validate=validate.Range(1, LARGEST_ID))


class SentSchema(Schema):
    """The revision behind a part."""

    submission = fields.Integer(attribute="submission_id")
    number = fields.String(metadata={"description": "of the receipt"})
    revision = fields.Integer()
    form = fields.String(attribute="form_code")
    content_sha256 = fields.String()
    file_sha256 = fields.String()
    file_name = fields.String()
    received_at = fields.AwareDateTime()
    signer = fields.String()
    actor = fields.String()


class InnerSchema(Schema):
    """One of several cells of a report that are in a part."""

    cell = fields.String()
    row = fields.String(attribute="label")
    value = fields.String()
    place = fields.String()


class PartSchema(Schema):
    """What one unit brings into a cell; only unit and value where its report may not be read."""

    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    value = fields.String(metadata={"description": "as it is added"})
    cell = fields.String(metadata={"description": "in the unit's own report; * is all rows"})
    row = fields.String(attribute="label")
    cells = fields.Integer(metadata={"description": "of the report that are in it"})
    inside = fields.List(
        fields.Nested(InnerSchema),
        metadata={"description": "those cells, where they are several and the file was opened"},
    )
    place = fields.String(
        allow_none=True,
        metadata={
            "description": "where it stands in the sender's file: Sheet!F19, or a JSON pointer; "
            "'' where it was worked out, null where nobody looked"
        },
    )
    submission = fields.Nested(SentSchema, attribute="sent", allow_none=True)
    estimate = fields.Integer(
        allow_none=True, metadata={"description": "the edition that stands in for the report"}
    )
    below = fields.Nested("LevelSchema", allow_none=True)
    difference = fields.String(
        metadata={"description": "what was reported less what the level below comes to"}
    )


class AdditionSchema(Schema):
    """Parts that add exactly to a value."""

    name = fields.String(validate=validate.OneOf(["", "numerator", "denominator"]))
    value = fields.String()
    constant = fields.String()
    parts = fields.List(fields.Nested(PartSchema))


class LevelSchema(Schema):
    """One cell of one edition, taken apart."""

    edition = fields.Integer(attribute="edition_id")
    number = fields.Integer()
    form = fields.String(attribute="form_code")
    period = fields.String()
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    cell = fields.String()
    row = fields.String(attribute="row_label")
    column = fields.String(attribute="column_label")
    value = fields.String(metadata={"description": "'' where the cell is blank"})
    is_computed = fields.Boolean()
    additions = fields.List(fields.Nested(AdditionSchema))


class ComparedSchema(Schema):
    """One of two editions."""

    id = fields.Integer()
    number = fields.Integer()
    cut_off_at = fields.String()
    sha256 = fields.String()


_CAUSE = validate.OneOf([one.value for one in Cause])
_ENTERED = {"type": ["object", "null"], "description": "the revision, or edition, that entered"}


class UnitChangeSchema(Schema):
    """A unit of which something else entered."""

    cause = fields.String(validate=_CAUSE)
    unit = fields.String()
    unit_name = fields.String()
    form = fields.String()
    old = fields.Raw(metadata=_ENTERED)
    new = fields.Raw(metadata=_ENTERED)


class BasisChangeSchema(Schema):
    """One thing beside the reports that is not as it was."""

    what = fields.String()
    name = fields.String()
    old = fields.String()
    new = fields.String()


class CellCauseSchema(Schema):
    """What a cause changed in a cell; no unit where it is no sum over units."""

    cause = fields.String(validate=_CAUSE)
    unit = fields.String()
    unit_name = fields.String()
    delta = fields.String()


class CellChangeSchema(Schema):
    """One cell; the deltas of its causes add up to its own."""

    cell = fields.String()
    row = fields.String()
    column = fields.String()
    old = fields.String()
    new = fields.String()
    delta = fields.String(metadata={"description": "'' where the cell is a text"})
    causes = fields.List(fields.Nested(CellCauseSchema))


class ChangesSchema(Schema):
    """What changed between two editions."""

    form = fields.String()
    period = fields.String()
    unit = fields.String()
    unit_name = fields.String()
    old = fields.Nested(ComparedSchema)
    new = fields.Nested(ComparedSchema)
    units = fields.List(fields.Nested(UnitChangeSchema))
    basis = fields.List(fields.Nested(BasisChangeSchema))
    cells = fields.List(fields.Nested(CellChangeSchema))


class EnteredSchema(Schema):
    """One edition that a report entered."""

    edition = fields.Integer(attribute="edition_id")
    number = fields.Integer()
    form = fields.String(attribute="form_code")
    period = fields.String()
    unit = fields.String(attribute="unit_code")
    unit_name = fields.String()
    cut_off_at = fields.AwareDateTime()
    way = fields.String(validate=validate.OneOf([one.value for one in Way]))
    through = fields.Integer(
        allow_none=True, metadata={"description": "the edition below by which it did"}
    )
    may_read = fields.Boolean()


@blp.get("/consolidations/<int(max=9223372036854775807):edition_id>/lineage")
@blp.arguments(LineageArguments, location="query")
@blp.response(200, LevelSchema)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT)
def get_lineage(arguments: dict[str, Any], edition_id: int) -> Any:
    """The parts of one cell, and theirs, down to revision, file and sheet cell."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        return lineage_of(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            edition_id=edition_id,
            cell=arguments["cell"],
            levels=arguments["levels"],
            files=arguments["files"],
        )


@blp.get("/consolidations/<int(max=9223372036854775807):edition_id>/changes")
@blp.arguments(SinceArguments, location="query")
@blp.response(200, ChangesSchema)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT)
def get_changes(arguments: dict[str, Any], edition_id: int) -> Any:
    """What changed since another edition: by unit, by cell, by cause."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        return changes_between(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            edition_id=edition_id,
            since=arguments["since"],
        ).as_data()


@blp.get("/consolidations/<int(max=9223372036854775807):edition_id>/changes/workbook")
@blp.arguments(SinceArguments, location="query")
@blp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
@blp.alt_response(409, schema=ProblemSchema, content_type=PROBLEM)
@allows(Right.CLIENT)
def get_changes_workbook(arguments: dict[str, Any], edition_id: int) -> Response:
    """The same as a workbook."""
    parts = current_parts()
    with parts.reading_sessions() as session:
        made = changes_workbook(
            session,
            actor=current_actor(),
            catalogue=parts.catalogue,
            edition_id=edition_id,
            since=arguments["since"],
        )
    return hand_out(made, XLSX)


@blp.get("/submissions/<int(max=9223372036854775807):submission_id>/editions")
@blp.response(200, EnteredSchema(many=True))
@allows(Right.CLIENT)
def get_entered(submission_id: int) -> Any:
    """Every edition that a revision entered: itself, by an edition, by a report above it."""
    with current_parts().reading_sessions() as session:
        return editions_entered(session, actor=current_actor(), submission_id=submission_id)
