"""`jenjang doctor`."""

from __future__ import annotations

import typer

from app.cli.database import opened_migrated, read_settings
from app.queries.find_obstacles import find_obstacles


def diagnose() -> None:
    """Print each obstacle on a line of its own, or that there is none.

    Raises:
        Unavailable: the database is away; Conflict: it is not migrated; Exit: with 1, there are obstacles.
    """
    settings = read_settings()
    with opened_migrated(settings) as database, database.reading() as session:
        obstacles = list(find_obstacles(session, demo=settings.demo))
    for obstacle in obstacles:
        typer.echo(" ".join(obstacle.split()))
    if obstacles:
        raise typer.Exit(1)
    typer.echo("All is well.")
