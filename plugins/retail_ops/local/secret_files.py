"""Generated secrets: one file each, mode 600, made at first use and then kept.

NOT here: who uses which secret; production secrets never pass through these files.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, replacing it in one step.

    Args:
        path: Target; its directory must exist.
        text: Content.

    Idempotent: the same text gives the same file; a reader never sees half of it.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(path)


def random_password() -> str:
    """Return a new URL-safe password of 144 random bits."""
    return secrets.token_urlsafe(18)


def random_fernet_key() -> str:
    """Return a new Fernet key: 32 random bytes, base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


def keep_secret(path: Path, generate: Callable[[], str] = random_password) -> str:
    """Return the secret in a file, generating it when the file is missing.

    Args:
        path: Where the secret is kept, mode 600.
        generate: Makes a new secret.

    Idempotent: a kept secret is returned unchanged.
    """
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    value = generate()
    write_private(path, value)
    return value
