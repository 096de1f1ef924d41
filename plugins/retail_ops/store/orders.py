"""The order flow's record, through the worker's role; each method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from retail_ops.ports.channel import RawMessage
from retail_ops.ports.erp import SkuFact
from retail_ops.ports.store import Command, Mapped, Settlement, StoredMessage, Unmapped
from retail_ops.store import inbox, outbox, staging
from retail_ops.store.keyring import Keyring
from retail_ops.store.unit import UnitOfWork

KIND = "order"
# How long work may lie before it counts as left behind: longer than a healthy run takes.
GRACE = timedelta(seconds=10)


class PostgresOrderStore:
    """Implements `ports.store.OrderStore`."""

    def __init__(self, unit: UnitOfWork, keys: Keyring) -> None:
        self._unit = unit
        self._keys = keys
        self._worker: tuple[object, int] | None = None

    def position(self, account: str, stream: str) -> datetime | None:
        """Return the cursor, None when the stream was never read."""
        with self._unit.reading() as tx:
            found: datetime | None = tx.sql.cursor_position(tx.conn, account=account, stream=stream)
            return found

    def receive(self, account: str, messages: Sequence[RawMessage]) -> int:
        """Keep messages durably and encrypted; return how many were new."""
        if not messages:
            return 0
        with self._unit.caching() as known:
            new = inbox.unknown(known, self._keys, account, messages)
        if not new:
            return 0
        with self._unit.writing() as tx:
            kept = inbox.receive(tx, self._keys, account, new, self._unit.clock.now())
            tx.record(account, "inbox.received", "", {"new": len(kept)})
            return len(kept)

    def advance(self, account: str, stream: str, position_at: datetime) -> None:
        """Move the cursor forward; a position behind it is ignored."""
        with self._unit.caching() as tx:
            tx.sql.cursor_advance(
                tx.conn, account=account, stream=stream, position_at=position_at, now=self._unit.clock.now()
            )

    def received(self, account: str, limit: int) -> Sequence[StoredMessage]:
        """Return messages that are not mapped yet, oldest first."""
        with self._unit.reading() as tx:
            return inbox.received(tx, self._keys, account, KIND, limit)

    def stage(self, account: str, results: Sequence[Mapped | Unmapped], owner: str) -> Mapping[str, int]:
        """Turn mapping results into revisions, one batch, waiting commands and cases; return counters."""
        if not results:
            return {}
        with self._unit.writing() as tx:
            now, actor = self._unit.clock.now(), self._unit.actor
            counts = staging.stage(tx, self._keys, account, results, owner=owner, now=now, actor=actor)
            if not tx.entries:
                tx.abandon()
            return counts

    def known_skus(self, scope: str, skus: Sequence[str]) -> frozenset[str]:
        """Return which of `skus` the cached map of the ERP `scope` knows."""
        with self._unit.reading() as tx:
            rows = tx.sql.binding_known(tx.conn, scope=scope, kind="product", external_ids=list(skus))
            return frozenset(row["external_id"] for row in rows)

    def remember_skus(self, scope: str, facts: Sequence[SkuFact]) -> None:
        """Add what the ERP said to the cached map."""
        with self._unit.caching() as tx:
            for fact in sorted(facts, key=lambda f: f.sku):
                tx.sql.binding_keep(
                    tx.conn,
                    scope=scope,
                    kind="product",
                    external_id=fact.sku,
                    remote_id=str(fact.product_id),
                    attributes=Jsonb({"stocked": fact.stocked}),
                    now=self._unit.clock.now(),
                )

    def claim(self, account: str, limit: int) -> Sequence[Command]:
        """Claim due commands for this worker, at most one an entity, dead workers' commands included."""
        worker_id = self._worker_id()
        with self._unit.reading() as look:
            if not look.sql.outbox_claimable(look.conn, account=account, now=self._unit.clock.now()):
                return ()
        with self._unit.writing() as tx:
            now = self._unit.clock.now()
            commands = outbox.claim(tx, self._keys, account, worker_id, limit, now=now)
            if not tx.entries:
                tx.abandon()
            return commands

    def settle(self, settlements: Sequence[Settlement]) -> Mapping[str, int]:
        """Record what became of claimed commands; those of a fenced-off attempt are left alone and counted."""
        if not settlements:
            return {}
        worker_id = self._worker_id()
        with self._unit.writing() as tx:
            now, actor = self._unit.clock.now(), self._unit.actor
            return outbox.settle(tx, worker_id, settlements, now=now, actor=actor)

    def give_back(self, commands: Sequence[Command], reason: str) -> None:
        """Return claimed commands untouched: the lane stops for a reason that is not theirs."""
        if not commands:
            return
        worker_id = self._worker_id()
        with self._unit.writing() as tx:
            outbox.give_back(tx, worker_id, commands, reason)

    def due(self, account: str) -> str | None:
        """Return a signature of the work that was left behind or has come due, None when there is none."""
        with self._unit.reading() as tx:
            row = tx.sql.work_due(tx.conn, account=account, before=self._unit.clock.now() - GRACE)
        figures = (row["command"], row["batch"], row["message"])
        return "/".join(str(figure or 0) for figure in figures) if any(figures) else None

    def _worker_id(self) -> int:
        """Return this session's worker id; a new session is a new worker, which holds its own liveness lock."""
        conn = self._unit.conn
        if self._worker is None or self._worker[0] is not conn:
            with self._unit.caching() as tx:
                worker_id: int = tx.sql.worker_new(tx.conn)
                list(tx.sql.worker_hold(tx.conn, worker_id=str(worker_id)))
            self._worker = (conn, worker_id)
        return self._worker[1]
