"""Use cases: each a command, directly above the synchronous function that performs it on a unit of work."""
