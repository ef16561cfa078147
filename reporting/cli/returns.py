"""`reporting receive` and `reporting check`: returns in files, JSON or filled templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from forms.definition import Severity
from forms.issues import EN, VI, Issue, sentence
from forms.returns import RawReturn
from reporting.cli.opening import console_actor, open_parts
from reporting.cli.printing import a_console, local_time
from reporting.errors import Refusal
from reporting.models import Door
from reporting.parts import Parts
from reporting.services.deliveries import read_return, safe_file_name
from reporting.services.receipts import Receipt, Verdict
from reporting.services.refusing import Delivery
from reporting.services.submissions import preflight, receive

_files = click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)

_MOST_ISSUES_SHOWN = 200

#: What an error of a rule over other reports says: it refuses nothing.
_DISAGREES = ("chưa khớp với báo cáo khác", "does not agree with another report")

#: What is done with one file: its return, its bytes, its name -> the verdict.
_Act = Callable[[Parts, RawReturn, bytes, str], Receipt]


@click.command("receive")
@_files
def receive_files(files: tuple[Path, ...]) -> None:
    """Receive the returns in FILES; exit 1 if any is refused, which is kept with its issues."""
    _take(files, _receive)


@click.command("check")
@_files
def check_files(files: tuple[Path, ...]) -> None:
    """Say what would become of the returns in FILES; nothing is kept; exit 1 if any is refused."""
    _take(files, _check)


def _receive(parts: Parts, raw: RawReturn, body: bytes, name: str) -> Receipt:
    delivery = Delivery(raw, body, name, Door.COMMAND, parts.clock())
    with parts.sessions.begin() as session:
        return receive(
            session,
            actor=console_actor(),
            delivery=delivery,
            catalogue=parts.catalogue,
            clock=parts.clock,
            signer=parts.signer,
        )


def _check(parts: Parts, raw: RawReturn, body: bytes, name: str) -> Receipt:
    with parts.reading_sessions() as session:
        return preflight(
            session,
            actor=console_actor(),
            raw=raw,
            catalogue=parts.catalogue,
            now=parts.clock(),
        )


def _take(files: Sequence[Path], act: _Act) -> None:
    """Do the same with each file, one transaction each, so that one does not undo another."""
    console = a_console()
    refused = 0
    with open_parts() as parts:
        for file in files:
            receipt = _take_one(parts, file, act)
            _show(console, parts, file, receipt)
            refused += receipt.verdict in (Verdict.REFUSED, Verdict.FIGURES_GOOD)
    if refused:
        raise click.exceptions.Exit(1)


def _take_one(parts: Parts, file: Path, act: _Act) -> Receipt:
    limit = parts.settings.max_body
    with file.open("rb") as opened:
        body = opened.read(limit + 1)
    if len(body) > limit:
        raise click.ClickException(f"{file}: over {limit} bytes (REPORTING_MAX_BODY)")
    is_workbook = file.suffix.lower() != ".json"
    raw = read_return(body, is_workbook=is_workbook, limits=parts.xlsx_limits)
    try:
        return act(parts, raw, body, safe_file_name(file.name, "return"))
    except Refusal as refusal:
        raise click.ClickException(f"{file}: {refusal.vi}\n{refusal.en}") from None


def _show(console: Console, parts: Parts, file: Path, receipt: Receipt) -> None:
    about = " ".join(part for part in (receipt.form, receipt.unit, receipt.period) if part)
    console.print(Text(f"{file.name}: {about or '?'}: {_verdict(parts, receipt)}"))
    if receipt.issues:
        console.print(_grid(receipt))
    if len(receipt.issues) > _MOST_ISSUES_SHOWN:
        console.print(Text(f"… {len(receipt.issues)} issues in all"))


def _verdict(parts: Parts, receipt: Receipt) -> str:
    counted = _counted(receipt)
    if receipt.verdict is Verdict.REFUSED:
        return f"CHƯA NHẬN / REFUSED ({counted})"
    if receipt.verdict is Verdict.FIGURES_GOOD:
        return (
            "SỐ LIỆU ĐẠT, CHƯA NHẬN ĐƯỢC LÚC NÀY / FIGURES RIGHT, CANNOT BE RECEIVED NOW "
            f"({counted})"
        )
    if not receipt.number:
        return f"ĐẠT / WOULD BE RECEIVED ({counted})"
    said = "ĐÃ NHẬN / RECEIVED"
    if receipt.verdict is Verdict.REPEATED:
        said = "ĐÃ NHẬN TRƯỚC ĐÂY / RECEIVED BEFORE"
    punctual = "đúng hạn/on time" if receipt.is_on_time else "muộn/late"
    at = local_time(parts, receipt.received_at)
    return f"{said} {receipt.number}, lần/revision {receipt.revision}, {at}, {punctual} ({counted})"


def _counted(receipt: Receipt) -> str:
    """How much was found; what is received has no errors, but may not agree with other reports."""
    disagree = len(receipt.disagreements)
    errors, warnings = len(receipt.errors) - disagree, len(receipt.warnings)
    counted = f"{errors} lỗi/errors, {warnings} cảnh báo/warnings"
    if disagree:
        counted += f", {disagree} {' / '.join(_DISAGREES)}"
    return counted


def _severity(receipt: Receipt, issue: Issue) -> str:
    return " / ".join(_DISAGREES) if issue in receipt.disagreements else issue.severity.value


def _grid(receipt: Receipt) -> Grid:
    grid = Grid("Ô/Cell", "Mức/Severity", "Mã/Code", "Đã ghi/Given", "Cần/Expected", "Giải thích")
    ordered = sorted(receipt.issues, key=lambda issue: issue.severity is not Severity.ERROR)
    for issue in ordered[:_MOST_ISSUES_SHOWN]:
        where = " ".join(part for part in (issue.place, issue.address) if part)
        explained = f"{sentence(issue, VI)}\n{sentence(issue, EN)}"
        cells = (
            where, _severity(receipt, issue), issue.code, issue.given, issue.expected, explained,
        )  # fmt: skip
        grid.add_row(*(Text(cell) for cell in cells))
    return grid
