from __future__ import annotations

from collections.abc import Iterator

import pytest

from resolvers.documents import Documents
from resolvers.limits import DocumentLimits
from resolvers.plan import code
from resolvers.plan.plan import Planner
from tests.resolvers.plan.nouns import stub_resolvers
from tests.support.api import core, schema


@pytest.fixture(autouse=True)
def both_ways() -> None:
    """Leave the comparison to these tests."""


@pytest.fixture(scope="module")
def planner() -> Iterator[Planner]:
    """Return a planner for our schema with room for any document, and resolvers that ask the context for answers."""
    with pytest.MonkeyPatch.context() as patch:
        stub_resolvers(core(), patch)
        patch.setattr(code, "LONGEST_SOURCE", 10**6)
        patch.setattr(code, "MOST_NAMES", 10**5)
        yield Documents(schema(), DocumentLimits())._planner
