"""What an operator may set, in the environment or in .env. It is read here alone."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal, Self

import click
from dotenv import dotenv_values
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.money import DEFAULT_LARGEST_MOVEMENT, LARGEST_BALANCE
from persistence.writer import WriterLimits
from resolvers.admission import AdmissionLimits
from resolvers.explorer.sources import Mode
from resolvers.limits import DocumentLimits, RequestLimits

AtLeastOne = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """What an operator may set, by variables named COUNTINGHOUSE_* or in .env."""

    model_config = SettingsConfigDict(env_prefix="COUNTINGHOUSE_", env_file=".env", extra="ignore", frozen=True)

    database_url: Annotated[str, Field(pattern=r"^sqlite:///[^:]")] = "sqlite:///countinghouse.db"
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: AtLeastOne = 1
    profile: Literal["development", "production"] = "development"
    explorer: Mode = Mode.AUTO
    checkpoint_path: str = ""
    checkpoint_key_path: str = ""
    checkpoint_seconds: AtLeastOne = 10
    max_amount: Annotated[int, Field(ge=1, le=LARGEST_BALANCE)] = DEFAULT_LARGEST_MOVEMENT
    max_in_flight: AtLeastOne = AdmissionLimits.in_flight
    max_waiting_writes: AtLeastOne = 4096
    write_deadline_ms: AtLeastOne = 5000
    read_deadline_ms: AtLeastOne = RequestLimits.read_milliseconds
    refusal_burst: AtLeastOne = 500
    refusals_per_second: AtLeastOne = 5
    max_body_bytes: AtLeastOne = RequestLimits.body_bytes
    max_values: AtLeastOne = RequestLimits.values
    max_length: AtLeastOne = DocumentLimits.length
    max_tokens: AtLeastOne = DocumentLimits.tokens
    max_fragments: AtLeastOne = DocumentLimits.fragments
    max_fields: AtLeastOne = DocumentLimits.fields
    max_aliases: AtLeastOne = DocumentLimits.aliases
    max_directives: AtLeastOne = DocumentLimits.directives
    max_depth: AtLeastOne = DocumentLimits.depth
    max_nesting: AtLeastOne = DocumentLimits.nesting
    max_comparisons: AtLeastOne = DocumentLimits.comparisons
    max_mutations: AtLeastOne = DocumentLimits.mutations
    max_cost: AtLeastOne = DocumentLimits.cost

    @property
    def database_path(self) -> Path:
        """Return the database file: three slashes lead to a relative path, four to an absolute one."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def admin_key_path(self) -> Path:
        """Return where the first ADMIN key is written: beside the database."""
        return self.database_path.with_suffix(".admin-key")

    @property
    def checkpoints(self) -> tuple[Path, Path] | None:
        """Return the file of checkpoints and that of their key; None where none are wanted."""
        return (Path(self.checkpoint_path), Path(self.checkpoint_key_path)) if self.checkpoint_path else None

    @property
    def admission_limits(self) -> AdmissionLimits:
        """Return who gets in."""
        return AdmissionLimits(self.max_in_flight, self.refusal_burst, self.refusals_per_second)

    @property
    def writer_limits(self) -> WriterLimits:
        """Return how much may wait for the writer, and how long."""
        return WriterLimits(self.max_waiting_writes, self.write_deadline_ms * 1000)

    @property
    def document_limits(self) -> DocumentLimits:
        """Return what a document may ask for: each limit is the setting of its name."""
        return DocumentLimits(**{one.name: getattr(self, f"max_{one.name}") for one in fields(DocumentLimits)})

    @property
    def request_limits(self) -> RequestLimits:
        """Return how large a request may be, and how long reading may take."""
        return RequestLimits(self.max_body_bytes, self.max_values, self.read_deadline_ms)

    @model_validator(mode="after")
    def _both_paths(self) -> Self:
        """Have both files named, or neither."""
        if bool(self.checkpoint_path) != bool(self.checkpoint_key_path):
            raise ValueError("is set with COUNTINGHOUSE_CHECKPOINT_KEY_PATH or not at all")
        return self


def read_settings() -> Settings:
    """Read the settings once. Raises ClickException with one line for the first that is wrong, or unknown."""
    known = {f"COUNTINGHOUSE_{name.upper()}" for name in Settings.model_fields}
    try:
        given = {*os.environ, *dotenv_values(".env")}
    except ValueError as error:
        raise click.ClickException(".env is not text in UTF-8") from error
    for name in sorted(given - known):
        if name.startswith("COUNTINGHOUSE_"):
            raise click.ClickException(f"{name} is not a setting")
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        where = fault["loc"] or ("checkpoint", "path")  # what only two settings together can be wrong in
        name = "COUNTINGHOUSE_" + "_".join(str(part) for part in where).upper()
        raise click.ClickException(f"{name}: {fault['msg']}") from error
