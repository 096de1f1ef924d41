"""The outbox: claiming with liveness, settling behind a fence.

A worker lives as long as the session that holds its advisory lock: when the process or the connection dies, the next
claim takes its commands back at once. A worker that hangs loses them when its lease runs out; its late settlement is
refused by the fence (`attempt` and `worker_id`), and the far side's own key keeps its late write from doubling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from retail_ops.contracts.ids import EntityKey, command_key, content_hash
from retail_ops.contracts.order import Order, canonical_json
from retail_ops.ports.store import Command, FollowUp, Settlement
from retail_ops.store import cases, vault
from retail_ops.store.keyring import Keyring
from retail_ops.store.staging import use_key
from retail_ops.store.unit import Transaction

LEASE = timedelta(minutes=10)
PRIORITY = {"order.cancel": 30, "order.confirm": 40, "order.publish": 50}
_STATUS = {"done": "done", "parked": "parked", "deferred": "ready", "superseded": "superseded"}


def claim(
    tx: Transaction, keys: Keyring, account: str, worker_id: int, limit: int, *, now: datetime
) -> tuple[Command, ...]:
    """Claim due commands for a worker; commands of workers that are gone are taken back first and counted."""
    list(tx.sql.outbox_lock_account(tx.conn, account=account))
    workers = list(tx.sql.outbox_other_workers(tx.conn, account=account, worker_id=worker_id))
    gone = [row["worker_id"] for row in workers if row["gone"]]
    for row in list(tx.sql.outbox_rescue(tx.conn, account=account, worker_id=worker_id, gone=gone, now=now)):
        body = {"command": row["outbox_id"], "crashes": row["crashes"]}
        tx.record(account, "command.rescued", row["external_id"], body)
    claimed = list(
        tx.sql.outbox_claim(
            tx.conn, account=account, worker_id=worker_id, lease_until=now + LEASE, now=now, row_limit=limit
        )
    )
    if not claimed:
        return ()
    rows = list(tx.sql.outbox_load(tx.conn, outbox_ids=[row["outbox_id"] for row in claimed]))
    personal = vault.open_items(tx, keys, [row["inbox_id"] for row in rows])
    for row in rows:
        body = {"command": row["outbox_id"], "attempt": row["attempt"], "action": row["action"]}
        tx.record(account, "command.claimed", row["external_id"], body)
    return tuple(_command(row, personal) for row in rows)


def settle(
    tx: Transaction, worker_id: int, settlements: Sequence[Settlement], *, now: datetime, actor: str
) -> Mapping[str, int]:
    """Settle claimed commands; one that is no longer this worker's is left alone and counted as `fenced`."""
    counts: Counter[str] = Counter()
    for settlement in sorted(settlements, key=lambda s: s.command.key):
        if not _settle_command(tx, worker_id, settlement, now):
            counts["fenced"] += 1
            tx.record(
                settlement.command.key.account,
                "command.fenced",
                settlement.command.key.external_id,
                {"command": settlement.command.outbox_id, "attempt": settlement.command.attempt},
            )
            continue
        counts[settlement.status] += 1
        _settle_entity(tx, settlement, now, actor)
    return counts


def give_back(tx: Transaction, worker_id: int, commands: Sequence[Command], reason: str) -> None:
    """Return claimed commands untouched."""
    tx.sql.outbox_give_back(
        tx.conn, reason=reason, outbox_ids=[command.outbox_id for command in commands], worker_id=worker_id
    )
    for account in sorted({command.key.account for command in commands}):
        tx.record(account, "commands.given back", "", {"count": len(commands), "reason": reason})


def _command(row: Mapping[str, Any], personal: Mapping[int, Any]) -> Command:
    published = row["published_payload"]
    return Command(
        outbox_id=row["outbox_id"],
        attempt=row["attempt"],
        crashes=row["crashes"],
        action=row["action"],
        key=EntityKey(row["account"], row["kind"], row["external_id"]),
        revision_id=row["revision_id"],
        order=Order.model_validate_json(row["payload"]),
        personal=personal.get(row["inbox_id"]),
        newest=row["newest"],
        stale=row["stale"],
        published=None if published is None else Order.model_validate_json(published),
        state=row["state"],
        reference=row["erp_reference"],
        unread=row["unread"],
        released=frozenset(row["released"]),
    )


def _settle_command(tx: Transaction, worker_id: int, settlement: Settlement, now: datetime) -> bool:
    command = settlement.command
    final = settlement.status in {"done", "superseded"}
    rows: int = tx.sql.outbox_settle(
        tx.conn,
        status=_STATUS[settlement.status],
        next_at=now + timedelta(seconds=settlement.delay_s),
        last_error=settlement.reason or None,
        receipt=Jsonb(dict(settlement.receipt)) if settlement.receipt else None,
        settled_at=now if final else None,
        outbox_id=command.outbox_id,
        attempt=command.attempt,
        worker_id=worker_id,
    )
    if rows == 0:
        return False
    if final:
        tx.sql.key_settle(tx.conn, receipt=Jsonb(dict(settlement.receipt)), now=now, outbox_id=command.outbox_id)
    body = {"command": command.outbox_id, "attempt": command.attempt, "reason": settlement.reason}
    tx.record(command.key.account, f"{command.action}.{settlement.status}", command.key.external_id, body)
    return True


def _settle_entity(tx: Transaction, settlement: Settlement, now: datetime, actor: str) -> None:
    command, key = settlement.command, settlement.command.key
    if settlement.published:
        tx.sql.entity_published(
            tx.conn, **key._asdict(), revision_id=command.revision_id, reference=settlement.reference, now=now
        )
        tx.sql.outbox_supersede_older(tx.conn, **key._asdict(), revision_id=command.revision_id, now=now)
        keep = None if settlement.case is None else settlement.case.code
        cases.close_overcome(tx, key, keep=keep, now=now, actor=actor)
    if settlement.state is not None:
        tx.sql.entity_state(tx.conn, **key._asdict(), state=settlement.state, reason=settlement.reason, now=now)
    for follow in settlement.follow:
        _follow(tx, command, follow, now)
    if settlement.case is not None:
        origin = cases.Origin(command.order.number, None, command.revision_id, command.outbox_id)
        cases.open_case(tx, key, settlement.case, origin, now=now, actor=actor)


def _follow(tx: Transaction, command: Command, follow: FollowUp, now: datetime) -> None:
    key = command_key("odoo", follow.action, command.key, f"v{command.revision_id}")
    use_key(tx, key, content_hash(canonical_json(command.order)), now)
    tx.sql.outbox_follow(
        tx.conn,
        outbox_id=command.outbox_id,
        action=follow.action,
        key=key,
        priority=PRIORITY[follow.action],
        next_at=now + timedelta(seconds=follow.delay_s),
        now=now,
    )
