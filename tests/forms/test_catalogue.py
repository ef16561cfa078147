"""All declarations together: versions, locks, and what files must agree on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from forms.catalogue import Catalogue, UnknownForm, load_forms, shipped_folder
from forms.declaration import BadDeclaration
from forms.locking import AlreadyPublished, is_published, publish, read_lock
from forms.regime import DueDay
from tests.forms.declaring import COLUMNS, SHAPES, a_form, head


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """The forms that come with the software."""
    return load_forms()


def put(folder: Path, name: str, text: str) -> Path:
    """Write one file of a folder of forms."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def problems(folder: Path) -> list[tuple[str, int, str, str]]:
    """File name, line, key and problem of every fault of a folder."""
    with pytest.raises(BadDeclaration) as caught:
        load_forms([folder])
    return [
        (Path(fault.file).name, fault.line, fault.key, fault.problem)
        for fault in caught.value.faults
    ]


def test_the_shipped_forms_are_published(shipped: Catalogue) -> None:
    """Every shipped form stands in its own folder and is locked."""
    assert shipped.codes == (
        "01/TCD",
        "02/XLD",
        "03/GQKN",
        "DC.01",
        "DVC.01",
        "I.02/VPCP/TH",
        "II.06a/VPCP/KSTT",
        "II.06c/VPCP/KSTT",
        "II.06g/VPCP/KSTT",
        "II.9g/VPCP/KSTT",
        "III.01a/VPCP/KSTT",
        "III.01c/VPCP/KSTT",
        "III.01d/VPCP/KSTT",
        "IV.01/VPCP/KSTT",
    )
    for form in shipped.forms:
        expected = shipped_folder() / form.file_code / f"v{form.version}.yaml"
        assert Path(form.path) == expected
        assert shipped.is_published(form)


def test_predecessors_come_from_the_regime(shipped: Catalogue) -> None:
    """The first quarter follows the year before it, for every form of the regime."""
    form = shipped.latest("II.06a/VPCP/KSTT")
    assert form.predecessors == {"Q1": "Y", "Q2": "Q1", "Q3": "Q2", "Y": "Y"}
    assert shipped.latest("01/TCD").predecessors == {}
    assert shipped.regime("TT06-2025").due["commune"] == DueDay(17)


def test_version_in_force(tmp_path: Path) -> None:
    """A newer version takes over from its first day; before any version there is none."""
    first = a_form().replace("unit:", "valid_from: 2024-01-01\nunit:")
    second = a_form(version=2).replace("unit:", "valid_from: 2026-06-15\nunit:")
    put(tmp_path, "v1.yaml", first)
    put(tmp_path, "v2.yaml", second)
    catalogue = load_forms([tmp_path])

    def version_on(first_day: date, last_day: date) -> int | None:
        form = catalogue.in_force("T.01", first_day, last_day)
        return form.version if form else None

    assert version_on(date(2026, 3, 15), date(2026, 6, 14)) == 1
    assert version_on(date(2026, 6, 15), date(2026, 9, 14)) == 2
    assert version_on(date(2023, 1, 1), date(2023, 12, 31)) is None
    assert catalogue.latest("T.01").version == 2
    assert catalogue.form("T.01", 1).version == 1


def test_unknown_forms_are_told(shipped: Catalogue) -> None:
    """A form or version that is not there is an exception of its own."""
    with pytest.raises(UnknownForm, match="II.06b"):
        shipped.latest("II.06b")
    with pytest.raises(UnknownForm, match="version 9"):
        shipped.form("01/TCD", 9)


def test_two_files_cannot_claim_one_version(tmp_path: Path) -> None:
    """The same code and version in two files is a fault of the second."""
    put(tmp_path, "a.yaml", a_form())
    put(tmp_path, "b.yaml", a_form())
    ((name, _, _, problem),) = problems(tmp_path)
    assert name == "b.yaml"
    assert problem.startswith("T.01 version 1 is already declared in")


def test_two_files_cannot_claim_one_regime_or_list(tmp_path: Path) -> None:
    """A folder of one's own cannot change a shipped regime or list behind its forms' back."""
    shipped = shipped_folder()
    put(tmp_path, "regimes/r.yaml", (shipped / "regimes" / "TT01-II.yaml").read_text("utf-8"))
    put(tmp_path, "lists/l.yaml", (shipped / "lists" / "linh_vuc.yaml").read_text("utf-8"))
    assert [(name, said.partition(" is ")[0]) for name, _, _, said in problems(tmp_path)] == [
        ("l.yaml", "list linh_vuc"),
        ("r.yaml", "regime TT01-II"),
    ]


