"""What a run says at its end."""

from __future__ import annotations

from collections.abc import Mapping

from torture.run import Outcome

MOST_FAULTS, LONGEST = 20, 600


def told(outcome: Outcome) -> str:
    """Return the report of a run."""
    faults = [f"  {fault[:LONGEST]}" for fault in outcome.faults[:MOST_FAULTS]] or ["  none"]
    return "\n".join(
        [
            *_listed("What was counted", outcome.counts),
            *_listed("What was done to the server", outcome.torments),
            *_listed("What was answered", outcome.met),
            f"Faults: {len(outcome.faults)}",
            *faults,
        ]
    )


def _listed(title: str, counts: Mapping[str, int]) -> list[str]:
    width = max(map(len, counts), default=0)
    return [
        title,
        *(f"  {name:{width}}  {count:>9,}" for name, count in sorted(counts.items(), key=lambda one: -one[1])),
    ]
