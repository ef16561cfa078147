"""Every issue code has its sentences, its page, and somebody who gives it."""

from __future__ import annotations

import re

import pytest

from forms.issues import CATALOGUE, EN, VI, Issue, sentence
from tests.guards.files import ROOT, python_files

PAGE = (ROOT / "docs" / "issues.md").read_text()


def test_the_page_of_issues_has_every_code_and_no_other() -> None:
    """docs/issues.md and the catalogue name the same codes, in the same order."""
    assert re.findall(r"^### `([a-z_]+)`$", PAGE, re.MULTILINE) == list(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_page_quotes_the_sentence_as_the_sender_reads_it(code: str) -> None:
    """A clerk who searches the page for the words on her screen finds them."""
    assert f"> {CATALOGUE[code].vi}\n" in PAGE
    assert f"> {CATALOGUE[code].en}\n" in PAGE


@pytest.mark.parametrize("language", [VI, EN])
@pytest.mark.parametrize("code", CATALOGUE)
def test_every_sentence_fills_its_places(code: str, language: str) -> None:
    """Each code makes a sentence in both languages, with all that the issue says in it."""
    issue = Issue(
        code=code,
        cell="a/dat_dai/c3",
        address="r05.c02",
        given="«given»",
        expected="«expected»",
        rule="«rule»",
        label="«label»",
    )
    wording = CATALOGUE[code]
    template = wording.vi if language == VI else wording.en
    text = sentence(issue, language)
    assert "{" not in text
    assert text.endswith(".")
    for place in re.findall(r"{(\w+)}", template):
        assert ("r05.c02" if place == "address" else f"«{place}»") in text


@pytest.mark.parametrize("code", CATALOGUE)
def test_somebody_gives_every_code(code: str) -> None:
    """A code that no module gives would be a promise nobody keeps."""
    givers = [
        path
        for path in python_files()
        if path.relative_to(ROOT).parts[0] in {"forms", "reporting"}
        and path.name != "issues.py"
        and f'"{code}"' in path.read_text()
    ]
    assert givers
