"""What the demonstration tells about the returns that were sent."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO

from rich.console import Console

from jobs.demo.outcomes import Sent, show_accepted
from jobs.demo.sending import Answer
from jobs.demo.telling import Teller
from reporting.models import UnitKind
from reporting.services.units import UnitView


def _sent(number: int, kind: UnitKind, status: int, form: str = "II.06a/VPCP/KSTT") -> Sent:
    unit = UnitView(
        id=number,
        code=f"X{number}",
        kind=kind,
        name_vi=f"Xã số {number}",
        name_en=f"Commune {number}",
        parent_id=None,
        parent_code="H55",
        valid_from=date(2025, 7, 1),
        valid_to=None,
    )
    return Sent(unit, form, Answer(status, json.dumps({"issues": []}).encode()))


def test_who_was_accepted_is_told_by_name_and_number() -> None:
    """Each kind in one line: its units once, however often they sent; who was refused is not in."""
    sent = [_sent(number, UnitKind.COMMUNE, 201) for number in range(1, 7)]
    sent += [_sent(1, UnitKind.COMMUNE, 201, "IV.01/VPCP/KSTT")]
    sent += [_sent(8, UnitKind.COMMUNE, 422), _sent(9, UnitKind.DEPARTMENT, 200)]
    out = StringIO()
    show_accepted(Teller(Console(file=out, highlight=False)), "Accepted", sent)
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert "commune 6 Xã số 1; Xã số 2; Xã số 3; Xã số 4; and 2 more" in lines
    assert "department 1 Xã số 9" in lines
    assert "Xã số 8" not in out.getvalue()
