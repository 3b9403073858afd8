"""The command line, continued: copies of the books, made, put back, and moved to other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from application import SystemClock
from persistence import backups, database
from persistence.appearing import appearing
from persistence.exports import exported
from persistence.imports import import_books
from persistence.journals import journal
from refusing import existing_database, refusals_told
from settings import read_settings

A_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=A_FILE)
def backup(file: Path) -> None:
    """Copy the books into one file, proved, with a manifest beside it; safe beside a running server."""
    with refusals_told():
        manifest = backups.back_up(existing_database(read_settings()), file, SystemClock().now())
    click.echo(f"backed up {manifest.books}")


@click.command()
@click.argument("file", type=A_FILE)
def restore(file: Path) -> None:
    """Put a backup where the settings expect the database, if nothing is there."""
    with refusals_told():
        manifest, behind = backups.restore(file, read_settings().database_path)
    click.echo(f"restored {manifest.books}, as they were at {manifest.made_at}")
    click.echo(
        f"Nothing after record {manifest.books.sequence} is in these books, whatever clients were answered since"
    )
    if behind:
        click.echo(f"The schema is {behind} migration(s) behind: run `python main.py migrate`, then `verify`")


@contextmanager
def written_to(output: Path | None) -> Iterator[BinaryIO]:
    """Give what to write into: a file that appears when all went well, or standard output if none is named."""
    if output:
        with appearing(output) as fresh, fresh.open("wb") as file:
            yield file
    else:
        yield sys.stdout.buffer


FORMATS = {"jsonl": exported, "beancount": journal}


@click.command()
@click.option("--format", "name", type=click.Choice(list(FORMATS)), default="jsonl", help="JSON Lines, or Beancount.")
@click.option("--output", type=A_FILE, help="The file to make; standard output if none is named.")
def export(name: str, output: Path | None) -> None:
    """Write the books for other programs: lines of JSON that `import` takes, or a journal of Beancount."""
    with refusals_told(), closing(database.connect_reader(existing_database(read_settings()))) as connection:
        database.refuse_unfit(connection)
        with written_to(output) as file:
            file.writelines(FORMATS[name](connection))


@click.command("import")
@click.argument("file", type=click.File("rb"), default="-")
def import_(file: BinaryIO) -> None:
    """Make books of an export, proved, where the settings expect the database, if nothing is there."""
    with refusals_told():
        proved = import_books(file, read_settings().database_path)
    click.echo(f"imported {proved}")
