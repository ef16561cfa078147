"""`make simulate`: years on PostgreSQL with two schedulers, and on SQLite with one.

What one deadline is, and that its effects are counted in the store, is in counting.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import click
from sqlalchemy.orm import Session

from reporting.db import make_engine
from tests.builders import ZONE
from tests.postgres import running_cluster
from tests.simulation.counting import Tally, count, wanted_of
from tests.simulation.playing import Play, Size, play

FIRST = datetime(2027, 1, 5, tzinfo=ZONE)
ON_POSTGRESQL = Size(FIRST, datetime(2042, 1, 5, tzinfo=ZONE), 2, kills=160, jumps=80)
ON_SQLITE = Size(FIRST, datetime(2029, 1, 5, tzinfo=ZONE), 1, kills=40, jumps=20)


def simulate(url: str, folder: Path, size: Size, seed: int) -> tuple[Play, Tally]:
    """Play one store and count it."""
    began = time.monotonic()
    game = play(url, folder, size, seed=seed, tell=lambda line: click.echo(f"  {line}"))
    engine = make_engine(url)
    with Session(engine) as session:
        tally = count(session, game, wanted_of(session, game))
    engine.dispose()
    took = timedelta(seconds=round(time.monotonic() - began))
    years = round((size.last - size.first) / timedelta(days=365))
    click.echo(f"  {tally.deadlines} deadlines of {years} years, {game.rings} rings in {took}")
    return game, tally


def main() -> int:
    """Both stores; 1 where anything happened twice or not at all."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20_190_109
    tallies: list[Tally] = []
    kills = jumps = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        click.echo("SQLite, one scheduler:")
        game, tally = simulate(_sqlite(folder), _made(folder / "one"), ON_SQLITE, seed)
        kills, jumps, tallies = game.kills, game.jumps, [tally]
        click.echo("PostgreSQL, two schedulers:")
        with running_cluster() as url:
            game, tally = simulate(url, _made(folder / "two"), ON_POSTGRESQL, seed + 1)
        kills, jumps = kills + game.kills, jumps + game.jumps
        tallies.append(tally)
    twice = [line for tally in tallies for line in tally.twice]
    missed = [line for tally in tallies for line in tally.missed]
    for line in (*twice[:20], *missed[:20]):
        click.echo(f"  ! {line}")
    deadlines = sum(tally.deadlines for tally in tallies)
    click.echo(
        f"{deadlines} deadlines ({kills} kills, {jumps} clock jumps): "
        f"{len(twice)} twice, {len(missed)} missed"
    )
    return 1 if twice or missed else 0


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'store.db'}"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
