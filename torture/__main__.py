"""The harness by itself: `python -m torture`."""

from torture.command import torture

torture()
