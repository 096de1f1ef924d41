"""Cases: one queue for everything that needs a person, opened at most once for the same trouble of the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from retail_ops.contracts.ids import EntityKey
from retail_ops.ports.store import NewCase
from retail_ops.store.unit import Transaction


@dataclass(frozen=True, slots=True)
class Origin:
    """What a case came from; None where it did not come from such a thing."""

    number: str = ""
    inbox_id: int | None = None
    revision_id: int | None = None
    outbox_id: int | None = None


def open_case(tx: Transaction, key: EntityKey, case: NewCase, origin: Origin, *, now: datetime, actor: str) -> bool:
    """Open a case, or add an event to the one that is open; return whether it is new.

    Idempotent: one open case per (account, kind, external id, code, field).
    """
    case_id = tx.sql.case_open(
        tx.conn,
        account=key.account,
        kind=key.kind,
        external_id=key.external_id,
        number=origin.number,
        case_class=case.kind,
        code=case.code,
        field=case.field,
        detail=case.detail,
        owner=case.owner,
        value_minor=None if case.value is None else case.value.minor,
        currency=None if case.value is None else case.value.currency,
        inbox_id=origin.inbox_id,
        revision_id=origin.revision_id,
        outbox_id=origin.outbox_id,
        now=now,
        deadline_at=now + timedelta(seconds=case.deadline_s),
    )
    if case_id is not None:
        tx.sql.case_event_add(tx.conn, case_id=case_id, now=now, actor=actor, action="opened", detail=case.detail)
        tx.record(
            key.account, "case.opened", key.external_id, {"case": case_id, "code": case.code, "field": case.field}
        )
        return True
    found = tx.sql.case_find(
        tx.conn,
        account=key.account,
        kind=key.kind,
        external_id=key.external_id,
        code=case.code,
        field=case.field,
    )
    if found is not None:
        tx.sql.case_event_add(
            tx.conn, case_id=found["case_id"], now=now, actor=actor, action="met again", detail=case.detail
        )
    return False


def close_overcome(tx: Transaction, key: EntityKey, *, keep: str | None, now: datetime, actor: str) -> int:
    """Close the open cases of an entity whose newer revision went through; conflicts and `keep` stay open."""
    rows = list(
        tx.sql.case_close_entity(
            tx.conn, account=key.account, kind=key.kind, external_id=key.external_id, keep=keep, now=now
        )
    )
    for row in rows:
        tx.sql.case_event_add(
            tx.conn,
            case_id=row["case_id"],
            now=now,
            actor=actor,
            action="closed",
            detail="a newer revision went through",
        )
        tx.record(key.account, "case.closed", key.external_id, {"case": row["case_id"], "by": "newer revision"})
    return len(rows)
