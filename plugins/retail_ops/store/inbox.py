"""The inbox: the exact bytes of every message, each encrypted under a key of its own.

A message's key is wrapped by the ring until its subject is known, and by the subject's key from then on; a message
that never becomes readable gets a subject of its own, so that it can be erased too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from retail_ops.contracts.ids import ExternalId
from retail_ops.ports.channel import RawMessage
from retail_ops.ports.store import StoredMessage
from retail_ops.store import vault
from retail_ops.store.keyring import Keyring, new_key, seal, unseal
from retail_ops.store.unit import Transaction

Row = Mapping[str, Any]
_EXTERNAL_ID: TypeAdapter[str] = TypeAdapter(ExternalId)


def unknown(tx: Transaction, keys: Keyring, account: str, messages: Sequence[RawMessage]) -> list[RawMessage]:
    """Return the messages whose bytes are not kept yet: overlapping windows bring most of them again and again."""
    identified = _identify(keys, account, messages)
    known = _known(tx, account, identified)
    return [message for message, external_id, revision in identified if (external_id, revision) not in known]


def receive(
    tx: Transaction, keys: Keyring, account: str, messages: Sequence[RawMessage], now: datetime
) -> list[tuple[str, str]]:
    """Keep what is new; return (external id, revision) of each new message.

    A message without a readable id, or with one that no contract accepts, is filed under the digest of its bytes.

    Idempotent: unique on (account, kind, external id, revision), where the revision is a keyed digest of the bytes.
    """
    # One order of inserting for everybody: two workers that receive the same page never wait for each other in a ring.
    return [
        (external_id, revision)
        for message, external_id, revision in sorted(_identify(keys, account, messages), key=lambda item: item[1:])
        if _keep(tx, keys, account, message, external_id, revision, now)
    ]


def received(tx: Transaction, keys: Keyring, account: str, kind: str, limit: int) -> list[StoredMessage]:
    """Return messages to be mapped, oldest first, decrypted."""
    rows = list(tx.sql.inbox_received(tx.conn, account=account, kind=kind, row_limit=limit))
    return [
        StoredMessage(
            inbox_id=row["inbox_id"],
            external_id=row["external_id"],
            body=unseal(row["body"], message_key(tx, keys, row), context(account, row)),
        )
        for row in rows
    ]


def message_key(tx: Transaction, keys: Keyring, row: Row) -> bytes:
    """Return the key of a message: wrapped by the ring, or by its subject's key."""
    if row["subject_id"] is None:
        return keys.unwrap_by_ring(row["wrapped_key"])
    return unseal(row["wrapped_key"], vault.subject_key(tx, keys, row["subject_id"]), f"message-key/{row['revision']}")


def hand_over(tx: Transaction, keys: Keyring, row: Row, subject: vault.Subject) -> bytes:
    """Return the message's key, wrapped by its subject's key from now on."""
    return seal(message_key(tx, keys, row), subject.key, f"message-key/{row['revision']}")


def context(account: str, row: Row) -> str:
    """Return what a message's ciphertext is bound to."""
    return f"message/{account}/{row['kind']}/{row['external_id']}/{row['revision']}"


def _identify(keys: Keyring, account: str, messages: Sequence[RawMessage]) -> list[tuple[RawMessage, str, str]]:
    filed = [(message, keys.body_digest(account, message.kind, message.body)) for message in messages]
    return [(message, _file_name(message.external_id, digest), digest) for message, digest in filed]


def _file_name(external_id: str | None, digest: str) -> str:
    """Return the id to file a message under: its own, unless that is none that a contract would accept."""
    try:
        return _EXTERNAL_ID.validate_python(external_id)
    except ValidationError:
        return f"unreadable:{digest}"


def _known(tx: Transaction, account: str, identified: Sequence[tuple[RawMessage, str, str]]) -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for kind in {message.kind for message, _, _ in identified}:
        ours = [(external_id, revision) for message, external_id, revision in identified if message.kind == kind]
        rows = tx.sql.inbox_known(
            tx.conn,
            account=account,
            kind=kind,
            external_ids=[external_id for external_id, _ in ours],
            revisions=[revision for _, revision in ours],
        )
        known |= {(row["external_id"], row["revision"]) for row in rows}
    return known


def _keep(
    tx: Transaction, keys: Keyring, account: str, message: RawMessage, external_id: str, revision: str, now: datetime
) -> bool:
    key = new_key()
    row = {"kind": message.kind, "external_id": external_id, "revision": revision}
    inbox_id = tx.sql.inbox_receive(
        tx.conn,
        account=account,
        **row,
        source_at=message.source_at,
        body=seal(message.body, key, context(account, row)),
        wrapped_key=keys.wrap_by_ring(key),
        now=now,
    )
    return inbox_id is not None
