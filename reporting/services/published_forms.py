"""Declarations as they were when a period opened: kept to the byte, and never let change.

Whatever becomes of the files, what was asked can be read again, and an old edition rebuilt.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.definition import FormVersion
from forms.faults import BadDeclaration, Fault
from reporting.db import insert_once, reading_engine
from reporting.errors import Conflict
from reporting.models import PublishedForm
from reporting.models.base import table_of


def keep_declaration(session: Session, *, form: FormVersion, now: datetime) -> None:
    """Keep the declaration of a form version that is being asked for the first time.

    Raises Conflict where the version was asked before under another declaration: its reports
    and editions were made by what it said then.
    """
    kept = session.scalars(
        select(PublishedForm.checksum).where(
            PublishedForm.form_code == form.code, PublishedForm.version == form.version
        )
    ).one_or_none()
    if kept is None:
        row = {
            "form_code": form.code,
            "version": form.version,
            "checksum": form.checksum,
            "declaration": Path(form.path).read_text(encoding="utf-8"),
            "published_at": now,
        }
        insert_once(session, table_of(PublishedForm), [row])
    elif kept != form.checksum:
        raise Conflict(
            vi=f"Biểu {form.code} phiên bản {form.version} đã dùng với nội dung khác. "
            "Hãy khai báo phiên bản mới.",
            en=f"Form {form.code} version {form.version} was in use with another declaration. "
            "Please declare a new version.",
        )


def refuse_changed_declarations(engine: Engine, catalogue: Catalogue) -> None:
    """Refuse to start where a version that was asked says something else now.

    Raises BadDeclaration with every such version. A store without tables has nothing in use.
    """
    kept = table_of(PublishedForm).c
    try:
        # A reading connection: starting must not wait for whoever is writing.
        with reading_engine(engine).connect() as connection:
            if not inspect(connection).has_table(PublishedForm.__tablename__):
                return
            rows = connection.execute(select(kept.form_code, kept.version, kept.checksum)).all()
    except OperationalError:
        return  # A store that is away keeps nobody from starting; readiness tells of it.
    declared = {(form.code, form.version): form for form in catalogue.forms}
    faults = [
        Fault(
            declared[code, version].path,
            1,
            "version",
            f"{code} version {version} is in use with another content",
            "a new version, or the content as it was",
        )
        for code, version, checksum in rows
        if (code, version) in declared and declared[code, version].checksum != checksum
    ]
    if faults:
        raise BadDeclaration(faults)