def test_a_changed_published_file_is_refused(tmp_path: Path) -> None:
    """One more blank in a published file is a fault, however harmless."""
    path = put(tmp_path, "v1.yaml", a_form())
    publish(tmp_path, load_forms([tmp_path]).latest("T.01"))
    assert load_forms([tmp_path]).is_published(load_forms([tmp_path]).latest("T.01"))
    put(tmp_path, "v1.yaml", a_form() + "\n")
    ((_, _, key, problem),) = problems(tmp_path)
    assert (key, problem) == ("version", "version 1 is published and has been changed")
    path.unlink()
    ((name, line, _, problem),) = problems(tmp_path)
    assert (name, line) == ("LOCK", 1)
    assert "its file is gone" in problem


def test_publishing_adds_one_sorted_line(tmp_path: Path) -> None:
    """The lock has one line for each published version; a second time is refused."""
    put(tmp_path, "v1.yaml", a_form())
    put(tmp_path, "v2.yaml", a_form(version=2))
    catalogue = load_forms([tmp_path])
    publish(tmp_path, catalogue.form("T.01", 2))
    assert not is_published(tmp_path, catalogue.form("T.01", 1))
    publish(tmp_path, catalogue.form("T.01", 1))
    assert list(read_lock(tmp_path)) == [("T.01", 1), ("T.01", 2)]
    with pytest.raises(AlreadyPublished):
        publish(tmp_path, catalogue.form("T.01", 1))


def test_a_broken_lock_is_told_line_by_line(tmp_path: Path) -> None:
    """A line that is no lock, and a version locked twice, are faults of the lock."""
    good = f"T.01 1 {'0' * 64}"
    put(tmp_path, "LOCK", f"{good}\nnonsense\n{good}\n")
    assert [(name, line) for name, line, _, _ in problems(tmp_path)] == [("LOCK", 2), ("LOCK", 3)]


RULES = "      - {{id: x, check: '{check}', origin: note}}\n"


@pytest.mark.parametrize(
    ("text", "line", "key", "problem"),
    [
        (a_form(regime="TT99"), 5, "regime", "there is no regime TT99"),
        (a_form().replace("Q1, Y", "Q1, M"), 7, "periods.2", "M is not in regime TT01-II"),
        (a_form().replace("[province]", "[village]"), 8, "reporter.kinds.1", "no due day"),
        (
            a_form().replace("type: text", "type: code, list: tinh"),
            19,
            "tables.a.columns.c4.list",
            "there is no list tinh",
        ),
        (
            a_form().replace("single}", "open, heading: {label: X, list: y}}"),
            13,
            "tables.a.rows.heading.list",
            "there is no list y",
        ),
        (
            a_form(rules=RULES.format(check='c1 == form("II.06b").c6')),
            21,
            "tables.a.rules.x.check",
            "there is no form II.06b",
        ),
        (
            a_form(rules=RULES.format(check='c1 == form("IV.01/VPCP/KSTT").c9')),
            21,
            "tables.a.rules.x.check",
            "no figures c9",
        ),
        (
            a_form(rules=RULES.format(check='c1 == form("IV.01/VPCP/KSTT").total.c1')),
            21,
            "tables.a.rules.x.check",
            "has no row total",
        ),
        (
            a_form(rules=RULES.format(check='c1 == form("IV.01/VPCP/KSTT").b.row.c1')),
            21,
            "tables.a.rules.x.check",
            "has no table b",
        ),
        (
            a_form(rules=RULES.format(check='c1 == form("02/XLD").c1')),
            21,
            "tables.a.rules.x.check",
            "means the row of the same key",
        ),
        (
            a_form(regime="TT01-IV", rules=RULES.format(check="c1 >= previous(c1)")),
            21,
            "tables.a.rules.x.check",
            "regime TT01-IV has no predecessors",
        ),
        (
            a_form() + "consolidates: [{from: X, mode: sum}]\n",
            20,
            "consolidates.X.from",
            "there is no form X",
        ),
        (
            a_form() + "consolidates: [{from: 01/TCD, table: b, mode: sum}]\n",
            20,
            "consolidates.01/TCD.table",
            "has no table b",
        ),
        (
            a_form() + "consolidates: [{from: 01/TCD, mode: sum, columns: {c1: c99}}]\n",
            20,
            "consolidates.01/TCD.columns.c1",
            "has no column c99",
        ),
        (
            a_form() + "consolidates: [{from: 01/TCD, mode: sum, columns: {c1: c22}}]\n",
            20,
            "consolidates.01/TCD.columns.c1",
            "c22 is text, and c1 is integer",
        ),
        (
            a_form() + "consolidates: [{from: 03/GQKN, mode: sum, columns: {c1: c13}}]\n",
            20,
            "consolidates.03/GQKN.columns.c1",
            "c13 has 3 digits, and c1 has 0",
        ),
        (
            a_form() + "consolidates: [{from: 02/XLD, mode: sum}]\n",
            20,
            "consolidates.02/XLD",
            "rows of model units are added into rows of model single",
        ),
    ],
)
def test_what_files_must_agree_on(
    tmp_path: Path, text: str, line: int, key: str, problem: str
) -> None:
    """A name of another file that is not there is a fault of the line that names it."""
    put(tmp_path, "v1.yaml", text)
    found = problems(tmp_path)
    assert any(
        (name, at, way) == ("v1.yaml", line, key) and problem in said
        for name, at, way, said in found
    ), found


