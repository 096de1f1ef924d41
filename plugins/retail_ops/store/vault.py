"""The vault: the only place where personal data lies, by subject, crypto-shredded by losing the subject's key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.contracts.personal import PersonalData
from retail_ops.store.keyring import Keyring, new_key, seal, unseal
from retail_ops.store.unit import Transaction


@dataclass(frozen=True, slots=True)
class Subject:
    """A living subject and its key; never leaves the transaction."""

    subject_id: int
    key: bytes


def subject(tx: Transaction, keys: Keyring, account: str, pseudonym: str, now: datetime) -> Subject:
    """Return the living subject of a pseudonym, made when there is none.

    A subject that was erased stays erased: a person who buys again becomes a new generation.
    """
    while True:
        found = tx.sql.vault_subject_find(tx.conn, account=account, pseudonym=pseudonym)
        if found is not None and found["erased_at"] is None:
            return Subject(found["subject_id"], keys.unwrap_by_ring(found["wrapped_key"]))
        key = new_key()
        subject_id = tx.sql.vault_subject_add(
            tx.conn,
            account=account,
            pseudonym=pseudonym,
            generation=1 if found is None else found["generation"] + 1,
            wrapped_key=keys.wrap_by_ring(key),
            now=now,
        )
        if subject_id is not None:
            return Subject(subject_id, key)


def subject_key(tx: Transaction, keys: Keyring, subject_id: int) -> bytes:
    """Return the key of a subject.

    Raises:
        ConfigurationError: The subject is erased; nobody should have asked.
    """
    row = tx.sql.vault_subject_key(tx.conn, subject_id=subject_id)
    if row is None or row["wrapped_key"] is None:
        raise ConfigurationError(f"vault: subject {subject_id} is erased")
    return keys.unwrap_by_ring(row["wrapped_key"])


def keep(tx: Transaction, owner: Subject, inbox_id: int, personal: PersonalData, now: datetime) -> None:
    """Keep the personal data of one message. Idempotent: one item a message."""
    tx.sql.vault_keep(
        tx.conn,
        inbox_id=inbox_id,
        subject_id=owner.subject_id,
        ciphertext=seal(personal.model_dump_json().encode(), owner.key, f"item/{inbox_id}"),
        now=now,
    )


def open_items(tx: Transaction, keys: Keyring, inbox_ids: Sequence[int]) -> Mapping[int, PersonalData]:
    """Return the personal data of messages; those of erased subjects are absent."""
    rows = list(tx.sql.vault_items(tx.conn, inbox_ids=list(inbox_ids)))
    return {
        row["inbox_id"]: PersonalData.model_validate_json(
            unseal(row["ciphertext"], keys.unwrap_by_ring(row["wrapped_key"]), f"item/{row['inbox_id']}")
        )
        for row in rows
    }
