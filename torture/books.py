"""The file itself, read with nothing but SQLite and a hash: one chain, and money that comes from somewhere."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

_RULES = {
    "entries of transaction {} do not sum to zero": """
        SELECT sequence FROM entry GROUP BY sequence HAVING sum(amount) <> 0""",
    "account {} does not have what its entries add up to": """
        SELECT id FROM account LEFT JOIN entry ON account_id = id
        GROUP BY id HAVING posted <> coalesce(sum(amount), 0)""",
    "the accounts in {} do not sum to zero": "SELECT currency FROM account GROUP BY currency HAVING sum(posted) <> 0",
    "transaction {} has no success in the log": """
        SELECT id FROM "transaction" LEFT JOIN audit USING (sequence) WHERE outcome IS NOT 'SUCCEEDED'""",
}


def faults_in_file(path: Path) -> Iterator[str]:
    """Yield what is wrong with the books at rest."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as books:
        previous = "0" * 64
        for sequence, details, link, end in books.execute(
            "SELECT sequence, details, previous_hash, hash FROM audit ORDER BY sequence"
        ):
            if link != previous or end != hashlib.sha256(bytes.fromhex(previous) + details.encode()).hexdigest():
                yield f"the chain breaks at record {sequence}"
                break
            previous = end
        for fault, query in _RULES.items():
            yield from (fault.format(*row[:1]) for row in books.execute(query).fetchmany(1))
