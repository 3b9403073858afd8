"""The keys of checkpoints: Ed25519, the private one in a file of its own, the public one as 64 hexadecimal digits."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


class KeyRefusedError(Exception):
    """A key that cannot be used; the message says why, in one line."""


class PublicKey:
    """Tells what was signed. A `domain.checkpoints.Verifier`."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    def __str__(self) -> str:
        return self._key.public_bytes_raw().hex()

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """Signs. A `domain.checkpoints.Signer`."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> PublicKey:
        """Return the key by which others tell what this one signed."""
        return PublicKey(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def make_key(path: Path) -> PublicKey:
    """Make a private key in a file that only its owner can read; return its public key. Raises KeyRefusedError."""
    key = Ed25519PrivateKey.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise KeyRefusedError(f"no key can be made in {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    return PublicKey(key.public_key())


def read_private_key(path: Path) -> PrivateKey:
    """Read a private key. Raises KeyRefusedError if it is none, or if others could read it too."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyRefusedError(f"{path} can be read by others: give it the mode 600")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyRefusedError(f"the key {path} cannot be read: {error.strerror}") from error
    except (TypeError, ValueError) as error:
        raise KeyRefusedError(f"{path} holds no private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefusedError(f"{path} holds no Ed25519 key")
    return PrivateKey(key)


def read_public_key(text: str) -> PublicKey:
    """Read a public key, or the file that holds one. Raises KeyRefusedError."""
    try:
        given = Path(text).read_text() if Path(text).is_file() else text
        return PublicKey(Ed25519PublicKey.from_public_bytes(bytes.fromhex(given)))
    except (OSError, ValueError) as error:
        raise KeyRefusedError("a public key is 64 hexadecimal digits, or a file that holds them") from error
