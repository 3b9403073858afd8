"""Beancount, a double-entry program of strangers, agrees with the books; and it would not agree with others."""

from __future__ import annotations

import json
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from conformance.conftest import HERE, Run, attempt
from domain.instants import SECOND
from domain.money import LARGEST_BALANCE, Money
from domain.services.erasures import EraseText
from domain.services.movements import Deposit, Withdraw
from persistence.journals import journal
from tests.persistence import test_verified_books as used
from tests.support.books import JPY, TestLedger, euros, migrated

DAY = 24 * 60 * 60 * SECOND
CHECK = str(HERE / ".venv" / "bin" / "bean-check")
PYTHON = str(HERE / ".venv" / "bin" / "python")
USES = (used.use_accounts, used.use_movements, used.use_holds, used.use_reversals, used.use_sweeps, used.use_batches)
WORDS = (
    'say "when"',
    "a\\b",
    "two\nlines",
    "\n" * 100,
    "tab\tand\rreturn",
    "; * ~ 0 EUR",
    "é漢🪙",
    "\x01\x1b\x7f\u2028",
)

TOLD = """
import json, sys
from beancount import loader
entries, errors, _ = loader.load_file(sys.argv[1])
moved = [one for one in entries if type(one).__name__ == "Transaction"]
print(json.dumps({"errors": len(errors), "words": {one.meta["id"]: one.narration for one in moved}}))
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tell books that used everything, over many days, with words that are hard to quote and words that are gone."""
    path = tmp_path_factory.mktemp("beancount")
    ledger = TestLedger(migrated(path / "books.db"))
    for use in USES:
        use(ledger)
        ledger.clock.advance(DAY)
    account = ledger.opened().id
    for words in WORDS:
        ledger.succeed(Deposit(account_id=account, amount=euros(1), description=words, reference=f"{words[:9]}."))
    forgotten = ledger.opened().id
    ledger.succeed(Deposit(account_id=forgotten, amount=euros(1), description="forgotten", reference="forgotten."))
    ledger.succeed(EraseText(account_id=forgotten))
    yen = ledger.funded(LARGEST_BALANCE, JPY)
    ledger.clock.advance(DAY)
    ledger.succeed(Withdraw(account_id=yen.id, amount=Money(1, JPY)))
    (path / "books.beancount").write_bytes(b"".join(journal(ledger.database)))
    ledger.database.close()
    return path / "books.beancount"


def checked(text: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    changed = tmp_path / "changed.beancount"
    changed.write_text(text, newline="")
    return attempt(CHECK, str(changed), cwd=tmp_path)


def test_beancount_agrees_with_books_that_used_everything(books: Path, run: Run) -> None:
    text = books.read_text()
    assert len(set(re.findall(r"^(\S+) balance ", text, re.MULTILINE))) >= len(USES)
    assert run(CHECK, "--no-cache", str(books)) == ""


def test_beancount_reads_the_words_that_were_written(books: Path, run: Run) -> None:
    told = json.loads(run(PYTHON, "-c", TOLD, str(books)))
    assert told["errors"] == 0
    assert {*WORDS, "forgotten"} - {*told["words"].values()} == {"forgotten"}
    assert len(told["words"]) == len(re.findall(r"^\S+ \* ", books.read_text(), re.MULTILINE))


def one_unit_more(text: str, lines: list[re.Match[str]]) -> list[str]:
    """Return the text with the amount of one line greater by one minor unit, for each of the lines."""
    changed = []
    for line in lines:
        start, end = line.span("amount")
        amount = Decimal(line["amount"])
        more = amount + Decimal(1).scaleb(int(amount.as_tuple().exponent))
        changed.append(f"{text[:start]}{more:f}{text[end:]}")
    return changed


@pytest.mark.parametrize("currency", ["EUR", "JPY", "BHD", "GBP"])
def test_beancount_notices_one_minor_unit_more_in_a_transaction(currency: str, books: Path, tmp_path: Path) -> None:
    text = books.read_text()
    posting = rf"^  (?:Assets|Liabilities):\S+  (?P<amount>-?[\d.]+) {currency}$"
    first, *_, last = one_unit_more(text, [*re.finditer(posting, text, re.MULTILINE)])
    for changed in (first, last):
        refused = checked(changed, tmp_path)
        assert refused.returncode == 1
        assert "Transaction does not balance" in refused.stderr


@pytest.mark.parametrize("currency", ["EUR", "JPY", "BHD", "GBP"])
@pytest.mark.parametrize("whose", ["Assets", "Liabilities"])
def test_beancount_notices_one_minor_unit_more_in_a_balance(
    whose: str, currency: str, books: Path, tmp_path: Path
) -> None:
    text = books.read_text()
    balance = rf"^\S+ balance {whose}:\S+  (?P<amount>-?[\d.]+) ~ 0 {currency}$"
    first, *_, last = one_unit_more(text, [*re.finditer(balance, text, re.MULTILINE)])
    for changed in (first, last):
        refused = checked(changed, tmp_path)
        assert refused.returncode == 1
        assert "Balance failed" in refused.stderr
