"""Secrets are compared in one place, in constant time, and every key that is sent comes by there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.access import mint_secret, secret_matches
from resolvers import authentication
from tests.support.api import Api
from tests.support.surroundings import CountingEntropy

ROOT = Path(__file__).parents[2]
PLACES = ("*.py", "domain/**/*.py", "persistence/**/*.py", "resolvers/**/*.py", "schema/**/*.py")
SOURCES = {path.relative_to(ROOT).as_posix(): path for place in PLACES for path in sorted(ROOT.glob(place))}
SECRET = re.compile(r"secret|digest|credential", re.IGNORECASE)
NO_SECRET = {
    "match['checksum'] != _checksum(secret[:-8])": "two parts of what was sent: whoever sends it knows both",
    "digests == sealed": "digests of people's words, which `verify` compares for nobody who is asking",
    "line.checkpoint.previous != (before.digest if before else NOTHING_BEFORE)": "links of checkpoints, for all to see",
    "newest.digest not in {self._newest, self._begun}": "the same",
    "line != last_line(self._counts, self._digest.hexdigest())": "the digest of an export, which stands in it",
    "b64encode(hashlib.sha384(content).digest()).decode() == self.sha384": "files that everybody may have",
}
"""Comparisons whose time tells nothing, and why."""


def compared(tree: ast.AST) -> Iterator[str]:
    """Yield each comparison of something that is named like a secret. Whether there is one is no comparison of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.Is | ast.IsNot):
            text = ast.unparse(node)
            if SECRET.search(text) and text not in NO_SECRET:
                yield text


def calls(tree: ast.AST, name: str) -> int:
    return sum(isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name) for node in ast.walk(tree))


@pytest.mark.parametrize("name", SOURCES)
def test_no_secret_is_compared_by_an_operator(name: str) -> None:
    assert list(compared(ast.parse(SOURCES[name].read_text()))) == []


def test_secrets_are_compared_in_one_place() -> None:
    found = {name: calls(ast.parse(path.read_text()), "compare_digest") for name, path in SOURCES.items()}
    assert {name: number for name, number in found.items() if number} == {"domain/access.py": 1}


@pytest.mark.parametrize(
    "broken", ["secret_digest(a) == b", "a != key.secret_digest", "digest in known", "credential.digest == b"]
)
def test_a_comparison_by_an_operator_is_noticed(broken: str) -> None:
    assert list(compared(ast.parse(broken))) == [broken]


UNKNOWN = mint_secret("key_00000000000000000000009999", CountingEntropy())


@pytest.mark.parametrize("wrong", ["a secret of its id", "an id that nobody has", "no key at all", "nothing"])
def test_every_key_that_is_sent_is_compared_once_whatever_is_wrong_with_it(
    wrong: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_id = api.caller.api_key_id or ""
    sent = {
        "a secret of its id": mint_secret(known_id, CountingEntropy()),
        "an id that nobody has": UNKNOWN,
        "no key at all": "letmein",
        "nothing": "",
    }[wrong]
    seen = list[str]()

    def counting(secret: str, digest: str) -> bool:
        seen.append(secret)
        return secret_matches(secret, digest)

    monkeypatch.setattr(authentication, "secret_matches", counting)
    answer = api.send(b"{}", headers={"x-api-key": sent})
    assert (answer.status, answer.codes, seen) == (401, ["UNAUTHENTICATED"], [sent])
