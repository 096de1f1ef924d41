"""Claiming and settling through the outbox, beside a bare `UPDATE ... RETURNING` with as many commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from benchmarks.ground import Ground
from benchmarks.measuring import BenchmarkError, Figure, take_turns, wall
from retail_ops.bootstrap import OrderLane
from retail_ops.ports.store import Command, FollowUp, OrderStore, Settlement

ROUNDS, BATCH = 10, 50
# A first turn of each prepares statements and is not counted. Turns publish and confirm 50 orders alternately.
ORDERS = (ROUNDS // 2 + 1) * BATCH
_CLAIM = """
UPDATE bench.command SET status = 'running', attempt = attempt + 1
WHERE command_id IN (
    SELECT command_id FROM bench.command WHERE status = 'ready' ORDER BY command_id LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING command_id, payload
"""
_SETTLE = """
UPDATE bench.command SET status = 'done', receipt = %s, settled_at = now()
WHERE command_id = %s AND status = 'running' RETURNING command_id
"""


def measure(ground: Ground) -> list[Figure]:
    """Carry commands through: 50 a claim; publishes cause confirmations, as they do in the flow."""
    with ground.world() as world, world.lane() as lane:
        _fill(lane, ORDERS)
        with world.database.connect() as conn:
            _fill_bare(conn, (ROUNDS + 1) * BATCH)
            store = lane.store

            def product(_: int) -> float:
                with ground.profiler.watch("outbox"):
                    return wall(lambda: _carry(store, world.account))

            _carry(store, world.account)
            _carry_bare(conn)
            samples = take_turns({"product": product, "bare": lambda _: wall(lambda: _carry_bare(conn))}, ROUNDS)
    product_s, bare_s = samples["product"].per(BATCH), samples["bare"].per(BATCH)
    return [
        Figure(
            "outbox, claim and settle",
            f"{1 / product_s.median:,.0f} commands/s",
            bare_s.over(product_s),
            "bare UPDATE ... RETURNING, as many commits",
            "higher",
            {"product s/command": product_s, "bare s/command": bare_s},
        )
    ]


def _fill(lane: OrderLane, orders: int) -> None:
    """Stage and judge what the shop has, so that its commands may be claimed."""
    staged = lane.stage()
    judged = lane.judge()
    if staged.get("staged", 0) < orders or judged.get("passed") != staged["staged"]:
        raise BenchmarkError(f"{orders} commands are needed; there are: {staged} {judged}")


def _carry(store: OrderStore, account: str) -> None:
    commands = store.claim(account, BATCH)
    counts = store.settle([_settlement(command) for command in commands])
    if counts != {"done": BATCH}:
        raise BenchmarkError(f"{BATCH} commands were to be settled: {dict(counts)}")


def _settlement(command: Command) -> Settlement:
    receipt = {"number": "S00001", "total": "30.95 GBP", "state": "quotation"}
    if command.action == "order.confirm":
        return Settlement(command, "done", "released", "released", receipt=receipt)
    follow = (FollowUp("order.confirm"),)
    return Settlement(
        command, "done", "quotation", "released", published=True, reference="1", follow=follow, receipt=receipt
    )


def _fill_bare(conn: psycopg.Connection[Any], commands: int) -> None:
    conn.execute("CREATE SCHEMA bench")
    conn.execute(
        "CREATE TABLE bench.command (command_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " status text NOT NULL DEFAULT 'ready', attempt int NOT NULL DEFAULT 0, payload text NOT NULL,"
        " receipt jsonb, settled_at timestamptz)"
    )
    conn.execute("CREATE INDEX command_work ON bench.command (command_id) WHERE status = 'ready'")
    conn.execute(
        "INSERT INTO bench.command (payload) SELECT r.payload FROM ops.revision AS r, generate_series(1, 9) LIMIT %s",
        (commands,),
    )
    conn.commit()


def _carry_bare(conn: psycopg.Connection[Any]) -> None:
    rows = conn.execute(_CLAIM, (BATCH,)).fetchall()
    conn.commit()
    settled = _settle_bare(conn, rows)
    conn.commit()
    if settled != BATCH:
        raise BenchmarkError(f"{settled} of {BATCH} bare commands were settled")


def _settle_bare(conn: psycopg.Connection[Any], rows: Sequence[tuple[Any, ...]]) -> int:
    receipt = '{"number": "S00001", "total": "30.95 GBP", "state": "quotation"}'
    return sum(len(conn.execute(_SETTLE, (receipt, row[0])).fetchall()) for row in rows)
