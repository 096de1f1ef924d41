"""The outbox: what is claimed in which order, by whom, and what becomes of it when a worker dies or hangs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg import errors

from retail_ops.contracts.errors import KeyReusedError
from retail_ops.ports.store import FollowUp, NewCase, Settlement
from retail_ops.store.outbox import PRIORITY
from store.making import ACCOUNT, OTHER, order
from store.settling import done, row


def ids(commands) -> list[str]:
    return [command.key.external_id for command in commands]


# ---------------------------------------------------------------- claiming


def test_a_claim_brings_all_that_is_needed_to_carry_a_command_out(store):
    wanted = order("1")
    _, (command,) = store.claimed(wanted)
    assert (command.action, command.order, command.newest, command.stale) == ("order.publish", wanted, True, False)
    assert (command.published, command.reference, command.attempt, command.crashes) == (None, None, 1, 0)
    assert command.personal is not None
    assert command.personal.name == "Ann Example"


def test_urgent_commands_come_first_and_equals_in_the_order_of_their_coming(store):
    worker, commands = store.claimed(order("1"), order("2"), order("3"))
    assert ids(commands) == ["1", "2", "3"]
    follow = {"1": "order.confirm", "2": "order.cancel", "3": "order.confirm"}
    worker.settle([done(c, follow=(FollowUp(follow[c.key.external_id]),)) for c in commands])
    store.staged(order("4"))
    store.judged()
    claimed = worker.claim(ACCOUNT, 50)
    assert [(c.action, c.key.external_id) for c in claimed] == [
        ("order.cancel", "2"), ("order.confirm", "1"), ("order.confirm", "3"), ("order.publish", "4"),
    ]  # fmt: skip
    assert sorted(PRIORITY, key=PRIORITY.__getitem__) == ["order.cancel", "order.confirm", "order.publish"]


def test_a_limit_takes_the_first_and_leaves_the_rest(store):
    worker, commands = store.claimed(order("1"), order("2"), order("3"), limit=2)
    assert ids(commands) == ["1", "2"]
    assert ids(worker.claim(ACCOUNT, 2)) == ["3"]


def test_a_command_that_is_not_due_or_another_accounts_is_left_alone(store):
    worker, (command,) = store.claimed(order("1"))
    worker.settle([Settlement(command, "deferred", reason="away", delay_s=60)])
    assert worker.claim(ACCOUNT, 50) == ()
    assert worker.claim(OTHER, 50) == ()
    store.clock.pass_by(seconds=61)
    assert worker.claim(OTHER, 50) == ()
    (again,) = worker.claim(ACCOUNT, 50)
    assert again.attempt == 2


def test_of_one_entity_only_the_newest_revisions_command_runs_and_no_other_beside_it(store):
    store.staged(order("1", at=0))
    store.staged(order("1", at=1, number="#1001-edited"))
    store.judged()
    worker, other = store.worker(), store.worker()
    (first,) = worker.claim(ACCOUNT, 50)
    assert first.order.number == "#1001-edited"
    assert other.claim(ACCOUNT, 50) == ()
    assert worker.claim(ACCOUNT, 50) == ()


RUN_TWO = "UPDATE ops.outbox SET status = 'running', worker_id = 1, lease_until = now() WHERE status = 'ready'"


def test_the_schema_lets_no_two_commands_of_one_entity_run(store):
    store.staged(order("1", at=0))
    store.staged(order("1", at=1, number="#1001-edited"))
    store.judged()
    with pytest.raises(errors.UniqueViolation, match="outbox_one_running"):
        store.change(RUN_TWO)
    store.change("DROP INDEX ops.outbox_one_running")
    assert store.change(RUN_TWO) == 2


def test_two_claimers_at_once_share_the_work_and_never_hold_the_same_command(store):
    orders = [order(str(number)) for number in range(30)]
    store.staged(*orders)
    store.judged()
    workers = [store.worker() for _ in range(3)]

    def drain(worker) -> list[int]:
        found: list[int] = []
        while commands := worker.claim(ACCOUNT, 4):
            found += [command.outbox_id for command in commands]
            worker.settle([done(command) for command in commands])
        return found

    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(drain, workers))
    assert sorted(number for found in taken for number in found) == sorted(
        row[0] for row in store.rows("SELECT outbox_id FROM ops.outbox")
    )
    assert store.rows("SELECT DISTINCT status, attempt, crashes FROM ops.outbox") == [("done", 1, 0)]


def test_an_empty_outbox_costs_no_audit_entry(store):
    worker = store.worker()
    before = store.value("SELECT count(*) FROM ops.audit_entry")
    assert worker.claim(ACCOUNT, 50) == ()
    assert store.value("SELECT count(*) FROM ops.audit_entry") == before


# ---------------------------------------------------------------- settling


def test_a_given_back_command_is_ready_again_and_says_why(store):
    worker, (command,) = store.claimed(order("1"))
    worker.give_back([command], "AuthorisationError")
    assert row(store, command) == ("ready", 1, 0, None)
    assert store.value("SELECT last_error FROM ops.outbox") == "AuthorisationError"
    assert ids(store.worker().claim(ACCOUNT, 50)) == ["1"]


def test_another_workers_command_cannot_be_given_back(store):
    _, (command,) = store.claimed(order("1"))
    store.worker().give_back([command], "not mine")
    assert row(store, command)[0] == "running"


def test_a_done_command_keeps_its_receipt_under_its_key_and_moves_the_entity(store):
    worker, (command,) = store.claimed(order("1"))
    worker.settle([done(command, receipt={"total": "40.00"})])
    receipts = store.rows(
        "SELECT o.receipt, k.receipt, k.settled_at IS NOT NULL FROM ops.outbox AS o"
        " INNER JOIN ops.idempotency_key AS k ON k.key = o.idempotency_key"
    )
    assert receipts == [({"total": "40.00"}, {"total": "40.00"}, True)]
    assert store.rows(
        "SELECT state, reason, erp_reference, published_revision_id = newest_revision_id FROM ops.entity"
    ) == [("quotation", "placed", "S1", True)]


def test_a_follow_up_runs_under_the_same_verdict_after_its_delay_and_only_once(store):
    worker, (command,) = store.claimed(order("1"))
    twice = (FollowUp("order.confirm", 30), FollowUp("order.confirm", 30))
    worker.settle([done(command, follow=twice)])
    assert store.commands("1") == [("order.publish", "done"), ("order.confirm", "ready")]
    assert store.value("SELECT count(DISTINCT verdict_id) FROM ops.outbox") == 1
    assert worker.claim(ACCOUNT, 50) == ()
    store.clock.pass_by(seconds=31)
    (confirm,) = worker.claim(ACCOUNT, 50)
    assert (confirm.action, confirm.reference) == ("order.confirm", "S1")


def test_a_follow_up_key_that_means_something_else_by_now_is_refused_and_nothing_is_settled(store):
    worker, (command,) = store.claimed(order("1"))
    key = f"odoo:order.confirm:{ACCOUNT}:1:v{command.revision_id}"
    store.change("INSERT INTO ops.idempotency_key (key, fingerprint, used_at) VALUES (%s, '\\x01', now())", key)
    with pytest.raises(KeyReusedError, match=r"order\.confirm"):
        worker.settle([done(command, follow=(FollowUp("order.confirm"),))])
    assert row(store, command)[0] == "running"


def test_publishing_a_newer_revision_ends_what_the_older_ones_still_wanted(store):
    store.staged(order("1", at=0))
    store.judged()
    store.staged(order("1", at=1, number="#1001-edited"))
    store.judged()
    worker = store.worker()
    (newer,) = worker.claim(ACCOUNT, 50)
    worker.settle([done(newer)])
    assert store.commands("1") == [("order.publish", "superseded"), ("order.publish", "done")]
    assert worker.claim(ACCOUNT, 50) == ()


def test_publishing_an_older_revision_leaves_the_newer_one_in_place(store):
    worker, (older,) = store.claimed(order("1", at=0))
    store.staged(order("1", at=1, number="#1001-edited"))
    store.judged()
    worker.settle([done(older)])
    (newer,) = worker.claim(ACCOUNT, 50)
    assert (newer.order.number, newer.newest, newer.stale) == ("#1001-edited", True, False)
    assert newer.published == older.order


def test_a_command_behind_a_published_newer_revision_is_shown_as_stale(store):
    worker, (older,) = store.claimed(order("1", at=0))
    store.staged(order("1", at=1, number="#1001-edited"))
    store.judged()
    newer = store.revision_of("1")
    store.change("UPDATE ops.entity SET published_revision_id = %s", newer)
    worker.give_back([older], "stop")
    store.change("UPDATE ops.outbox SET status = 'superseded', settled_at = now() WHERE revision_id = %s", newer)
    (again,) = worker.claim(ACCOUNT, 50)
    assert (again.stale, again.newest) == (True, False)


def test_a_parked_command_waits_with_its_case(store):
    worker, (command,) = store.claimed(order("1"))
    case = NewCase("mapping", "unmapped_tax", "lines[0].taxes[0]", "no rule", "finance-team", 3600)
    worker.settle([Settlement(command, "parked", "held", "unmapped_tax", case=case)])
    assert worker.claim(ACCOUNT, 50) == ()
    assert store.rows("SELECT class, code, outbox_id FROM ops.case_file") == [
        ("mapping", "unmapped_tax", command.outbox_id)
    ]
