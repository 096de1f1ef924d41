"""Verdicts: what the gate thinks of a batch, stored under the gate's own database role.

The transaction that stores a verdict opens the gate for the commands of the revisions that passed, and quarantines
the others; the schema lets no other role do the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb

from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.order import Order
from retail_ops.ports.gate import BatchTotals, Finding, Verdict
from retail_ops.ports.store import NewCase, OpenBatch, StagedRow
from retail_ops.store import cases
from retail_ops.store.unit import Transaction, UnitOfWork

KIND = "order"
GATE_DEADLINE_S = 2 * 3600
BLOCKED_DEADLINE_S = 3600


class PostgresGateStore:
    """Implements `ports.store.GateStore`; `unit` must connect under the gate's role."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def open_batches(self, account: str) -> Sequence[OpenBatch]:
        """Return the batches of `account` that no gate has judged, oldest first."""
        with self._unit.reading() as tx:
            ids = [row["batch_id"] for row in tx.sql.gate_open_batches(tx.conn, account=account, kind=KIND)]
            return tuple(_open_batch(tx, batch_id) for batch_id in ids)

    def record(self, account: str, batch: OpenBatch, verdict: Verdict, owner: str) -> Mapping[str, int]:
        """Store the verdict and act on it. Idempotent: a batch that is already judged is left alone."""
        now, actor = self._unit.clock.now(), self._unit.actor
        with self._unit.writing() as tx:
            if tx.sql.gate_lock_batch(tx.conn, batch_id=batch.batch_id) is None:
                tx.abandon()
                return {"already_judged": 1}
            counts = self._store(tx, batch, verdict)
            for key, case, origin in _cases(account, batch, verdict, owner):
                cases.open_case(tx, key, case, origin, now=now, actor=actor)
            tx.record(account, f"gate.{verdict.outcome}", "", {"batch": batch.batch_id, **counts})
            return counts

    def _store(self, tx: Transaction, batch: OpenBatch, verdict: Verdict) -> Mapping[str, int]:
        now = self._unit.clock.now()
        failed = sorted(verdict.failed_rows())
        run_id = tx.sql.gate_run_add(
            tx.conn,
            batch_id=batch.batch_id,
            gate=verdict.gate,
            suite_hash=verdict.suite_hash,
            outcome=verdict.outcome,
            checked_count=verdict.checked,
            failed_count=len(failed),
            findings=Jsonb([_finding(finding) for finding in verdict.findings]),
            now=now,
        )
        verdicts = list(
            tx.sql.gate_verdicts_add(
                tx.conn,
                gate_run_id=run_id,
                gate=verdict.gate,
                run_outcome=verdict.outcome,
                failed=failed,
                batch_id=batch.batch_id,
                judged=[row.revision_id for row in batch.rows],
            )
        )
        tx.sql.gate_open_outbox(tx.conn, gate_run_id=run_id)
        tx.sql.gate_mark_revisions(tx.conn, gate_run_id=run_id)
        tx.sql.gate_mark_entities(tx.conn, gate_run_id=run_id, gate=verdict.gate, now=now)
        state = "blocked" if verdict.outcome == "blocked" else "judged"
        tx.sql.gate_close_batch(tx.conn, batch_id=batch.batch_id, state=state, now=now)
        return Counter(row["outcome"] for row in verdicts)


def _open_batch(tx: Transaction, batch_id: int) -> OpenBatch:
    totals = {
        row["currency"]: (row["staged_count"], row["staged_minor"])
        for row in tx.sql.gate_batch_totals(tx.conn, batch_id=batch_id)
    }
    rows = tuple(
        StagedRow(row["revision_id"], Order.model_validate_json(row["payload"]))
        for row in tx.sql.gate_batch_rows(tx.conn, batch_id=batch_id)
    )
    return OpenBatch(batch_id, rows, BatchTotals(totals))


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "code": finding.code,
        "field": finding.field,
        "row": finding.row,
        "detail": finding.detail,
    }


def _cases(
    account: str, batch: OpenBatch, verdict: Verdict, owner: str
) -> Sequence[tuple[EntityKey, NewCase, cases.Origin]]:
    orders = {row.revision_id: row.order for row in batch.rows}
    made = []
    for finding in verdict.findings:
        if finding.row is None:
            key = EntityKey(account, "batch", str(batch.batch_id))
            case = NewCase("gate", finding.code, finding.field, finding.detail, owner, BLOCKED_DEADLINE_S)
            made.append((key, case, cases.Origin()))
            continue
        order = orders[finding.row]
        key = EntityKey(account, KIND, order.external_id)
        value = order.totals.total.presentment
        case = NewCase("gate", finding.code, finding.field, finding.detail, owner, GATE_DEADLINE_S, value)
        made.append((key, case, cases.Origin(number=order.number, revision_id=finding.row)))
    return made
