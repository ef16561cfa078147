"""What YAML can do beyond plain data is refused, and no text makes the reader fail otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.declaration import BadDeclaration, Fault, read_declaration
from forms.yaml_tree import LARGEST
from tests.forms.declaring import COLUMNS, SINGLE, head

FILE = "forms/T.01/v1.yaml"


def faults_of(text: str) -> tuple[Fault, ...]:
    """The faults of a declaration that must have some."""
    with pytest.raises(BadDeclaration) as caught:
        read_declaration(text, file=FILE)
    return caught.value.faults


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("form: &a T.01\n", 1, "has an anchor or alias"),
        ("form: T\nunit: *a\n", 2, "has an anchor or alias"),
        ("form: !!python/object/apply:os.getcwd []\n", 1, "has the tag"),
        ("form: T\n---\nform: U\n", 2, "has a second document"),
        ("a: " + "[" * 60 + "]" * 60, 1, "is nested too deep"),
        ("a: " + "[" * 50_000, 1, "is nested too deep"),
        ("form: [T\n", 2, "is not YAML"),
        ("form: T\x07\n", 1, "is not YAML"),
        ("- a\n", 1, "is not a mapping"),
        ("", 1, "is not a mapping"),
        ("? [a, b]\n: c\n", 1, "has a key that is no text"),
        ("a: " + "x" * LARGEST, 1, "characters"),
    ],
)
def test_tricks_of_yaml_are_refused(text: str, line: int, problem: str) -> None:
    """Anchors, tags, deep nesting and huge files are refused before anything is made of them."""
    fault = faults_of(text)[0]
    assert (fault.line, fault.key) == (line, "file")
    assert problem in fault.problem


def test_a_bomb_of_aliases_is_refused() -> None:
    """Nine lines that would unfold to a thousand million items cost nothing."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert all("anchor or alias" in fault.problem for fault in faults_of("\n".join(lines)))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader fail in any other way."""
    with pytest.raises(BadDeclaration):
        read_declaration(text, file=FILE)


JUNK = st.sampled_from(["", "[]", "{}", "x", "-1", "[1, {a: b}]", "null", "c1 + c2", "2025-13-01"])
LINES = tuple((head() + SINGLE + COLUMNS).splitlines())


@given(st.integers(0, len(LINES) - 1), JUNK)
def test_any_value_in_any_place_is_read_or_refused(index: int, junk: str) -> None:
    """Whatever stands after a key, the answer is a form or a list of faults."""
    lines = list(LINES)
    lines[index] = lines[index].partition(":")[0] + ": " + junk
    faults: tuple[Fault, ...] = ()
    try:
        form = read_declaration("\n".join(lines), file=FILE)
    except BadDeclaration as refused:
        faults = refused.faults
    assert faults or form.tables
