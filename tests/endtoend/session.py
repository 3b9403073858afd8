"""Runs the README's session against a running server, word for word, and compares what it prints.

    python tests/endtoend/session.py http://127.0.0.1:8000

Run from the folder in which the server was started. Prints the first difference and exits with 1 if there is one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"```(sh|json)\n(.*?)```", re.DOTALL)


def session() -> tuple[str, str]:
    """Return the shell script that the README's session is, and what it says the script prints."""
    _, _, text = README.read_text().partition("## A session")
    text, _, _ = text.partition("\n## ")
    blocks = _BLOCK.findall(text)
    script = "".join(block for language, block in blocks if language == "sh")
    return script, "".join(block for language, block in blocks if language == "json")


def run_session(server: str, folder: Path) -> str:
    """Run the session in a folder against a server; return what it printed."""
    script, _ = session()
    environment = {**os.environ, "SERVER": server}
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def main() -> int:
    """Compare what is printed with what the README says."""
    _, expected = session()
    printed = run_session(sys.argv[1], Path.cwd())
    for number, (said, done) in enumerate(zip(expected.splitlines(), printed.splitlines(), strict=False), start=1):
        if said != done:
            sys.stdout.write(f"line {number}\n  README: {said}\n  server: {done}\n")
            return 1
    if len(expected.splitlines()) != len(printed.splitlines()):
        sys.stdout.write(f"the README says {expected!r}, the server said {printed!r}\n")
        return 1
    sys.stdout.write(f"session: {len(expected.splitlines())} answers as the README says\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
