"""The desk: what a person looks up and does. Every act asks for its permission and leaves its line in the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from retail_ops.contracts.errors import DataError
from retail_ops.contracts.ids import EntityKey, command_key, content_hash
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.governance.permissions import Permission
from retail_ops.store.deployment import require
from retail_ops.store.outbox import PRIORITY
from retail_ops.store.staging import open_batch, use_key
from retail_ops.store.unit import Transaction, UnitOfWork

Row = Mapping[str, Any]
# The kind of a case that is about a whole batch; its external id is the batch's.
BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Trace:
    """One entity, from its first message to its last command."""

    entity: Row
    messages: Sequence[Row]
    revisions: Sequence[Row]
    verdicts: Sequence[Row]
    commands: Sequence[Row]
    cases: Sequence[Row]
    audit: Sequence[Row]


class Desk:
    """Look-ups and manual acts."""

    def __init__(self, unit: UnitOfWork, principal: str) -> None:
        self._unit = unit
        self._principal = principal

    def find(self, text: str) -> Sequence[Row]:
        """Return the entities whose number or external id is `text`, in any account."""
        with self._unit.reading() as tx:
            return list(tx.sql.entity_find(tx.conn, text=text))

    def trace(self, entity: Row) -> Trace:
        """Return everything that is known of one entity."""
        key = {name: entity[name] for name in ("account", "kind", "external_id")}
        with self._unit.reading() as tx:
            return Trace(
                entity=entity,
                messages=list(tx.sql.trace_messages(tx.conn, **key)),
                revisions=list(tx.sql.trace_revisions(tx.conn, **key)),
                verdicts=list(tx.sql.trace_verdicts(tx.conn, **key)),
                commands=list(tx.sql.trace_commands(tx.conn, **key)),
                cases=list(tx.sql.trace_cases(tx.conn, **key)),
                audit=list(tx.sql.audit_of(tx.conn, account=key["account"], subject=key["external_id"])),
            )

    def cases(self, account: str | None, state: str | None, limit: int) -> Sequence[Row]:
        """Return cases, the most urgent first."""
        with self._unit.reading() as tx:
            return list(tx.sql.case_list(tx.conn, account=account, state=state, row_limit=limit))

    def facts(self, account: str, kind: str) -> Sequence[Row]:
        """Return what the store says of everything of an account, with `open_case`, for `verify`."""
        with self._unit.reading() as tx:
            cases = {row["external_id"] for row in tx.sql.open_case_ids(tx.conn, account=account, kind=kind)}
            rows = list(tx.sql.entity_facts(tx.conn, account=account, kind=kind))
            return [{**row, "open_case": row["external_id"] in cases} for row in rows]

    def broken_chains(self) -> Sequence[Row]:
        """Return every broken entry or head of the audit chains; none when all are whole."""
        with self._unit.reading() as tx:
            return list(tx.sql.audit_broken(tx.conn))

    def chain_heads(self) -> Sequence[Row]:
        """Return the head of every audit chain."""
        with self._unit.reading() as tx:
            return list(tx.sql.audit_heads(tx.conn))

    def counts(self) -> Sequence[Row]:
        """Return how many entities each account has in each state."""
        with self._unit.reading() as tx:
            return list(tx.sql.counts_by_state(tx.conn))

    def work_left(self) -> Row:
        """Return how many messages, batches and commands are on their way right now."""
        with self._unit.reading() as tx:
            found: Row = tx.sql.work_left(tx.conn, now=self._unit.clock.now())
            return found

    def cursors(self) -> Mapping[str, datetime]:
        """Return up to when each account and stream was read."""
        with self._unit.reading() as tx:
            return {f"{row['account']}/{row['stream']}": row["position_at"] for row in tx.sql.cursor_list(tx.conn)}

    def replay(self, case_id: int, *, dry_run: bool) -> str:
        """Put what a case holds back on its way, at the step where it stopped; return what that is.

        A failed message is mapped again, a quarantined revision or what is left of a blocked batch is judged again, a
        parked command is carried out again.

        Idempotent: replaying twice finds the case closed. With `dry_run` nothing changes.

        Raises:
            DataError: No such open case, or it holds nothing that can be replayed.
            PermissionDeniedError: The principal may not replay.
        """
        with self._unit.writing() as tx:
            require(tx, self._principal, Permission.REPLAY)
            case = tx.sql.case_get(tx.conn, case_id=case_id)
            if case is None or case["state"] != "open":
                raise DataError("no_open_case", "case", f"there is no open case {case_id}")
            plan, rows = self._again(tx, case)
            if rows == 0:
                raise DataError("nothing_to_replay", "case", f"case {case_id} holds nothing that waits for a replay")
            if dry_run:
                tx.abandon()
                return plan
            self._close(tx, case, "replayed", plan)
            return plan

    def release(self, case_id: int) -> str:
        """Let an order past the routing rule that its case names; return what happens next.

        Bound to the revision: every other rule still holds, and a newer version of the order is asked about again.

        Idempotent: releasing twice finds the case closed.

        Raises:
            DataError: No such open case, it is not about a routing rule, or the order has moved on since.
            PermissionDeniedError: The principal may not release.
        """
        with self._unit.writing() as tx:
            require(tx, self._principal, Permission.RELEASE)
            case = tx.sql.case_get(tx.conn, case_id=case_id)
            if case is None or case["state"] != "open":
                raise DataError("no_open_case", "case", f"there is no open case {case_id}")
            if case["class"] != "routing":
                raise DataError("not_a_decision", "case", f"case {case_id} asks for a replay, not for a decision")
            key = {name: case[name] for name in ("account", "kind", "external_id")}
            if tx.sql.entity_under_review(tx.conn, **key, revision_id=case["revision_id"]) is None:
                raise DataError("moved_on", "case", f"the order of case {case_id} is no longer under this review")
            return self._let_past(tx, case)

    def _let_past(self, tx: Transaction, case: Row) -> str:
        now = self._unit.clock.now()
        release_id = tx.sql.release_add(
            tx.conn, revision_id=case["revision_id"], rule=case["code"], principal=self._principal, now=now
        )
        payload = tx.sql.revision_payload(tx.conn, revision_id=case["revision_id"])
        entity = EntityKey(case["account"], case["kind"], case["external_id"])
        command = command_key("odoo", "order.confirm", entity, f"v{case['revision_id']}:a{release_id}")
        use_key(tx, command, content_hash(payload), now)
        tx.sql.outbox_follow(
            tx.conn,
            outbox_id=case["outbox_id"],
            action="order.confirm",
            key=command,
            priority=PRIORITY["order.confirm"],
            next_at=now,
            now=now,
        )
        plan = f"revision {case['revision_id']} goes past rule {case['code']} and is decided again"
        self._close(tx, case, "released", plan)
        return plan

    def _again(self, tx: Transaction, case: Row) -> tuple[str, int]:
        now = self._unit.clock.now()
        if case["outbox_id"] is not None:
            rows: int = tx.sql.outbox_again(tx.conn, outbox_id=case["outbox_id"], now=now)
            return f"command {case['outbox_id']} is carried out again", rows
        if case["revision_id"] is not None:
            rows = tx.sql.revision_again(tx.conn, revision_id=case["revision_id"])
            if rows:
                payload = tx.sql.revision_payload(tx.conn, revision_id=case["revision_id"])
                open_batch(tx, case["account"], [(case["revision_id"], _total(payload))], now=now)
            return f"revision {case['revision_id']} is judged again", rows
        if case["kind"] == BATCH:
            found = list(tx.sql.batch_again(tx.conn, batch_id=int(case["external_id"])))
            if found:
                open_batch(tx, case["account"], [(r["revision_id"], _total(r["payload"])) for r in found], now=now)
            return f"{len(found)} revisions of batch {case['external_id']} are judged again", len(found)
        if case["inbox_id"] is not None:
            rows = tx.sql.inbox_again(tx.conn, inbox_id=case["inbox_id"])
            return f"message {case['inbox_id']} is mapped again", rows
        return "", 0

    def _close(self, tx: Transaction, case: Row, action: str, detail: str) -> None:
        now = self._unit.clock.now()
        # A row may have several findings; replaying it answers all of them.
        for row in list(tx.sql.case_close_same(tx.conn, case_id=case["case_id"], now=now)):
            tx.sql.case_event_add(
                tx.conn, case_id=row["case_id"], now=now, actor=self._unit.actor, action=action, detail=detail
            )
            body = {"case": row["case_id"], "plan": detail}
            tx.record(case["account"], f"case.{action}", case["external_id"], body)


def _total(payload: str) -> Money:
    return Order.model_validate_json(payload).totals.total.presentment
