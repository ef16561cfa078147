"""Every reason for which a file is not taken is said in Vietnamese and in English."""

from __future__ import annotations

import re

import pytest

from forms.file_refusals import REASONS, refusal
from forms.issues import EN, VI, sentence
from forms.reading_json import read_json
from forms.reading_xlsx import read_xlsx
from tests.guards.files import ROOT, python_files

_VIETNAMESE = re.compile(r"[à-ỹÀ-ỸđĐ]")


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_is_said_in_both_languages(reason: str) -> None:
    """The English sentence has no Vietnamese in it, and the other way round."""
    issue = refusal("not_this_template", reason, count=12, name="a")
    assert not _VIETNAMESE.search(sentence(issue, EN))
    assert _VIETNAMESE.search(issue.given)
    assert issue.given in sentence(issue, VI)
    assert issue.given_en not in sentence(issue, VI)
    assert "{" not in sentence(issue, VI) + sentence(issue, EN)


def test_every_reason_is_given_somewhere() -> None:
    """A reason that nobody gives would be words for nothing."""
    readers = [path for path in python_files() if path.parent == ROOT / "forms"]
    texts = [path.read_text() for path in readers if path.name != "file_refusals.py"]
    assert [name for name in REASONS if not any(f'"{name}"' in text for text in texts)] == []


@pytest.mark.parametrize(
    ("body", "vi", "en"),
    [
        (b"", "tệp rỗng", "an empty file"),
        (b"%PDF-1.7", "tệp PDF", "a PDF file"),
        (b"PK\x03\x04", "bị hỏng hoặc tải chưa hết", "is damaged or was cut off"),
    ],
)
def test_a_file_that_is_no_workbook(body: bytes, vi: str, en: str) -> None:
    """What the file is instead stands in both sentences."""
    (issue,) = read_xlsx(body).issues
    assert vi in sentence(issue, VI)
    assert en in sentence(issue, EN)
    assert not _VIETNAMESE.search(sentence(issue, EN))


@pytest.mark.parametrize(
    ("body", "vi", "en"),
    [
        ('{"form": NaN}', "NaN không phải là số trong JSON", "NaN is not a number of JSON"),
        ('{"form": "a", "form": "b"}', "có hai lần", "stands twice"),
        (f'{{"version": {"1" * 41}}}', "số dài 41 ký tự", "a number of 41 characters"),
        (f'{{"version": 0.{"1" * 41}}}', "số dài 43 ký tự", "a number of 43 characters"),
    ],
)
def test_json_that_no_return_can_be(body: str, vi: str, en: str) -> None:
    """The same of JSON."""
    (issue,) = read_json(body).issues
    assert vi in sentence(issue, VI)
    assert en not in sentence(issue, VI)
    assert en in sentence(issue, EN)
