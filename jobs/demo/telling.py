"""What the demonstration shows at the console: chapters, lines, tables, a moving bar.

Where the output is no terminal the same is written plainly, without colours and bars, so that a
log of it can be read and two logs compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

_PLAIN_WIDTH = 150
_Item = TypeVar("_Item")


class Teller:
    """Speaks to whoever runs the demonstration."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = _PLAIN_WIDTH

    def chapter(self, title: str) -> None:
        """Begin another part of the story."""
        self.console.print()
        self.console.rule(f"[bold]{escape(title)}", align="left", characters="─")

    def say(self, text: str) -> None:
        """Tell one thing."""
        self.console.print(escape(text))

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], most: int = 60
    ) -> None:
        """Show a table; a column whose name begins with `#` holds numbers."""
        shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
        for name in columns:
            numbers = name.startswith("#")
            shown.add_column(
                name.removeprefix("#"), justify="right" if numbers else "left", no_wrap=numbers
            )
        kept = list(rows)
        for row in kept[:most]:
            shown.add_row(*(escape(_shown(cell)) for cell in row))
        self.console.print(shown)
        if len(kept) > most:
            self.say(f"... and {len(kept) - most} more")

    def each(self, what: str, items: Sequence[_Item]) -> Iterator[_Item]:
        """Go through items with a bar that moves; a plain line where there is no terminal."""
        if not self.console.is_terminal:
            self.say(f"{what}: {len(items)}")
            yield from items
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self.console) as progress:
            yield from progress.track(items, description=what)


def _shown(cell: object) -> str:
    """Whole numbers with their thousands apart, as they are written in Vietnam."""
    if isinstance(cell, int):
        return f"{cell:,}".replace(",", ".")
    return str(cell)
