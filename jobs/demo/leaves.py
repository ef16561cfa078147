"""Communes and departments report: II.06a in Excel, the inspection forms by program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jobs.demo.cast import Conduct, Part
from jobs.demo.filling import fill
from jobs.demo.outcomes import Sent
from jobs.demo.sending import Sender
from jobs.demo.stage import QUARTER, Stage

LEAF_FORM = "II.06a/VPCP/KSTT"
INSPECTION_FORMS = ("01/TCD", "02/XLD", "03/GQKN")

SUBMISSIONS = "/api/v1/submissions"


def send_workbooks(stage: Stage, parts: Sequence[Part]) -> Iterator[Sent]:
    """Each unit downloads its template, fills it in and sends it; some break it first."""
    kept = _units_to_keep(stage)
    for part in stage.tell.each("Templates downloaded, filled in and sent", parts):
        sender = stage.sender(part.unit.code)
        template = _download(sender, part)
        made = stage.book.of(LEAF_FORM, part.unit, QUARTER)
        if part.unit.code in kept:
            _keep(stage, part, "blank", template)
        if part.mistake is not None:
            broken = fill(template, made)
            part.mistake.make(broken)
            content = broken.to_bytes()
            _keep(stage, part, part.mistake.code, content)
            yield _send(sender, part, content, mistake=part.mistake.name, code=part.mistake.code)
        if part.conduct is Conduct.GIVES_UP:
            continue
        content = fill(template, made).to_bytes()
        if part.unit.code in kept:
            _keep(stage, part, "filled", content)
        yield _send(sender, part, content)


def send_inspection(stage: Stage, parts: Sequence[Part]) -> Iterator[Sent]:
    """The three inspection forms of some units, as JSON."""
    for part in stage.tell.each("Units sending 01/TCD, 02/XLD and 03/GQKN by program", parts):
        sender = stage.sender(part.unit.code)
        for code in INSPECTION_FORMS:
            body = stage.book.of(code, part.unit, QUARTER).as_json()
            yield _noted(part, code, sender, body)


def _noted(part: Part, code: str, sender: Sender, body: bytes) -> Sent:
    answer = sender.post_json(SUBMISSIONS, body)
    sent = Sent(part.unit, code, answer)
    sent.prove()
    return sent


def _send(sender: Sender, part: Part, content: bytes, *, mistake: str = "", code: str = "") -> Sent:
    answer = sender.post_file(SUBMISSIONS, f"{part.unit.code}.xlsx", content)
    sent = Sent(part.unit, LEAF_FORM, answer, mistake, code)
    sent.prove()
    return sent


def _download(sender: Sender, part: Part) -> bytes:
    path = f"/api/v1/forms/{LEAF_FORM.replace('/', '-')}/template"
    return sender.get(path, unit=part.unit.code, period=QUARTER).body


def _units_to_keep(stage: Stage) -> set[str]:
    """The first unit of each province, and the first that makes a mistake."""
    firsts = [stage.cast.leaves_of(code)[0] for code in stage.cast.provinces]
    punctual = [part for part in stage.cast.leaves if part.conduct is Conduct.PUNCTUAL]
    return {part.unit.code for part in (*firsts, *punctual[:2])}


def _keep(stage: Stage, part: Part, what: str, content: bytes) -> None:
    folder = stage.folder / "templates"
    folder.mkdir(exist_ok=True)
    code = LEAF_FORM.replace("/", "-")
    (folder / f"{code}_{part.unit.code}_{QUARTER}_{what}.xlsx").write_bytes(content)
