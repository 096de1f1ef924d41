"""Staging: mapped messages become revisions, one batch and waiting commands; the others become cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from retail_ops.contracts.errors import ConfigurationError, KeyReusedError
from retail_ops.contracts.ids import EntityKey, command_key, content_hash
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order, business_json, canonical_json, is_newer
from retail_ops.ports.store import Mapped, NewCase, Unmapped
from retail_ops.store import cases, inbox, vault
from retail_ops.store.keyring import Keyring
from retail_ops.store.unit import Transaction

KIND = "order"
DATA_DEADLINE_S = 4 * 3600


def stage(
    tx: Transaction,
    keys: Keyring,
    account: str,
    results: Sequence[Mapped | Unmapped],
    *,
    owner: str,
    now: datetime,
    actor: str,
) -> Mapping[str, int]:
    """Stage mapping results; messages that another worker has staged meanwhile are left out.

    Returns:
        Counters: staged, unchanged, outdated, ignored, failed.
    """
    by_id = {result.message.inbox_id: result for result in results}
    rows = list(tx.sql.inbox_lock_received(tx.conn, inbox_ids=sorted(by_id)))
    # One order of locking for everybody: two workers that stage the same entities never wait for each other in a ring.
    rows.sort(key=lambda row: (row["external_id"], row["inbox_id"]))
    counts: Counter[str] = Counter()
    staged: list[tuple[int, Money]] = []
    for row in rows:
        result = by_id[row["inbox_id"]]
        if isinstance(result, Unmapped):
            _fail(tx, keys, account, row, result, owner=owner, now=now, actor=actor)
            counts["failed"] += 1
            continue
        outcome, revision_id = _stage_one(tx, keys, row, result, now=now)
        counts[outcome] += 1
        if revision_id is not None:
            staged.append((revision_id, result.result.order.totals.total.presentment))
    if staged:
        open_batch(tx, account, staged, now=now)
    if rows:
        tx.record(account, "inbox.staged", "", dict(counts))
    return counts


def open_batch(tx: Transaction, account: str, staged: Sequence[tuple[int, Money]], *, now: datetime) -> int:
    """Open a batch over revisions, with its count and sum by currency; return its id."""
    batch_id: int = tx.sql.batch_add(tx.conn, account=account, kind=KIND, now=now)
    totals: dict[str, list[int]] = defaultdict(list)
    for revision_id, total in staged:
        tx.sql.batch_item_add(tx.conn, batch_id=batch_id, revision_id=revision_id)
        totals[total.currency].append(total.minor)
    for currency, amounts in sorted(totals.items()):
        tx.sql.batch_total_add(
            tx.conn, batch_id=batch_id, currency=currency, staged_count=len(amounts), staged_minor=sum(amounts)
        )
    return batch_id


def use_key(tx: Transaction, key: str, fingerprint: bytes, now: datetime) -> None:
    """Take an idempotency key for one meaning.

    Idempotent: taking it again for the same meaning is fine.

    Raises:
        KeyReusedError: It was taken for another one.
    """
    if tx.sql.key_use(tx.conn, key=key, fingerprint=fingerprint, now=now) is not None:
        return
    used = tx.sql.key_used(tx.conn, key=key)
    if used is None or bytes(used["fingerprint"]) != fingerprint:
        raise KeyReusedError(f"idempotency key {key} was used for something else")


def _stage_one(
    tx: Transaction, keys: Keyring, row: Mapping[str, Any], result: Mapped, *, now: datetime
) -> tuple[str, int | None]:
    order = result.result.order
    key = EntityKey(order.account, KIND, order.external_id)
    if order.external_id != row["external_id"]:
        raise ConfigurationError(f"message {row['inbox_id']} is filed under another order's id")
    subject = vault.subject(tx, keys, order.account, order.buyer.subject, now)
    vault.keep(tx, subject, row["inbox_id"], result.result.personal, now)
    tx.sql.entity_add(tx.conn, **key._asdict(), number=order.number, now=now)
    newest = _newest(tx, key)
    business = content_hash(business_json(order))
    outcome = _outcome(newest, order, business)
    number = 1 if newest is None else newest["number"] + 1
    revision = _add_revision(tx, key, number, row, order, business, now) if outcome == "staged" else None
    tx.sql.inbox_handled(
        tx.conn,
        inbox_id=row["inbox_id"],
        state=outcome,
        source_at=order.updated_at,
        subject_id=subject.subject_id,
        wrapped_key=inbox.hand_over(tx, keys, row, subject),
        now=now,
    )
    if revision is None:
        return outcome, None
    if result.ignore is not None:
        tx.sql.entity_state(tx.conn, **key._asdict(), state="ignored", reason=result.ignore, now=now)
        return "ignored", None
    _enqueue(tx, key, *revision, order, now)
    return "staged", revision[0]


def _newest(tx: Transaction, key: EntityKey) -> Mapping[str, Any] | None:
    entity = tx.sql.entity_lock(tx.conn, **key._asdict())
    if entity["newest_revision_id"] is None:
        return None
    facts: Mapping[str, Any] = tx.sql.revision_facts(tx.conn, revision_id=entity["newest_revision_id"])
    return facts


def _outcome(newest: Mapping[str, Any] | None, order: Order, business: bytes) -> str:
    if newest is None:
        return "staged"
    if not is_newer(order.updated_at, newest["source_at"]):
        return "outdated"
    if bytes(newest["business_hash"]) == business:
        return "unchanged"
    return "staged"


def _add_revision(
    tx: Transaction,
    key: EntityKey,
    number: int,
    row: Mapping[str, Any],
    order: Order,
    business: bytes,
    now: datetime,
) -> tuple[int, int]:
    payload = canonical_json(order)
    revision_id: int = tx.sql.revision_add(
        tx.conn,
        **key._asdict(),
        number=number,
        inbox_id=row["inbox_id"],
        source_at=order.updated_at,
        payload=payload,
        content_hash=content_hash(payload),
        business_hash=business,
        now=now,
    )
    tx.sql.entity_newest(tx.conn, **key._asdict(), revision_id=revision_id, number=order.number, now=now)
    tx.record(key.account, "order.staged", key.external_id, {"revision": revision_id, "inbox": row["inbox_id"]})
    return revision_id, number


def _enqueue(tx: Transaction, key: EntityKey, revision_id: int, number: int, order: Order, now: datetime) -> None:
    command = command_key("odoo", "order.publish", key, f"r{number}")
    use_key(tx, command, content_hash(canonical_json(order)), now)
    tx.sql.outbox_add(
        tx.conn,
        revision_id=revision_id,
        destination="odoo",
        action="order.publish",
        key=command,
        priority=50,
        now=now,
    )


def _fail(
    tx: Transaction,
    keys: Keyring,
    account: str,
    row: Mapping[str, Any],
    result: Unmapped,
    *,
    owner: str,
    now: datetime,
    actor: str,
) -> None:
    if row["subject_id"] is None:
        # Nobody knows whose data this is: the message is its own subject, and can be erased like any other.
        subject = vault.subject(tx, keys, account, keys.digest(account, "message", row["revision"]), now)
        handed = (subject.subject_id, inbox.hand_over(tx, keys, row, subject))
    else:
        handed = (row["subject_id"], row["wrapped_key"])
    tx.sql.inbox_handled(
        tx.conn,
        inbox_id=row["inbox_id"],
        state="failed",
        source_at=None,
        subject_id=handed[0],
        wrapped_key=handed[1],
        now=now,
    )
    error = result.error
    cases.open_case(
        tx,
        EntityKey(account, KIND, row["external_id"]),
        NewCase("data", error.code, error.field, error.detail, owner, DATA_DEADLINE_S),
        cases.Origin(inbox_id=row["inbox_id"]),
        now=now,
        actor=actor,
    )
