"""Runs a program with values from the environment: URL=... KEY=... python run.py deposit URL KEY."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys

name, *variables = sys.argv[1:]
program = getattr(importlib.import_module(name), name)
told = asyncio.run(program(*(os.environ[variable] for variable in variables)))
sys.stdout.write((told if isinstance(told, str) else "\n".join(told)) + "\n")
