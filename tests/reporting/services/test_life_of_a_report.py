"""Whatever several people do in whatever order: one revision in force or none, all on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporting.db import make_engine, make_session_factory, migrate
from reporting.errors import Conflict, NotAllowed, NotFound, Refusal, Stale
from reporting.models import (
    AuditLine,
    Draft,
    DraftChange,
    ReportingObligation,
    Stand,
    Submission,
    SubmissionStatus,
)
from reporting.services import acceptance
from reporting.services.acceptance import Which
from reporting.services.draft_record import find_draft
from tests.builders import GOOD_CELLS, a_return
from tests.reporting.services.receiving import send
from tests.reporting.services.signing_off import Office, an_office

#: Rows that are right, each another report.
VARIANTS = [{**GOOD_CELLS, "c4": 120 + n, "c12": 19 + n} for n in range(3)]


def _newest(office: Office) -> int:
    numbers = select(func.max(Submission.id)).where(Submission.obligation_id == office.owed.id)
    return office.session.scalar(numbers) or 0


ACTS: dict[str, Callable[[Office, int], object]] = {
    "save": lambda office, n: office.save(VARIANTS[n]),
    "save as colleague": lambda office, n: office.save(VARIANTS[n], by=office.colleague),
    "check": lambda office, _: office.check(),
    "approve": lambda office, _: office.approve(),
    "submit": lambda office, _: office.submit(reason="Sửa"),
    "program": lambda office, n: send(
        office.session, a_return("X01840", rows={"Đất đai": VARIANTS[n]})
    ),
    "accept": lambda office, _: office.accept(_newest(office)),
    "return": lambda office, _: office.give_back(_newest(office)),
    "withdraw": lambda office, _: acceptance.withdraw(
        office.session, office.at(office.head, "Nhầm"), Which(_newest(office))
    ),
    "allow": lambda office, _: acceptance.allow_amendment(
        office.session, office.at(office.receiver, "Công văn"), Which(_newest(office))
    ),
}

_SETTLED = {
    SubmissionStatus.ACCEPTED: "submission.accepted",
    SubmissionStatus.RETURNED: "submission.returned",
    SubmissionStatus.WITHDRAWN: "submission.withdrawn",
}


def _hold(office: Office, seen: dict[int, tuple[bytes, str, int]]) -> None:
    """What must be so after every act."""
    session = office.session
    session.expire_all()
    owed = session.get_one(ReportingObligation, office.owed.id)
    sent = session.scalars(select(Submission).order_by(Submission.revision)).all()
    assert [one.revision for one in sent] == list(range(1, len(sent) + 1))
    acts = [tuple(row) for row in session.execute(select(AuditLine.subject, AuditLine.act))]
    for one in sent:
        said = (one.canonical, one.file_sha256, one.revision)
        assert seen.setdefault(one.id, said) == said
        assert acts.count((f"submission/{one.id}", "submission.received")) == 1
        if one.status in _SETTLED:
            assert acts.count((f"submission/{one.id}", _SETTLED[one.status])) == 1
    in_force = [one for one in sent if one.id == owed.in_force_id]
    if owed.in_force_id is None:
        assert owed.stand is Stand.MISSING
        assert not sent or sent[-1].status is SubmissionStatus.WITHDRAWN
    else:
        assert in_force == [sent[-1]]
        assert sent[-1].status is not SubmissionStatus.WITHDRAWN
    draft = find_draft(session, owed.id)
    if draft is not None:
        lines = select(AuditLine.body).where(AuditLine.act.like("draft.%"))
        bodies = session.scalars(lines.order_by(AuditLine.id))
        tags = [json.loads(body)["details"]["draft"] for body in bodies]
        mine = [tag for tag in tags if tag.startswith(f"{draft.id}.")]
        assert mine == [f"{draft.id}.{version}" for version in range(1, draft.version + 1)]
        assert (draft.approval_id is not None) == (draft.state.value == "approved")
        changes = select(DraftChange.version).where(DraftChange.draft_id == draft.id)
        versions = list(session.scalars(changes.order_by(DraftChange.version)))
        assert versions == list(range(1, draft.version + 1))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, len(VARIANTS) - 1)), max_size=14
    )
)
def test_any_sequence_leaves_one_revision_in_force_or_none(
    session: Session, steps: list[tuple[str, int]]
) -> None:
    """What may not be done is refused and changes nothing; what is done has its line."""
    outer = session.begin_nested()
    try:
        office = an_office(session)
        seen: dict[int, tuple[bytes, str, int]] = {}
        for name, variant in steps:
            step = session.begin_nested()
            try:
                ACTS[name](office, variant)
                step.commit()
            except (Conflict, NotFound, Stale, NotAllowed):
                step.rollback()
            _hold(office, seen)
    finally:
        outer.rollback()
        session.expire_all()


@pytest.mark.parametrize("name", ["save", "settle"])
def test_of_many_at_once_one_is_first_and_nothing_is_lost(
    empty_database_url: str, name: str
) -> None:
    """Each begins from the same sight: one act is done, every other is told of it."""
    engine = make_engine(empty_database_url)
    migrate(engine)
    sessions = make_session_factory(engine)
    with sessions.begin() as session:
        office = an_office(session)
        number = office.send()
        office.save(GOOD_CELLS)
        tag, people = office.tag(), (office.clerk, office.colleague)
    start = Barrier(4)

    def act(at: int) -> str:
        start.wait()
        with suppress(Refusal), sessions.begin() as mine:
            here = Office(
                mine, office.commune, office.province, office.owed, office.clerk,
                office.colleague, office.checker, office.head, office.receiver,
            )  # fmt: skip
            if name == "save":
                here.save(VARIANTS[0] | {"c5": 20 + at, "c13": 7 + at}, by=people[at % 2], tag=tag)
            elif at % 2:
                here.accept(number)
            else:
                here.give_back(number)
            return "done"
        return "refused"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(act, range(4)))
    assert outcomes == ["done", "refused", "refused", "refused"]
    with sessions() as session:
        draft = session.scalars(select(Draft)).one()
        settled = select(AuditLine.act).where(AuditLine.act.in_(_SETTLED.values()))
        assert draft.version == (2 if name == "save" else 1)
        assert len(session.scalars(settled).all()) == (0 if name == "save" else 1)
    engine.dispose()
