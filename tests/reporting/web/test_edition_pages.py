"""Pages of an edition: figures that lead to their parts, what changed, where a report went."""

from __future__ import annotations

import re
from html import unescape

import pytest

from reporting.web.edition_figures import grouped
from tests.builders import GOOD_CELLS, a_return
from tests.reporting.doors import Doors

ASKED = {"form": "II.06c-VPCP-KSTT", "period": "2026-Q3", "unit": "H55"}


@pytest.fixture
def edition(doors: Doors) -> str:
    """The address of the province's second edition, one report more than the first."""
    doors.send(a_return("X01840", rows={"Đất đai": {**GOOD_CELLS}, "Hộ tịch": {**GOOD_CELLS}}))
    doors.send(ASKED, "centre", to="/consolidations")
    doors.send(a_return("X01843"), "neighbour")
    doors.clock.now = doors.clock.now.replace(minute=5)
    made = doors.send(ASKED, "centre", to="/consolidations")
    return f"/editions/{made.get_json()['id']}"


def test_every_figure_of_an_edition_leads_to_a_page_of_its_parts(
    doors: Doors, edition: str
) -> None:
    """Each link of the table opens, and says what the parts add up to."""
    page = doors.http.get(edition).text
    assert "Phường Bắc Kạn" in page  # Came since the edition before.
    assert "Báo cáo đến sau" in page
    links = [unescape(link) for link in re.findall(r'href="([^"]*lineage\?cell=[^"]*)"', page)]
    assert len(links) == 3 * 11
    for link in links:
        parts = doors.http.get(link)
        assert parts.status_code == 200, link
        assert "Cộng" in parts.text
    assert edition in doors.http.get("/editions").text


def test_a_page_of_lineage_names_report_receipt_and_place(doors: Doors, edition: str) -> None:
    """A row with its place in the file; a total with the cells that are in it."""
    row = doors.http.get(f"{edition}/lineage?cell=a/xa:dat_dai/c4").text
    assert "/tables/a/rows/0/cells/c4" in row
    assert "Biên nhận 20260910-" in row
    total = doors.http.get(f"{edition}/lineage?cell=a/total/c4").text
    assert "Gồm 2 ô" in total
    assert "/tables/a/rows/1/cells/c4" in total
    assert doors.http.get(f"{edition}/lineage?cell=a/none/c4").status_code == 404
    assert doors.http.get(f"{edition}/lineage").status_code == 404


def test_the_page_of_changes_and_its_workbook(doors: Doors, edition: str) -> None:
    """By unit, by cell with causes; the workbook is handed out."""
    page = doors.http.get(f"{edition}/changes").text
    assert "+120" in page
    assert "Báo cáo đến sau: Phường Bắc Kạn" in page
    link = re.search(r'href="([^"]*changes/workbook[^"]*)"', page)
    assert link is not None
    answer = doors.http.get(unescape(link[1]))
    assert "1-2_thay-doi.xlsx" in answer.headers["Content-Disposition"]
    assert doors.http.get(f"{edition}/changes?since=0").status_code == 404


def test_a_receipt_leads_to_the_editions_that_have_the_report(doors: Doors, edition: str) -> None:
    """Both editions, each with its page."""
    row = doors.http.get(f"{edition}/lineage?cell=a/xa:dat_dai/c4").text
    receipt = re.search(r'href="(/receipts/\d+)"', row)
    assert receipt is not None
    assert f"{receipt[1]}/editions" in doors.http.get(receipt[1]).text
    page = doors.http.get(f"{receipt[1]}/editions").text
    assert page.count("II.06c/VPCP/KSTT") == 2
    assert edition in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1234567", "1.234.567"), ("-1234.50", "-1.234,50"), ("0", "0"), ("", ""), ("n/a", "n/a"),
        ("14/9/2026", "14/9/2026"), ("a.b", "a.b"), ("12", "12"),
    ],
)  # fmt: skip
def test_figures_are_grouped_as_they_are_written_here(text: str, shown: str) -> None:
    """Points between thousands and a decimal comma; words stay words."""
    assert grouped(text) == shown
