"""What Schemathesis sends for scalars: mostly what they read, ids that exist among it, sometimes what is refused."""

import os

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

PLAIN = r"-?[0-9]{1,12}(\.[0-9]{1,3})?"
KNOWN_IDS = os.environ["KNOWN_IDS"].split()

WORDS = {
    "CurrencyCode": st.sampled_from(["EUR"] * 6 + ["JPY", "KWD", "XAU", "QQQ", "eur"]),
    "DateTime": st.datetimes().map(lambda instant: f"{instant.isoformat()}Z") | st.just("2026-02-30T00:00:00Z"),
    "Decimal": st.sampled_from(["1", "20.50", "0.01", "NaN", "1e9"]) | st.from_regex(PLAIN, fullmatch=True),
    "ID": st.sampled_from(KNOWN_IDS) | st.sampled_from(KNOWN_IDS) | st.text(max_size=70),
    "IdempotencyKey": st.from_regex(r"[!-~]{1,300}", fullmatch=True),
    "Int64": st.integers(-(2**63), 2**63 - 1).map(str) | st.just(str(2**63)),
}

for name, words in WORDS.items():
    schemathesis.graphql.scalar(name, words.map(nodes.String))
