"""Provinces, ministries and agencies report to the centre, by program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

from forms.definition import FormVersion
from jobs.demo.cast import Conduct, Part
from jobs.demo.leaves import INSPECTION_FORMS, SUBMISSIONS
from jobs.demo.made_return import MadeReturn
from jobs.demo.mistakes import DATA_MISTAKES
from jobs.demo.outcomes import Sent
from jobs.demo.stage import QUARTER, Stage

DOSSIER_FORMS = ("II.06c/VPCP/KSTT", "II.06g/VPCP/KSTT")
CENTRAL_FORMS = (*DOSSIER_FORMS, "IV.01/VPCP/KSTT", *INSPECTION_FORMS)


def send_central(stage: Stage, parts: Sequence[Part]) -> Iterator[Sent]:
    """Every form that these agencies owe for the quarter; some are wrong at first.

    The return of a sample province is what was consolidated for it before.
    """
    mistakes = cycle(DATA_MISTAKES)
    forms = [stage.catalogue.latest(code) for code in CENTRAL_FORMS]
    for part in stage.tell.each("Provinces, ministries and agencies sending by program", parts):
        for form in forms:
            if part.unit.kind not in form.reporter_kinds:
                continue
            made = stage.book.of(form.code, part.unit, QUARTER)
            if part.conduct is Conduct.CORRECTS and form.code in DOSSIER_FORMS:
                mistake = next(mistakes)
                data = json.loads(made.as_json())
                mistake.make(data)
                yield _send(stage, part, form, json.dumps(data), mistake.name, mistake.code)
            yield _send(stage, part, form, made.as_json().decode())


def send_again(stage: Stage, part: Part) -> Sent:
    """A program that has lost the answer sends the same once more."""
    form = stage.catalogue.latest(INSPECTION_FORMS[0])
    made: MadeReturn = stage.book.of(form.code, part.unit, QUARTER)
    return _send(stage, part, form, made.as_json().decode())


def _send(
    stage: Stage, part: Part, form: FormVersion, body: str, mistake: str = "", code: str = ""
) -> Sent:
    answer = stage.sender(part.unit.code).post_json(SUBMISSIONS, body.encode())
    sent = Sent(part.unit, form.code, answer, mistake, code)
    sent.prove()
    return sent


def split_by_conduct(parts: Sequence[Part]) -> Mapping[str, list[Part]]:
    """Who sends in time, who late, who never."""
    found: dict[str, list[Part]] = {"in time": [], "late": [], "never": []}
    for part in parts:
        name = {Conduct.LATE: "late", Conduct.SILENT: "never"}.get(part.conduct, "in time")
        found[name].append(part)
    return found
