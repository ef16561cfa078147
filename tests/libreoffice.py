"""Opening a workbook in LibreOffice: recalculated and saved again, or as pictures to look at."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

#: Always recalculate on load; by default LibreOffice believes the cached values of other programs.
_ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
           xmlns:xs="http://www.w3.org/2001/XMLSchema">
 <item oor:path="/org.openoffice.Office.Calc/Formula/Load">
  <prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
 </item>
</oor:items>
"""

_SECONDS = 180


def recalculate(path: Path) -> Path:
    """The same workbook with every formula worked out by LibreOffice, as it saves it."""
    return recalculate_all([path])[0]


def recalculate_all(paths: Sequence[Path]) -> list[Path]:
    """The same for several workbooks of one folder: starting LibreOffice takes longest."""
    return _convert(paths, "xlsx:Calc MS Excel 2007 XML", "xlsx")


def to_png(path: Path, *, dpi: int = 70) -> list[Path]:
    """The printed pages of a workbook as pictures, one a page."""
    (pdf,) = _convert([path], "pdf", "pdf")
    stem = pdf.with_suffix("")
    subprocess.run(
        ["pdftoppm", "-png", "-r", str(dpi), str(pdf), str(stem)],
        check=True,
        capture_output=True,
        timeout=_SECONDS,
    )
    return sorted(stem.parent.glob(f"{stem.name}-*.png"))


def _convert(paths: Sequence[Path], target: str, suffix: str) -> list[Path]:
    folder = paths[0].parent
    profile = folder / "libreoffice-profile"
    settings = profile / "user" / "registrymodifications.xcu"
    if not settings.exists():
        settings.parent.mkdir(parents=True)
        settings.write_text(_ALWAYS_RECALCULATE, encoding="utf-8")
    outdir = folder / "converted"
    subprocess.run(
        [
            "soffice",
            "--headless",
            "--norestore",
            f"-env:UserInstallation={profile.resolve().as_uri()}",
            "--convert-to",
            target,
            "--outdir",
            str(outdir),
            *map(str, paths),
        ],
        check=True,
        capture_output=True,
        timeout=_SECONDS,
    )
    return [outdir / f"{path.stem}.{suffix}" for path in paths]
