"""What becomes of commands whose worker died or hangs: taken over, counted, and nobody settles them twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from retail_ops.ports.store import FollowUp
from retail_ops.store.outbox import LEASE
from store.making import ACCOUNT, Store, order
from store.settling import done, row


def kill(server, store: Store, worker) -> None:
    """Kill a worker's session on the server, as a crash of its process or a cut connection would."""
    with server.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (worker._unit.conn.info.backend_pid,))


def test_the_commands_of_a_dead_session_are_taken_over_at_once_and_the_crash_counts(server, store):
    dead, (command,) = store.claimed(order("1"))
    heir = store.worker()
    assert heir.claim(ACCOUNT, 50) == ()
    kill(server, store, dead)
    (again,) = heir.claim(ACCOUNT, 50)
    assert (again.outbox_id, again.attempt, again.crashes) == (command.outbox_id, 2, 1)
    actions = [row[0] for row in store.rows("SELECT action FROM ops.audit_entry WHERE subject = '1' ORDER BY seq")]
    assert "command.rescued" in actions


def test_a_hanging_worker_keeps_its_commands_until_the_lease_ends_and_not_longer(store):
    _, (command,) = store.claimed(order("1"))
    heir = store.worker()
    store.clock.moment += LEASE
    assert heir.claim(ACCOUNT, 50) == ()
    store.clock.pass_by(seconds=1)
    (again,) = heir.claim(ACCOUNT, 50)
    assert (again.outbox_id, again.attempt, again.crashes) == (command.outbox_id, 2, 1)


def test_a_late_settlement_of_a_worker_that_lost_its_command_changes_nothing(store):
    hung, (late,) = store.claimed(order("1"))
    heir = store.worker()
    store.clock.moment += LEASE + timedelta(seconds=1)
    (mine,) = heir.claim(ACCOUNT, 50)
    assert hung.settle([done(late, reference="WRONG", follow=(FollowUp("order.cancel"),))]) == {"fenced": 1}
    assert row(store, mine)[:2] == ("running", 2)
    assert heir.settle([done(mine)]) == {"done": 1}
    assert hung.settle([done(late, reference="WRONG")]) == {"fenced": 1}
    assert store.rows("SELECT erp_reference, state FROM ops.entity") == [("S1", "quotation")]
    assert store.commands("1") == [("order.publish", "done")]


def test_without_the_fence_the_late_settlement_would_win(store):
    hung, (late,) = store.claimed(order("1"))
    heir = store.worker()
    store.clock.moment += LEASE + timedelta(seconds=1)
    heir.claim(ACCOUNT, 50)
    # The fence is `attempt` and `worker_id`: give the zombie the new ones, and it gets through.
    store.change("UPDATE ops.outbox SET attempt = %s, worker_id = %s", late.attempt, hung._worker_id())
    assert hung.settle([done(late, reference="WRONG")]) == {"done": 1}
    assert store.rows("SELECT erp_reference FROM ops.entity") == [("WRONG",)]


def test_each_crash_is_counted_and_shown_to_whoever_claims_next(server, store):
    worker, (command,) = store.claimed(order("1"))
    for crashes in range(1, 4):
        kill(server, store, worker)
        worker = store.worker()
        (command,) = worker.claim(ACCOUNT, 50)
        assert (command.crashes, command.attempt) == (crashes, crashes + 1)
    worker.give_back([command], "stop")
    (command,) = worker.claim(ACCOUNT, 50)
    assert (command.crashes, command.attempt) == (3, 5)


def test_a_session_that_broke_is_another_worker_afterwards(server, store):
    worker, (command,) = store.claimed(order("1"))
    kill(server, store, worker)
    with pytest.raises(Exception, match="store"):
        worker.settle([done(command)])
    assert worker.settle([done(command)]) == {"fenced": 1}
    (again,) = worker.claim(ACCOUNT, 50)
    assert again.crashes == 1
    assert worker.settle([done(again)]) == {"done": 1}


def test_work_of_a_dead_worker_is_work_that_is_due(server, store):
    dead, _ = store.claimed(order("1"))
    assert store.worker().due(ACCOUNT) is None
    kill(server, store, dead)
    store.clock.pass_by(minutes=2)
    assert store.worker().due(ACCOUNT) is not None
