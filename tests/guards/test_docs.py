"""The pages point only at what is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from forms.catalogue import load_forms
from jobs.cli import main
from jobs.demo.stage import QUARTER
from reporting.services.registry_loading import SAMPLE, read_shipped
from reporting.services.unit_files import read_unit_file
from reporting.settings import Settings
from tests.guards.files import ROOT, name_of, text_files

PAGES = [path for path in text_files() if path.suffix == ".md"]
LINK = re.compile(r"\]\(([^)#\s]+)")
DECISION = re.compile(r"^# \d{4} .+\n\nStatus: .+ Date: \d{4}-\d{2}-\d{2}\.\n", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    """A reader who follows a link finds a file."""
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=name_of)
def test_a_decision_says_when_and_why_on_one_page(page: Path) -> None:
    """Each decision has its number, status, date, question, answer, reason and price."""
    text = page.read_text()
    assert DECISION.match(text)
    assert text.startswith(f"# {page.name[:4]} ")
    for part in ("**Question.**", "**Answer.**", "**Because.**", "**Price.**"):
        assert part in text


def test_the_readme_fits_on_one_screen() -> None:
    """Who arrives sees what this is, the two commands, and where to read on."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60


def test_the_example_of_a_return_can_be_sent_to_the_demonstration() -> None:
    """Who follows docs/submitting.md sends for a unit, form and period of the demonstration."""
    page = (ROOT / "docs" / "submitting.md").read_text()
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    rows = read_unit_file(read_shipped(SAMPLE)).rows
    kinds = {row.cells["code"]: row.cells["kind"] for row in rows}
    form = load_forms().form(example["form"], example["version"])
    assert kinds[example["unit"]] in form.reporter_kinds
    assert example["period"] == QUARTER
    assert set(re.findall(r'"unit": "([^"]+)"', page)) <= set(kinds)


def test_every_decision_has_its_own_number() -> None:
    """Two decisions written at the same time do not share a number."""
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers))


def test_every_setting_is_on_the_operators_page() -> None:
    """docs/operating.md names each variable that the settings read, and no other."""
    page = (ROOT / "docs" / "operating.md").read_text()
    named = set(re.findall(r"^\| `(REPORTING_[A-Z_]+)`", page, re.MULTILINE))
    assert named == {line.variable for line in Settings().describe({})}


def test_every_command_of_the_clock_is_on_the_operators_page() -> None:
    """docs/operating.md names each command of reporting-jobs that an operator may need."""
    page = (ROOT / "docs" / "operating.md").read_text()
    names = main.commands.keys() - {"demo"}
    assert [name for name in sorted(names) if f"reporting-jobs {name}" not in page] == []
    assert "--no-work" in page


def test_what_protects_is_named_with_tests_that_are_there() -> None:
    """docs/security.md points at tests, and each of them exists."""
    named = set(re.findall(r"`(tests/[a-z_/.]+)`", (ROOT / "docs" / "security.md").read_text()))
    assert len(named) > 10
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
