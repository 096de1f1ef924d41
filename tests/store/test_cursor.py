"""Cursors only ever move forward."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from psycopg import errors

from store.making import ACCOUNT


def test_a_cursor_only_ever_moves_forward(store):
    worker, at = store.worker(), store.clock.now()
    worker.advance(ACCOUNT, "orders", at)
    worker.advance(ACCOUNT, "orders", at - timedelta(seconds=1))
    assert worker.position(ACCOUNT, "orders") == at
    worker.advance(ACCOUNT, "orders", at + timedelta(seconds=1))
    assert worker.position(ACCOUNT, "orders") == at + timedelta(seconds=1)


BACK = "UPDATE ops.cursor SET position_at = position_at - interval '1 second'"


@pytest.mark.parametrize("role", ["worker", "owner"])
def test_the_schema_itself_refuses_to_move_a_cursor_back(store, role):
    store.worker().advance(ACCOUNT, "orders", store.clock.now())
    with (
        store.database.connect(f"retail_ops_{role}") as conn,
        pytest.raises(errors.CheckViolation, match="would go back"),
    ):
        conn.execute(BACK)
    store.change("DROP TRIGGER cursor_forward ON ops.cursor")
    assert store.change(BACK) == 1


def test_two_workers_that_advance_at_once_leave_the_further_position(store):
    workers, at = [store.worker() for _ in range(4)], store.clock.now()

    def advance(worker) -> None:
        for step in range(20):
            worker.advance(ACCOUNT, "orders", at + timedelta(seconds=step))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(advance, workers))
    assert workers[0].position(ACCOUNT, "orders") == at + timedelta(seconds=19)
