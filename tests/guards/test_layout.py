"""The house keeps its shape: where files lie, how long they are, what they may say."""

from __future__ import annotations

import ast
import re
from configparser import ConfigParser
from pathlib import Path

import pytest

import forms
from tests.guards.files import PACKAGES, ROOT, name_of, python_files, text_files

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
SAYS_NOTHING = {"utils", "util", "helpers", "common", "misc", "core", "manager", "handler"}
# Pieced together, so that this file does not find itself.
FORBIDDEN = {
    "a folder that is not in the repository": re.compile(r"\.\./" + "shared"),
    "a path of one machine": re.compile("/" + r"(work|root|home)/[a-z.]"),
    "a package registry's host": re.compile(r"\b(py" + r"pi|python" + r"hosted|npm" + r"js)\.\w"),
    "a promise instead of a deed": re.compile(r"\b" + "TO" + r"DO\b|\bFIX" + r"ME\b"),
}


def test_forms_is_the_package_and_not_its_tests() -> None:
    """`import forms` finds the package even while tests/forms is on the path."""
    assert forms.__file__ is not None
    assert "tests" not in Path(forms.__file__).relative_to(ROOT).parts


def test_every_test_folder_is_a_package() -> None:
    """Without an __init__.py in each folder, tests/forms would be taken for forms."""
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    missing = [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()]
    assert missing == []


def test_files_and_functions_stay_short() -> None:
    """No file is longer than 400 lines, and no function longer than 60.

    A migration is a list of generated operations, which nobody has to follow.
    """
    too_long = []
    for path in python_files():
        if path.parent == ROOT / "migrations" / "versions":
            continue
        text = path.read_text()
        lines = text.count("\n")
        if lines > MOST_LINES_OF_A_FILE:
            too_long.append(f"{name_of(path)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MOST_LINES_OF_A_FUNCTION:
                    too_long.append(f"{name_of(path)}: {node.name} has {length} lines")
    assert not too_long, "\n".join(too_long)


def test_no_file_is_called_by_a_name_that_says_nothing() -> None:
    """A module is named for what it holds."""
    assert [name_of(path) for path in python_files() if path.stem in SAYS_NOTHING] == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_speaks_of(what: str) -> None:
    """A clone works anywhere: nothing in it points at one machine, a registry, or later."""
    pattern = FORBIDDEN[what]
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_every_package_is_shipped() -> None:
    """setup.cfg names each package both alone and with what lies below it."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    shipped = config["options.packages.find"]["include"].split()
    assert shipped == [name for package in PACKAGES for name in (package, f"{package}.*")]


def test_every_data_file_is_shipped() -> None:
    """A declaration or a template that no glob of setup.cfg takes would miss in the wheel."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    shipped = {
        path
        for package, globs in config["options.package_data"].items()
        for glob in globs.replace(",", " ").split()
        for path in (ROOT / package).glob(glob)
    }
    left_behind = [
        name_of(path)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and path not in shipped
    ]
    assert left_behind == []


def test_the_import_rules_are_checked() -> None:
    """setup.cfg holds a contract for each import rule that CONTRIBUTING.md promises."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    contracts = {name.rpartition(":")[2] for name in config if name.startswith("importlinter:")}
    assert contracts >= {
        "packages", "rooms", "forms", "models", "workbooks", "services", "services-shapes",
        "jobs", "migrations",
    }  # fmt: skip


def test_wsgi_puts_the_application_together_and_does_nothing_else() -> None:
    """wsgi.py imports the application and its settings, which no import contract can check."""
    imported = [
        node.module
        for node in ast.walk(ast.parse((ROOT / "wsgi.py").read_text()))
        if isinstance(node, ast.ImportFrom)
    ]
    assert imported == ["reporting.app", "reporting.settings"]


def test_no_module_of_ours_reads_beside_itself_by_path() -> None:
    """Data is read through importlib.resources, so that it is also found in a wheel."""
    climbs = re.compile(r"__file__\)[\w.()]*\.(parent\.parent|parents\[)")
    found = [
        name_of(path)
        for path in python_files()
        if path.relative_to(ROOT).parts[0] in PACKAGES and climbs.search(path.read_text())
    ]
    assert found == []
