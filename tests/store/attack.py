"""What an attack on the gate is made of: its statements, and the statements that take a barrier away."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

WORKER, GATE, OWNER = "worker", "gate", "owner"


@dataclass(frozen=True)
class Attack:
    name: str
    role: str
    text: str
    refusal: type[psycopg.Error]
    barriers: tuple[str, ...]


def constraint(name: str) -> str:
    table = name.split("_", maxsplit=1)[0] if not name.startswith("gate_run") else "gate_run"
    return f"ALTER TABLE ops.{table} DROP CONSTRAINT {name}"


def trigger(name: str, table: str) -> str:
    return f"DROP TRIGGER {name} ON ops.{table}"


def grant(what: str, table: str, role: str) -> str:
    return f"GRANT {what} ON ops.{table} TO retail_ops_{role}"


def command(**columns: str) -> str:
    """Insert a ready command of the raw revision; `columns` say otherwise."""
    values = {
        "account": "shopify_uk", "kind": "order", "external_id": "raw", "revision_id": "{raw_revision}",
        "content_hash": "{raw_hash}", "destination": "odoo", "action": "{action}", "gate": "{gate}",
        "idempotency_key": "free", "verdict_id": "NULL", "verdict_outcome": "NULL", "status": "ready",
        "next_at": "now", "enqueued_at": "now", **columns,
    }  # fmt: skip
    quoted = (value if value == "NULL" else f"'{value}'" for value in values.values())
    return f"INSERT INTO ops.outbox ({', '.join(values)}) VALUES ({', '.join(quoted)})"


def judgement(**columns: str) -> str:
    """Insert a verdict that passes the raw revision in the run that passed; `columns` say otherwise."""
    values = {
        "gate_run_id": "{passed_run}", "gate": "{gate}", "run_outcome": "passed", "revision_id": "{raw_revision}",
        "content_hash": "{raw_hash}", "outcome": "passed", **columns,
    }  # fmt: skip
    quoted = (f"'{value}'" for value in values.values())
    return f"INSERT INTO ops.verdict ({', '.join(values)}) VALUES ({', '.join(quoted)})"


def run(**columns: str) -> str:
    values = {
        "batch_id": "{raw_batch}", "gate": "{gate}", "suite_hash": "\\x00", "outcome": "passed", "checked_count": "1",
        "failed_count": "0", "findings": "[]", "finished_at": "now", **columns,
    }  # fmt: skip
    quoted = (f"'{value}'" for value in values.values())
    return f"INSERT INTO ops.gate_run ({', '.join(values)}) VALUES ({', '.join(quoted)})"


def update(table: str, changes: str, row: str) -> str:
    key = {"outbox": "outbox_id", "verdict": "verdict_id", "gate_run": "gate_run_id", "revision": "revision_id"}[table]
    return f"UPDATE ops.{table} SET {changes} WHERE {key} = {row}"
