"""A flood over many connections to several workers leaves little more than one over one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from persistence import database
from tests.endtoend.server import Server, ask, command
from tests.security.floods import DEEDS, forbidden

WORKERS, CONNECTIONS, REQUESTS, BURST = 2, 6, 6, 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a server of two workers, in which a client may be refused so often at once, and then once a second."""
    started = Server(tmp_path, workers=str(WORKERS), refusal_burst=str(BURST), refusals_per_second="1")
    yield started
    started.stop()


def test_a_flood_among_workers_leaves_what_its_client_is_allowed_and_what_was_on_its_way(server: Server) -> None:
    key = command(server.folder, "keys", "issue", "--client", "viewer", "--role", "VIEWER").stdout.strip()

    def flood(connection_number: int) -> None:
        with server.connection() as connection:
            for number in range(REQUESTS):
                ask(connection, key, forbidden(connection_number * REQUESTS + number, DEEDS), {})

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(flood, range(CONNECTIONS)))
    assert server.stop() == 0
    with closing(database.connect_reader(server.folder / "countinghouse.db")) as books:
        denials = books.execute_sql("SELECT count(*) FROM audit WHERE outcome = 'DENIED'").fetchone()[0]
    assert CONNECTIONS * REQUESTS * DEEDS > 5 * BURST
    assert BURST <= denials <= BURST + WORKERS * DEEDS
