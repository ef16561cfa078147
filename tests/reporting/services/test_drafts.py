"""Drafts: kept as typed, by several hands, and nothing of anyone is lost."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporting.errors import Conflict, NotAllowed, NotFound, Stale, VersionNeeded
from reporting.models import AuditLine, Draft, DraftAct, DraftState, Submission
from reporting.services import drafts
from reporting.services.actors import Act, Actor, of_unit
from reporting.services.draft_record import find_draft
from reporting.services.finding_drafts import list_drafts
from reporting.services.receipts import Verdict
from reporting.services.typed_cells import MOST_CELLS, changed_cells
from tests.builders import GOOD_CELLS, a_return, a_unit, as_json
from tests.reporting.services.signing_off import ODD_CELLS, an_office


def lines(session: Session, act: str) -> list[dict[str, object]]:
    """What the audit says of an act, in order."""
    bodies = session.scalars(select(AuditLine.body).where(AuditLine.act == act).order_by("id"))
    return [json.loads(body)["details"] for body in bodies]


def test_a_draft_is_kept_and_judged_and_is_no_submission(session: Session) -> None:
    """What is right is said to be right; the receiver has nothing yet."""
    office = an_office(session)
    view = office.save()
    assert view.draft.state is DraftState.ENTERED
    assert view.verdict.verdict is Verdict.RECEIVED
    assert len(view.draft.content_sha256) == 64
    assert session.scalar(select(func.count()).select_from(Submission)) == 0


def test_wrong_figures_are_kept_and_said(session: Session) -> None:
    """A draft may be wrong for as long as it is a draft."""
    view = an_office(session).save({**GOOD_CELLS, "c8": "nhiều"})
    assert view.verdict.verdict is Verdict.REFUSED
    assert view.draft.content_sha256 == ""
    assert "not_a_figure" in [issue.code for issue in view.verdict.issues]


def test_what_cannot_be_read_is_kept_too(session: Session) -> None:
    """A body that is no return stays as it was handed in, and says so."""
    view = an_office(session).save(body=b"\x00 no JSON")
    assert view.draft.body == b"\x00 no JSON"
    assert [issue.code for issue in view.verdict.issues] == ["malformed"]


def test_each_change_is_written_down_cell_by_cell(session: Session) -> None:
    """Old and new stand in the changes and in the audit, as they were typed."""
    office = an_office(session)
    office.save()
    view = office.save({**GOOD_CELLS, "c8": "1O1"}, by=office.colleague)
    change = view.changes[-1]
    cell = {"cell": "a/đất đai/c8", "old": "101", "new": "1O1"}
    assert (change.actor, change.cells, change.cells_changed) == ("Hoàng Văn Nam", [cell], 1)
    assert lines(session, "draft.entered")[-1]["cells"] == [cell]


def test_the_same_bytes_again_change_nothing(session: Session) -> None:
    """To save twice is one change."""
    office = an_office(session)
    first = office.save().draft.version
    assert office.save(tag="").draft.version == first


def test_nobody_overwrites_what_he_has_not_seen(session: Session) -> None:
    """Of two who began from the same draft the second is told what the first has changed."""
    office = an_office(session)
    office.save()
    seen = office.tag()
    office.save({**GOOD_CELLS, "c12": 18, "c13": 2}, by=office.colleague, tag=seen)
    with pytest.raises(Stale) as stale:
        office.save({**GOOD_CELLS, "c5": 15, "c6": 8}, tag=seen)
    (change,) = stale.value.more["changes"]
    assert change["actor"] == "Hoàng Văn Nam"
    assert [cell["cell"] for cell in change["cells"]] == ["a/đất đai/c12", "a/đất đai/c13"]
    assert "Hoàng Văn Nam" in stale.value.vi
    with pytest.raises(VersionNeeded):
        office.save({**GOOD_CELLS, "c5": 15, "c6": 8}, tag="")


def test_a_tag_of_an_old_draft_never_fits_a_new_one(session: Session) -> None:
    """A draft that was thrown away and made anew is another draft, with another number."""
    office = an_office(session)
    office.save()
    old = office.tag()
    drafts.discard_draft(
        session, office.work(office.clerk), obligation_id=office.owed.id, if_match=old
    )
    with pytest.raises(Stale, match="thrown away by Lý Thị Mai"):
        office.save(ODD_CELLS, tag=old)
    office.save(by=office.colleague)
    assert office.tag() != old
    with pytest.raises(Stale):
        office.save(ODD_CELLS, tag=old)


def test_a_tag_that_the_draft_never_had_is_told_as_such(session: Session) -> None:
    """Nobody is said to have changed what was never seen; the draft is to be read again."""
    office = an_office(session)
    office.save()
    office.save({**GOOD_CELLS, "c12": 18, "c13": 2}, by=office.colleague)
    now = office.tag()
    number = now.partition(".")[0]
    for tag in ("99.99", f"{number}.3", f"{number}.0", f"{number}.01", f"{number}.", "x"):
        with pytest.raises(Stale, match=f"not of this draft, which is at {now}") as stale:
            office.save(ODD_CELLS, tag=tag)
        assert f"không phải của bản nháp này, nay ở {now}" in stale.value.vi
        assert stale.value.more["version"] == now


def test_a_draft_is_of_its_own_obligation(session: Session) -> None:
    """A return of another period, unit or form is not kept as the draft of this one."""
    office = an_office(session)
    a_unit(session, "X01843", parent=office.province)
    for other in (
        a_return("X01840", period="2026-Q2"),
        a_return("X01840", form="II.06g/VPCP/KSTT"),
        a_return("X01840", form="khác"),
    ):
        with pytest.raises(Conflict):
            office.save(body=as_json(other))
    with pytest.raises(NotAllowed):
        office.save(body=as_json(a_return("X01843")))
    assert find_draft(session, office.owed.id) is None


def test_a_draft_is_the_senders_own(session: Session) -> None:
    """The receiver, the reader and the neighbour see none; who signs does not enter."""
    office = an_office(session)
    office.save()
    neighbour = of_unit("hàng xóm", a_unit(session, "X01843", parent=office.province).id)
    far = Actor(name="bộ", grants=())
    for actor in (neighbour, far):
        assert list_drafts(session, actor=actor) == []
        with pytest.raises(NotFound):
            drafts.view_draft(session, office.work(actor), obligation_id=office.owed.id)
        with pytest.raises(NotFound):
            office.save(ODD_CELLS, by=actor)
    reader = of_unit("người xem", office.commune.id, {Act.READ})
    for actor in (reader, office.receiver):
        assert list_drafts(session, actor=actor) == []
        with pytest.raises(NotFound):
            office.save(ODD_CELLS, by=actor)
    with pytest.raises(NotAllowed):
        office.save(ODD_CELLS, by=office.head)


def test_drafts_are_found_by_state_period_and_form(session: Session) -> None:
    """What waits for whom is asked of the store."""
    office = an_office(session)
    office.save()
    office.check()
    found = list_drafts(session, actor=office.head, state=DraftState.CHECKED)
    assert [owed.id for _, owed, _ in found] == [office.owed.id]
    for asked in ({"state": DraftState.ENTERED}, {"period": "2026-Q2"}, {"form_code": "x"}):
        assert list_drafts(session, actor=office.head, **asked) == []


def test_an_explanation_stays_while_its_warning_does(session: Session) -> None:
    """Another figure changed leaves it; the warning gone takes it along."""
    office = an_office(session)
    office.explain(office.save(ODD_CELLS), "Hồ sơ chuyển kỳ")
    assert office.save({**ODD_CELLS, "c9": 19, "c10": 3}).to_explain == []
    view = office.save(GOOD_CELLS)
    assert view.explanations == []
    assert office.save(ODD_CELLS).to_explain != []


def test_only_what_was_warned_of_is_explained(session: Session) -> None:
    """There is nothing to say about a warning that nobody gave."""
    office = an_office(session)
    odd = office.save(ODD_CELLS)
    office.save(GOOD_CELLS)
    with pytest.raises(Conflict):
        office.explain(odd)


def test_an_explanation_can_be_taken_back(session: Session) -> None:
    """An empty text leaves the warning unexplained again, and says so among the changes."""
    office = an_office(session)
    odd = office.save(ODD_CELLS)
    office.explain(odd)
    office.explain(odd, " ")
    view = drafts.view_draft(session, office.work(office.clerk), obligation_id=office.owed.id)
    assert len(view.to_explain) == len(odd.to_explain)
    assert view.changes[-1].act is DraftAct.EXPLAINED


def test_a_draft_thrown_away_leaves_its_line(session: Session) -> None:
    """That there was one, and the hash of it, is not forgotten."""
    office = an_office(session)
    office.save()
    drafts.discard_draft(
        session, office.work(office.clerk), obligation_id=office.owed.id, if_match=office.tag()
    )
    assert session.scalar(select(func.count()).select_from(Draft)) == 0
    (line,) = lines(session, "draft.discarded")
    assert len(str(line["file_sha256"])) == 64


def test_a_change_of_very_many_cells_is_counted_and_cut() -> None:
    """The first cells are told, and how many there were."""
    after = {f"a/r{number}/c4": "1" for number in range(MOST_CELLS + 7)}
    changed = changed_cells({}, after)
    assert (len(changed.cells), changed.count) == (MOST_CELLS, MOST_CELLS + 7)
