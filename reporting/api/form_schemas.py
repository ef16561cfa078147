"""The shapes in which declared forms and regimes are shown."""

from __future__ import annotations

from marshmallow import Schema, fields


class LegalSchema(Schema):
    """The document in which a regime stands."""

    number = fields.String()
    issuer = fields.String()
    issued_by = fields.String()
    document = fields.String(attribute="form")
    date = fields.Date(allow_none=True, attribute="issued_on")
    valid_from = fields.Date(allow_none=True)


class WindowRuleSchema(Schema):
    """From which day of the month before to which day of the last month; 0 is the month's end."""

    first_day = fields.Integer()
    last_day = fields.Integer()
    within_year = fields.Boolean()


class DueDaySchema(Schema):
    """A day of the month in which the period ends, or of a month after it."""

    day = fields.Integer()
    months_after = fields.Integer()


class OccasionSchema(Schema):
    """One time that a thematic or ad hoc report is asked for."""

    period = fields.String()
    first = fields.Date(attribute="window.first")
    last = fields.Date(attribute="window.last")
    opens = fields.Date()
    due = fields.Date()


class RegimeSchema(Schema):
    """A reporting regime, with the components of Điều 7 of Nghị định 09/2019/NĐ-CP."""

    code = fields.String()
    name = fields.String()
    source = fields.String()
    kind = fields.String()
    legal = fields.Nested(LegalSchema)
    content = fields.List(fields.String())
    about = fields.String()
    reporters = fields.String()
    receiver = fields.String()
    methods = fields.List(fields.String())
    periods = fields.List(fields.String())
    window = fields.Nested(WindowRuleSchema)
    predecessors = fields.Dict(keys=fields.String(), values=fields.String())
    due = fields.Dict(keys=fields.String(), values=fields.Nested(DueDaySchema))
    roll = fields.String()
    occasions = fields.List(fields.Nested(OccasionSchema))
    outline = fields.List(fields.String())
    guidance = fields.String()
    is_secret = fields.Boolean()


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
