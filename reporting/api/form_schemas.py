"""The shapes in which declared forms and regimes are shown."""

from __future__ import annotations

from marshmallow import Schema, fields


class RegimeSchema(Schema):
    """A reporting regime: which periods, over which days, due when."""

    code = fields.String()
    name = fields.String()
    source = fields.String()
    kind = fields.String()
    periods = fields.List(fields.String())
    window = fields.String()
    predecessors = fields.Dict(keys=fields.String(), values=fields.String())
    due = fields.Dict(keys=fields.String(), values=fields.Integer())
    roll = fields.String()


class FormSchema(Schema):
    """One version of a declared form."""

    code = fields.String()
    file_code = fields.String()
    version = fields.Integer()
    title_vi = fields.String()
    title_en = fields.String()
    source = fields.String()
    regime = fields.String()
    unit = fields.String()
    periods = fields.List(fields.String())
    reporter = fields.String()
    reporter_kinds = fields.List(fields.String())
    receiver = fields.String()
    checksum = fields.String()
    is_published = fields.Boolean()
    is_consolidated = fields.Boolean()


class ColumnSchema(Schema):
    """One column of a table."""

    id = fields.String()
    number = fields.String()
    label = fields.String()
    type = fields.String()
    digits = fields.Integer()
    unit = fields.String()
    compulsory = fields.Boolean()
    not_applicable = fields.Boolean()
    is_computed = fields.Function(lambda column: column.formula is not None)
    code_list = fields.String()


class RowSchema(Schema):
    """One declared row."""

    key = fields.String()
    label = fields.String()
    number = fields.String()
    section = fields.String()


class SectionSchema(Schema):
    """A heading under which rows repeat."""

    key = fields.String()
    label = fields.String()


class RuleSchema(Schema):
    """A comparison that a report must satisfy."""

    id = fields.String()
    text = fields.String()
    scope = fields.String()
    severity = fields.String()
    origin = fields.String()
    note = fields.String()


class TableSchema(Schema):
    """One table of a form."""

    key = fields.String()
    title = fields.String()
    model = fields.String()
    row_heading = fields.Function(lambda table: table.heading.label)
    max_rows = fields.Integer()
    compulsory = fields.Boolean()
    has_total = fields.Function(lambda table: table.total is not None)
    columns = fields.List(fields.Nested(ColumnSchema))
    sections = fields.List(fields.Nested(SectionSchema))
    rows = fields.List(fields.Nested(RowSchema))
    rules = fields.List(fields.Nested(RuleSchema))


class SourceSchema(Schema):
    """From which reports a consolidated table is made, and how."""

    form = fields.String()
    table = fields.String()
    into = fields.String()
    mode = fields.String()
    row = fields.String()


class FormDetail(FormSchema):
    """One version of a declared form with its tables and rules."""

    notes = fields.String()
    tables = fields.List(fields.Nested(TableSchema))
    sources = fields.List(fields.Nested(SourceSchema))
