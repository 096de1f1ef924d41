"""Identity: external ids are strings kept verbatim, and every key starts with the account."""

from __future__ import annotations

import hashlib
from typing import Annotated, NamedTuple

from pydantic import Field

AccountId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]
# No NUL: PostgreSQL cannot keep it in a text.
ExternalId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class EntityKey(NamedTuple):
    """One governed thing of one account.

    Attributes:
        account: e.g. `shopify_uk`.
        kind: e.g. `order`.
        external_id: The channel's own id, verbatim (`gid://shopify/Order/1`).
    """

    account: str
    kind: str
    external_id: str


def command_key(destination: str, action: str, entity: EntityKey, revision: str) -> str:
    """Return the idempotency key of one command: business identity only, never a run or try number."""
    return f"{destination}:{action}:{entity.account}:{entity.external_id}:{revision}"


def content_hash(payload: str) -> bytes:
    """Return the SHA-256 of a canonical payload; the store recomputes the same over the stored text."""
    return hashlib.sha256(payload.encode("utf-8")).digest()
