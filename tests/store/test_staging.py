"""Staging: what becomes of a message that fits the contract, whoever else is at it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gates.sample_orders import line
from retail_ops.contracts.errors import ConfigurationError, KeyReusedError
from retail_ops.contracts.ids import content_hash
from retail_ops.ports.store import Mapped
from retail_ops.store import staging
from store.making import ACCOUNT, NOW, OWNER, Store, mapped_of, message_of, order
from support.processes import wait_for


def dearer(external_id: str = "1", *, at: int, price: int = 2000):
    return order(external_id, at=at, lines=(line(price=price),))


def waits_for_a_lock(store: Store) -> bool:
    return bool(store.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))


def test_a_new_order_becomes_a_revision_a_batch_and_a_waiting_command(store):
    assert store.staged(order()) == {"staged": 1}
    assert store.rows("SELECT state, newest_revision_id IS NOT NULL FROM ops.entity") == [("staged", True)]
    assert store.rows("SELECT number, state FROM ops.revision") == [(1, "staged")]
    assert store.commands("1") == [("order.publish", "waiting")]
    assert store.rows("SELECT state FROM ops.inbox_message") == [("staged",)]


def test_only_a_moved_time_stamp_is_no_new_revision(store):
    store.staged(order(at=0))
    assert store.staged(order(at=5)) == {"unchanged": 1}
    assert store.value("SELECT count(*) FROM ops.revision") == 1


def test_an_older_version_never_wins(store):
    store.staged(dearer(at=9))
    assert store.staged(order(at=1)) == {"outdated": 1}
    assert store.value("SELECT count(*) FROM ops.revision") == 1


def test_a_newer_version_is_a_new_revision_with_a_command_of_its_own(store):
    store.staged(order(at=0))
    assert store.staged(dearer(at=1)) == {"staged": 1}
    assert store.rows("SELECT number FROM ops.revision ORDER BY number") == [(1,), (2,)]
    assert len(store.commands("1")) == 2


def test_another_content_at_the_same_second_is_a_new_revision(store):
    store.staged(order(at=0))
    assert store.staged(dearer(at=0)) == {"staged": 1}
    assert store.value("SELECT max(number) FROM ops.revision") == 2


def test_going_back_to_an_earlier_content_is_a_third_revision_with_the_first_ones_business_hash(store):
    for version in (order(at=0), dearer(at=1), order(at=2)):
        assert store.staged(version) == {"staged": 1}
    hashes = [row[0] for row in store.rows("SELECT business_hash FROM ops.revision ORDER BY number")]
    assert hashes[0] == hashes[2] != hashes[1]
    assert len(store.commands("1")) == 3


def test_a_test_order_is_kept_and_goes_no_further(store):
    assert store.staged(order(test=True), ignore="test_order") == {"ignored": 1}
    assert store.rows("SELECT state, reason FROM ops.entity") == [("ignored", "test_order")]
    assert store.commands("1") == []
    assert store.rows("SELECT count(*) FROM ops.batch") == [(0,)]


def test_the_batch_counts_and_sums_by_currency_what_was_staged_and_nothing_else(store):
    store.staged(order("old", at=3))
    worker = store.worker()
    fresh, dear, late = order("1"), dearer("2", at=0), order("old", at=0)
    waiting = store.received(fresh, dear, late)
    results = [Mapped(waiting[o.external_id], mapped_of(o)) for o in (fresh, dear, late)]
    assert worker.stage(ACCOUNT, results, OWNER) == {"staged": 2, "outdated": 1}
    totals = store.rows(
        "SELECT currency, staged_count, staged_minor FROM ops.batch_total"
        " WHERE batch_id = (SELECT max(batch_id) FROM ops.batch)"
    )
    wanted = sum(o.totals.total.presentment.minor for o in (fresh, dear))
    assert totals == [("EUR", 2, wanted)]


def test_two_workers_with_the_same_messages_stage_each_of_them_once(store):
    orders = [order(str(number)) for number in range(20)]
    waiting = store.received(*orders)
    results = [Mapped(waiting[o.external_id], mapped_of(o)) for o in orders]
    workers = [store.worker(), store.worker()]
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda worker: worker.stage(ACCOUNT, results, OWNER), workers))
    assert sum(count.get("staged", 0) for count in counts) == 20
    assert store.rows("SELECT count(*), count(DISTINCT external_id) FROM ops.revision") == [(20, 20)]
    assert store.value("SELECT count(*) FROM ops.outbox") == 20


@pytest.mark.parametrize(("second_at", "outcome"), [(5, "staged"), (1, "outdated")])
def test_a_worker_that_waited_for_the_entity_sees_the_revision_that_it_waited_for(store, second_at, outcome):
    store.staged(order(at=0))
    first, second = dearer(at=3, price=2000), dearer(at=second_at, price=3000)
    worker = store.worker()
    worker.receive(ACCOUNT, [message_of(first)])
    worker.receive(ACCOUNT, [message_of(second)])
    stored = worker.received(ACCOUNT, 10)
    unit = store.unit()
    with ThreadPoolExecutor(1) as pool:
        with unit.writing() as tx:
            mine = [Mapped(stored[0], mapped_of(first))]
            staging.stage(tx, store.keys, ACCOUNT, mine, owner=OWNER, now=NOW, actor="first")
            later = pool.submit(worker.stage, ACCOUNT, [Mapped(stored[1], mapped_of(second))], OWNER)
            wait_for(lambda: waits_for_a_lock(store), what="the second worker's wait", seconds=20)
        assert later.result(timeout=20) == {outcome: 1}
    numbers = [row[0] for row in store.rows("SELECT number FROM ops.revision ORDER BY number")]
    assert numbers == ([1, 2, 3] if outcome == "staged" else [1, 2])


def test_a_message_filed_under_another_id_stops_the_lane(store):
    waiting = store.received(order("1"))
    with pytest.raises(ConfigurationError, match="another order's id"):
        store.worker().stage(ACCOUNT, [Mapped(waiting["1"], mapped_of(order("2")))], OWNER)
    assert store.rows("SELECT state FROM ops.inbox_message") == [("received",)]


def test_nothing_to_stage_leaves_no_audit_entry(store):
    waiting = store.received(order())
    results = [Mapped(waiting["1"], mapped_of(order()))]
    store.worker().stage(ACCOUNT, results, OWNER)
    before = store.value("SELECT count(*) FROM ops.audit_entry")
    assert store.worker().stage(ACCOUNT, results, OWNER) == {}
    assert store.worker().stage(ACCOUNT, [], OWNER) == {}
    assert store.value("SELECT count(*) FROM ops.audit_entry") == before


def test_an_idempotency_key_means_one_thing_for_ever(store):
    unit = store.unit()
    with unit.caching() as tx:
        staging.use_key(tx, "odoo:order.publish:x:1:r1", content_hash("a"), NOW)
        staging.use_key(tx, "odoo:order.publish:x:1:r1", content_hash("a"), NOW)
    with pytest.raises(KeyReusedError, match=r"odoo:order\.publish:x:1:r1"), unit.caching() as tx:
        staging.use_key(tx, "odoo:order.publish:x:1:r1", content_hash("b"), NOW)
