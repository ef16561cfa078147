"""`make simulate`: years on PostgreSQL with two schedulers, and on SQLite with one."""

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
from tests.simulation.counting import Tally, count
from tests.simulation.playing import Play, Size, play

FIRST = datetime(2027, 1, 5, tzinfo=ZONE)
ON_POSTGRESQL = Size(FIRST, datetime(2042, 1, 5, tzinfo=ZONE), 2, kills=80, jumps=80)
ON_SQLITE = Size(FIRST, datetime(2029, 1, 5, tzinfo=ZONE), 1, kills=20, jumps=20)


def simulate(url: str, folder: Path, size: Size, seed: int) -> tuple[Play, Tally]:
    """Play one store and count it."""
    began = time.monotonic()
    game = play(url, folder, size, seed=seed, tell=lambda line: click.echo(f"  {line}"))
    engine = make_engine(url)
    with Session(engine) as session:
        tally = count(session, size)
    engine.dispose()
    took = timedelta(seconds=round(time.monotonic() - began))
    click.echo(f"  {game.rings} rings in {took}")
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
        game, tally = simulate(f"sqlite:///{folder / 'store.db'}", folder, ON_SQLITE, seed)
        kills, jumps, tallies = game.kills, game.jumps, [tally]
        click.echo("PostgreSQL, two schedulers:")
        with running_cluster() as url:
            game, tally = simulate(url, folder, ON_POSTGRESQL, seed + 1)
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


if __name__ == "__main__":
    sys.exit(main())