def test_rows_of_a_fixed_source_need_a_place(tmp_path: Path) -> None:
    """Adding fixed rows to fixed rows needs every row of the source in the target."""
    text = head() + "tables:\n  - key: a\n    title: Bảng\n    rows:\n      model: fixed\n"
    text += "      rows: [{key: i1, label: Dòng}]\n" + COLUMNS
    put(tmp_path, "one.yaml", text)
    target = text.replace("T.01", "T.02").replace("key: i1", "key: i2")
    put(tmp_path, "two.yaml", target + "consolidates: [{from: T.01, mode: sum}]\n")
    ((name, _, _, problem),) = problems(tmp_path)
    assert (name, problem) == ("two.yaml", "row i1 has no place in a")


def test_a_target_may_have_notes_that_the_source_has_not(tmp_path: Path) -> None:
    """Only what is added up or strung together must stand in the source."""
    source = a_form().replace("      - {id: c4, label: Ghi chú, type: text}\n", "")
    put(tmp_path, "one.yaml", source)
    target = a_form("T.02") + "consolidates: [{from: T.01, mode: sum}]\n"
    put(tmp_path, "two.yaml", target)
    assert load_forms([tmp_path]).latest("T.02").sources[0].table == "a"


def test_fixed_rows_add_up_by_key(tmp_path: Path) -> None:
    """A source with the same rows needs no pairing."""
    text = head() + "tables:\n  - key: a\n    title: Bảng\n    rows:\n      model: fixed\n"
    text += "      rows: [{key: i1, label: Dòng}]\n" + COLUMNS
    put(tmp_path, "one.yaml", text)
    target = text.replace("T.01", "T.02") + "consolidates: [{from: T.01, mode: sum}]\n"
    put(tmp_path, "two.yaml", target)
    assert load_forms([tmp_path]).latest("T.02").sources[0].into == "a"


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Nothing is served in part: one bad file keeps all from being used, and all are told."""
    put(tmp_path, "a.yaml", a_form().replace("version: 1", "version: x"))
    put(tmp_path, "regimes/r.yaml", "regime: R\n")
    put(tmp_path, "lists/l.yaml", "list: l\n")
    (tmp_path / "b.yaml").write_bytes(b"form: T\nunit: \xff\n")
    names = {name for name, _, _, _ in problems(tmp_path)}
    assert names == {"a.yaml", "b.yaml", "r.yaml", "l.yaml"}


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """A wrong REPORTING_FORMS is told at start, not found out later."""
    ((name, _, key, problem),) = problems(tmp_path / "nowhere")
    assert (name, key, problem) == ("nowhere", "folder", "is not there")


def test_a_folder_in_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    """What cannot be read is told like any other fault."""
    (tmp_path / "v1.yaml").mkdir()
    ((name, _, _, problem),) = problems(tmp_path)
    assert name == "v1.yaml"
    assert problem.startswith("cannot be read")


def test_a_thirteenth_form_is_one_file(tmp_path: Path) -> None:
    """A form of somebody else's folder is found, read and served with no code."""
    put(tmp_path, "v1.yaml", a_form("MOI.01"))
    catalogue = load_forms([tmp_path])
    assert len(catalogue.codes) == len(load_forms().codes) + 1
    assert catalogue.latest("MOI.01").regime == "TT01-II"


def test_single_files_are_read_beside_folders(tmp_path: Path) -> None:
    """A file can be looked at before it is put anywhere; one that is there is not read twice."""
    path = put(tmp_path, "v1.yaml", a_form())
    assert "T.01" in load_forms(files=[path]).codes
    assert "T.01" in load_forms([tmp_path], files=[path]).codes


def test_unusual_shapes_need_no_code() -> None:
    """Five forms of unusual shapes and their regime stand beside the shipped ones."""
    codes = load_forms([SHAPES]).codes
    assert [code for code in codes if code.startswith("MAU")] == [
        "MAU.01/KTXH",
        "MAU.02/VON",
        "MAU.03/TYLE",
        "MAU.04/DC",
        "MAU.05/LIEN",
    ]
