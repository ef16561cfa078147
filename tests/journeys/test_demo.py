"""The demonstration in a small size: it ends well, twice alike, with totals that add up."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from forms.canonical import read_report
from forms.returns import Report
from reporting.db import make_engine, make_session_factory
from reporting.models import (
    Edition,
    EditionInput,
    RefusedAttempt,
    ReportingUnit,
    Submission,
)
from tests.builders import shipped_forms

NATIONAL = "II.9g/VPCP/KSTT"


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "reporting-jobs"
    return subprocess.run(
        [program, "demo", "--no-serve", "--small", "--folder", folder],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Two runs in folders of their own, and what the first one said."""
    folders = [tmp_path_factory.mktemp("demo") / name for name in ("one", "two")]
    done = [_run(folder) for folder in folders]
    for run in done:
        assert run.returncode == 0, run.stdout + run.stderr
    return folders[0], folders[1], done[0].stdout


def _session(folder: Path) -> Session:
    return make_session_factory(make_engine(f"sqlite:///{folder / 'demo.sqlite3'}"))()


def _total(report: Report, column: str) -> Decimal:
    form = shipped_forms().form(report.form, report.version)
    index = form.table_by_key["a"].figure_index[column]
    return Decimal(int(report.tables["a"].total_values[index]))


@pytest.mark.xdist_group("demo")
def test_national_totals_are_the_sum_of_what_was_sent(runs: tuple[Path, Path, str]) -> None:
    """The total row of II.9g is the sum of the totals of the reports that went into it."""
    catalogue = shipped_forms()
    with _session(runs[0]) as session:
        edition = session.scalars(
            select(Edition)
            .where(Edition.form_code == NATIONAL)
            .order_by(Edition.number.desc())
            .options(undefer(Edition.canonical))
        ).first()
        assert edition is not None
        inputs = session.scalars(
            select(Submission)
            .join(EditionInput, EditionInput.submission_id == Submission.id)
            .where(EditionInput.edition_id == edition.id)
            .options(undefer(Submission.canonical))
        ).all()
        assert len(inputs) == edition.coverage["received"] > 3
        form = catalogue.form(edition.form_code, edition.form_version)
        stated = read_report(form, edition.canonical)
        sent = [
            read_report(catalogue.form(row.form_code, row.form_version), row.canonical)
            for row in inputs
        ]
        for column in ("c3", "c4", "c7", "c10", "c11", "c13"):
            assert _total(stated, column) == sum(_total(report, column) for report in sent) > 0


@pytest.mark.xdist_group("demo")
def test_the_workbooks_are_there_under_their_names(runs: tuple[Path, Path, str]) -> None:
    """Every edition has its workbook, named by form, unit, period and edition, and it opens."""
    names = {path.name for path in runs[0].glob("*.xlsx")}
    assert f"{NATIONAL.replace('/', '-')}_CP_2026-Q3_ed1.xlsx" in names
    assert "II.06c-VPCP-KSTT_H55_2026-Q3_ed2.xlsx" in names
    assert {"01-TCD_CP_2026-Q3_ed1.xlsx", "I.02-VPCP-TH~TH_CP_2025_ed1.xlsx"} <= names
    for path in runs[0].glob("*.xlsx"):
        assert load_workbook(path, read_only=True).sheetnames
    templates = {path.name for path in (runs[0] / "templates").glob("*.xlsx")}
    assert {"blank", "filled"} <= {re.split("[_.]", name)[-2] for name in templates}


@pytest.mark.xdist_group("demo")
def test_two_runs_make_the_same_editions(runs: tuple[Path, Path, str]) -> None:
    """The hashes of all editions are the same, whenever and wherever it runs."""
    query = (
        select(
            Edition.form_code, Edition.period, ReportingUnit.code, Edition.number, Edition.sha256
        )
        .join(ReportingUnit, ReportingUnit.id == Edition.unit_id)
        .order_by(Edition.id)
    )
    found = []
    for folder in runs[:2]:
        with _session(folder) as session:
            found.append(list(session.execute(query)))
    assert found[0] == found[1]
    assert len({row[-1] for row in found[0]}) > 5


@pytest.mark.xdist_group("demo")
def test_every_refusal_shown_was_given_by_the_server(runs: tuple[Path, Path, str]) -> None:
    """Each refused attempt is in the store, and no other is told of."""
    with _session(runs[0]) as session:
        attempts = session.scalars(select(RefusedAttempt)).all()
        assert len(attempts) >= 3
        assert all(attempt.issues for attempt in attempts)
        late = session.scalars(select(Submission).where(Submission.is_on_time.is_(False))).all()
    assert late
    assert "Refused, and why" in runs[2]


@pytest.mark.xdist_group("demo")
def test_a_folder_of_others_stops_the_demonstration(tmp_path: Path) -> None:
    """It ends with 1 and a sentence, and deletes nothing."""
    kept = tmp_path / "mine.txt"
    kept.write_text("x")
    before = hashlib.sha256(kept.read_bytes()).hexdigest()
    done = _run(tmp_path)
    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == before


@pytest.mark.xdist_group("demo")
def test_people_signed_and_their_receipts_verify(runs: tuple[Path, Path, str]) -> None:
    """A report went from the clerk over the head to its receiver and back, and can be proved."""
    folder, _, said = runs
    assert "the province accepts it" in said
    assert "one flipped byte is found" in said
    receipts = sorted((folder / "receipts").glob("receipt-*.json"))
    assert len(receipts) == 2
    with _session(folder) as session:
        signed = session.scalars(
            select(Submission).where(Submission.signer.contains("Hoàng Văn Nam"))
        ).all()
        assert [one.status.value for one in signed] == ["returned", "accepted"]
        assert all(one.approval_id for one in signed)
    program = files("reporting") / "proof" / "verify_receipt.py"
    for receipt in receipts:
        command = [sys.executable, str(program), receipt, "--key", folder / "receipts/public.pem"]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0
