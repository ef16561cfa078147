"""All declared forms, regimes and lists together: found, read, checked against each other.

Either everything is good, or BadDeclaration says everything that is not; a catalogue is never
served in part.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from forms.catalogue_checks import cross_faults, missing_form_faults
from forms.code_lists import CodeList, read_code_list
from forms.declaration import Declaration, read_partly
from forms.definition import FormVersion
from forms.derived import derived_layouts
from forms.faults import BadDeclaration, Fault
from forms.indicator_checks import build_dictionary, indicator_faults
from forms.indicators import Dictionary
from forms.locking import lock_faults, read_lock
from forms.reading_indicators import FILE as INDICATORS
from forms.reading_indicators import Declared, read_indicators
from forms.reading_regimes import read_regime
from forms.regime import Regime


class UnknownForm(LookupError):
    """There is no such form, or no such version of it."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Every form version in use, by code and version, with the regimes and lists they name."""

    forms: tuple[FormVersion, ...]  # sorted by code and version
    regimes: Mapping[str, Regime]
    lists: Mapping[str, CodeList]
    published: frozenset[tuple[str, int]] = frozenset()
    dictionary: Dictionary = field(default_factory=Dictionary)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the declared forms, sorted."""
        return tuple(dict.fromkeys(form.code for form in self.forms))

    def consolidated_layouts(self) -> tuple[FormVersion, ...]:
        """The layouts of the higher level that no file declares, made from the leaf forms."""
        return self._layouts

    def form(self, code: str, version: int) -> FormVersion:
        """One version of a form. Raises UnknownForm."""
        try:
            return self._by_key[code, version]
        except KeyError:
            raise UnknownForm(f"there is no form {code} version {version}") from None

    def latest(self, code: str) -> FormVersion:
        """The newest version of a form. Raises UnknownForm."""
        versions = self._by_code.get(code)
        if not versions:
            raise UnknownForm(f"there is no form {code}")
        return versions[-1]

    def in_force(self, code: str, first_day: date, last_day: date) -> FormVersion | None:
        """The version that holds for a data window; None if no version does.

        A newer version takes over from its first day without a change to the older file.
        Raises UnknownForm.
        """
        self.latest(code)
        for form in reversed(self._by_code[code]):
            if form.validity.overlaps(first_day, last_day):
                return form
        return None

    def regime(self, code: str) -> Regime:
        """A regime by its code. Raises KeyError."""
        return self.regimes[code]

    def is_published(self, form: FormVersion) -> bool:
        """Whether the version is locked; a derived layout is as fixed as what it comes from."""
        return (form.code.removesuffix("~TH"), form.version) in self.published

    @cached_property
    def _layouts(self) -> tuple[FormVersion, ...]:
        return derived_layouts(self.forms)

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, int], FormVersion]:
        return {(form.code, form.version): form for form in (*self.forms, *self._layouts)}

    @cached_property
    def _by_code(self) -> Mapping[str, tuple[FormVersion, ...]]:
        found: dict[str, tuple[FormVersion, ...]] = {}
        for _, form in sorted(self._by_key.items()):
            found[form.code] = (*found.get(form.code, ()), form)
        return found


@dataclass
class _Findings:
    """What has been read so far, and what is wrong with it."""

    declarations: dict[tuple[str, int], Declaration] = field(default_factory=dict)
    regimes: dict[str, Regime] = field(default_factory=dict)
    lists: dict[str, CodeList] = field(default_factory=dict)
    indicators: list[Declared] = field(default_factory=list)
    published: set[tuple[str, int]] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)  # what is claimed -> by which file
    read: set[Path] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


def shipped_folder() -> Path:
    """Where the forms that come with the software are."""
    return Path(str(importlib.resources.files("forms") / "declared"))


def load_forms(folders: Sequence[Path] = (), *, files: Sequence[Path] = ()) -> Catalogue:
    """The shipped forms and those of more folders. Raises BadDeclaration with every fault.

    A folder has forms anywhere but below `regimes/` and `lists/`, its own LOCK, and perhaps an
    `indicators.yaml`. `files` are single declarations to be looked at as if they stood in one.
    """
    findings = _Findings()
    for folder in (shipped_folder(), *folders):
        _read_folder(findings, Path(folder))
    for file in files:
        if file.resolve() not in findings.read:
            _read_one(findings, file)
    findings.faults += cross_faults(
        findings.declarations.values(), regimes=findings.regimes, lists=findings.lists
    )
    if not findings.faults:  # A form that could not be read would be missed here as well.
        named = {name.removeprefix("regime "): file for name, file in findings.files.items()}
        findings.faults += missing_form_faults(
            findings.declarations.values(), findings.regimes, named
        )
        declared = [declaration.form for declaration in findings.declarations.values()]
        findings.faults += indicator_faults(findings.indicators, declared)
    if findings.faults:
        raise BadDeclaration(findings.faults)
    forms = tuple(
        _with_predecessors(declaration.form, findings.regimes)
        for _, declaration in sorted(findings.declarations.items(), key=lambda pair: pair[0])
    )
    dictionary = build_dictionary(findings.indicators)
    published = frozenset(findings.published)
    return Catalogue(forms, findings.regimes, findings.lists, published, dictionary)


def _with_predecessors(form: FormVersion, regimes: Mapping[str, Regime]) -> FormVersion:
    return replace(form, predecessors=dict(regimes[form.regime].predecessors))


def _read_folder(findings: _Findings, folder: Path) -> None:
    if not folder.is_dir():
        expected = "a folder of declarations"
        findings.faults.append(Fault(str(folder), 1, "folder", "is not there", expected))
        return
    here: dict[tuple[str, int], FormVersion] = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml"}):
        form = _read_one(findings, path)
        if form is not None:
            here.setdefault((form.code, form.version), form)
    faults = lock_faults(folder, here)
    findings.faults += faults
    if not faults:
        findings.published |= read_lock(folder).keys()


def _read_one(findings: _Findings, path: Path) -> FormVersion | None:
    """Read one file into the findings; the form, if it is one and knows what it is called."""
    findings.read.add(path.resolve())
    try:
        content = path.read_bytes()
        if path.parent.name == "regimes":
            regime = read_regime(content, file=str(path))
            if _claim(findings, f"regime {regime.code}", path):
                findings.regimes[regime.code] = regime
            return None
        if path.parent.name == "lists":
            code_list = read_code_list(content, file=str(path))
            if _claim(findings, f"list {code_list.code}", path):
                findings.lists[code_list.code] = code_list
            return None
        if path.name == INDICATORS:
            declared = read_indicators(content, file=str(path))
            findings.indicators.append(declared)
            findings.faults += declared.document.faults
            return None
        declaration = read_partly(content, file=str(path))
    except BadDeclaration as error:
        findings.faults += error.faults
        return None
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        findings.faults.append(Fault(str(path), 1, "file", problem, "a readable file"))
        return None
    form = declaration.form
    findings.faults += declaration.document.faults
    # A faulty form is still one that others name, and may be wrong about others.
    if not (form.code and form.version):
        return None
    if _claim(findings, f"{form.code} version {form.version}", path):
        findings.declarations[form.code, form.version] = declaration
    return form


def _claim(findings: _Findings, what: str, path: Path) -> bool:
    """Whether this file is the first to declare something; a second one is a fault."""
    if what in findings.files:
        problem = f"{what} is already declared in {findings.files[what]}"
        findings.faults.append(Fault(str(path), 1, "file", problem, "each once"))
        return False
    findings.files[what] = str(path)
    return True
