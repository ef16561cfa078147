"""The columns of a file of units."""

from __future__ import annotations

from reporting.services.import_files import ImportFile, read_import_file

REQUIRED_COLUMNS = ("code", "kind", "name_vi", "parent", "valid_from")
OPTIONAL_COLUMNS = ("name_en", "mdd", "gso", "local", "valid_to")
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)


def read_unit_file(content: bytes) -> ImportFile:
    """The lines of a CSV of units, or what is wrong with it as a file."""
    return read_import_file(content, required=REQUIRED_COLUMNS, optional=OPTIONAL_COLUMNS)
