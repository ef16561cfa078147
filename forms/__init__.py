"""Declared forms and their engine. Knows nothing of HTTP and of the database.

To follow a return, read in this order: `definition` (what a form is), `reading_json` or
`reading_xlsx` (raw cells in), `naming_rows` and `tabulating` (raw cells to figures), `checking`
and `rule_outcomes` (all issues at once), `canonical` (the bytes that are kept), `consolidating`
(many reports to one table). `catalogue` loads the declarations, `blank_workbook` writes the
template that a reporter fills in.
"""
