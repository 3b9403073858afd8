"""Keys from the machine itself: written through the same batches, as deeds of the system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from domain.access import Role
from domain.errors import DomainError
from domain.instants import Clock
from domain.services.api_clients import CreateApiClient, IssueApiKey
from persistence.books import Books
from persistence.system import SystemLedger

FIRST_ADMIN = "admin"
_REMEDY = "run `python main.py keys issue --client NAME --role ADMIN`"


class OtherRoleError(Exception):
    """The API client exists already, and is trusted with something else."""


class Provisioner:
    """Issues keys where nobody could ask for them over the API."""

    def __init__(self, books: Books, system: SystemLedger, clock: Clock) -> None:
        self._books = books
        self._system = system
        self._clock = clock

    def issue_key(self, name: str, role: Role) -> str:
        """Return the secret of a new key for the API client of that name, created now if there is none.

        Raises OtherRoleError, and DomainError where the key is refused.
        """
        client_id = self._books.api_client_id_with_name(name)
        if client_id is None:
            client_id = self._system.perform(CreateApiClient(name=name, role=role)).api_client.id
        elif (client := self._books.api_client(client_id)) and client.role is not role:
            raise OtherRoleError(f"that API client exists with the role {client.role.value}")
        secret: str = self._system.perform(IssueApiKey(api_client_id=client_id)).secret
        return secret

    def leave_first_key(self, path: Path) -> bool:
        """Leave a key for `admin` in a private file, where no ADMIN has a usable one. Tell whether that was so."""
        now = self._clock.now()
        if any(key.is_usable(now) for admin in self._books.admins() for key in self._books.api_keys_of(admin.id)):
            return False
        with _private(path) as file:
            try:
                file.write(self.issue_key(FIRST_ADMIN, Role.ADMIN) + "\n")
            except (OtherRoleError, DomainError) as error:
                raise OtherRoleError(
                    f"no ADMIN has a usable key, and `{FIRST_ADMIN}` can get none: {_REMEDY}"
                ) from error
        return True


@contextmanager
def _private(path: Path) -> Iterator[TextIO]:
    """Give a file that only its owner ever could read; it appears under its name once it is whole, and on disk.

    It is opened before anything is written into it, so that a place where it cannot be costs no key.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
