"""The gate is in the schema: for every kind of publish, every way round it is refused, by role and by owner.

Each attack is tried three times in a transaction that is rolled back: as things are (refused), with all of its barriers
taken away (succeeds: so it is they that refuse), and with all but one taken away (refused: each is enough).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import psycopg
import pytest

from retail_ops.ports.gate import Verdict
from retail_ops.ports.store import Action
from store.attack import Attack
from store.gate_attacks import ATTACKS
from store.making import ACCOUNT, OWNER, Store, order, verdict
from support.postgres import Server

# Every kind of publish and its gate. A new one has to be added here, and then meets every attack.
PUBLISHES = {
    "order.publish": "orders/publish",
    "order.confirm": "orders/publish",
    "order.cancel": "orders/publish",
}


@dataclass
class Scene:
    """One entity in each situation that an attack may want, in a store of its own."""

    server: Server
    store: Store
    action: str
    gate: str
    names: dict[str, object]

    def attempt(self, attack: Attack, removed: tuple[str, ...]) -> int:
        """Try an attack without some barriers; return how many rows it changed. Leaves no trace."""
        with self.server.admin(self.store.database.name) as admin, admin.transaction(force_rollback=True):
            for barrier in removed:
                admin.execute(barrier)
            admin.execute(f"SET LOCAL ROLE retail_ops_{attack.role}")
            return admin.execute(attack.text.format(**self.names)).rowcount


@pytest.fixture(scope="module", params=sorted(PUBLISHES))
def scene(request, server) -> Iterator[Scene]:
    with scene_of(server, request.param) as made:
        yield made


@contextmanager
def scene_of(server: Server, action: str) -> Iterator[Scene]:
    database = server.fresh()
    try:
        store, gate = Store(database), PUBLISHES[action]
        names = {"action": action, "gate": gate}
        for name, outcome in (("passed", "passed"), ("failed", "quarantined"), ("blocked", "blocked"), ("raw", None)):
            names |= entity(store, name, action, gate, outcome)
        names |= more(store, names, action, gate)
        store.open.close()
        yield Scene(server, store, action, gate, names)
    finally:
        server.drop(database)


def entity(store: Store, name: str, action: str, gate: str, outcome: str | None) -> dict[str, object]:
    """Stage one order, give it a command of the action, and let the gate say `outcome`."""
    store.staged(order(name))
    revision, content = store.rows("SELECT revision_id, content_hash FROM ops.revision WHERE external_id = %s", name)[0]
    given = add_command(store, revision, action, key=f"test:{name}")
    (batch,) = store.gate().open_batches(ACCOUNT)
    found = {f"{name}_revision": revision, f"{name}_hash": "\\x" + content.hex(), f"{name}_command": given}
    found[f"{name}_batch"] = batch.batch_id
    if outcome is None:
        return found
    findings = verdict(outcome, 1, [revision] if outcome == "quarantined" else []).findings
    store.gate().record(ACCOUNT, batch, Verdict(gate, b"\x01" * 32, outcome, 1, findings), OWNER)
    found[f"{name}_verdict"], found[f"{name}_run"] = store.rows(
        "SELECT verdict_id, gate_run_id FROM ops.verdict WHERE revision_id = %s", revision
    )[0]
    return found


def add_command(store: Store, revision: int, action: str, *, key: str) -> int:
    store.change("INSERT INTO ops.idempotency_key (key, fingerprint, used_at) VALUES (%s, '\\x01', now())", key)
    return store.value(
        "INSERT INTO ops.outbox (account, kind, external_id, revision_id, content_hash, destination, action, gate,"
        " idempotency_key, next_at, enqueued_at)"
        " SELECT r.account, r.kind, r.external_id, r.revision_id, r.content_hash, 'odoo', a.action, a.gate, %s,"
        " now(), now()"
        " FROM ops.revision AS r, ops.publish_action AS a"
        " WHERE r.revision_id = %s AND a.action = %s RETURNING outbox_id",
        key, revision, action,
    )  # fmt: skip


def more(store: Store, names: dict[str, object], action: str, gate: str) -> dict[str, object]:
    """A verdict of another gate, a second verdict of the same gate, a settled command, a free key, another action."""
    store.change("INSERT INTO ops.idempotency_key (key, fingerprint, used_at) VALUES ('free', '\\x01', now())")
    store.change("INSERT INTO ops.publish_action (action, gate) VALUES ('test.other', %s)", gate)
    other_run = add_run(store, names["passed_batch"], "other/gate")
    batch = store.value(
        "INSERT INTO ops.batch (account, kind, opened_at) VALUES (%s, 'order', now()) RETURNING batch_id", ACCOUNT
    )
    second_run = add_run(store, batch, gate)
    done = add_command(store, names["passed_revision"], action, key="test:done")
    store.change(
        "UPDATE ops.outbox SET verdict_id = %s, verdict_outcome = 'passed', status = 'done', settled_at = now()"
        " WHERE outbox_id = %s",
        names["passed_verdict"], done,
    )  # fmt: skip
    return {
        "other_run": other_run,
        "other_gate_verdict": add_verdict(store, other_run, "other/gate", names["raw_revision"]),
        "second_verdict": add_verdict(store, second_run, gate, names["passed_revision"]),
        "done_command": done,
    }


def add_run(store: Store, batch: object, gate: str) -> int:
    return store.value(
        "INSERT INTO ops.gate_run"
        " (batch_id, gate, suite_hash, outcome, checked_count, failed_count, findings, finished_at)"
        " VALUES (%s, %s, '\\x00', 'passed', 1, 0, '[]', now()) RETURNING gate_run_id",
        batch, gate,
    )  # fmt: skip


def add_verdict(store: Store, run: int, gate: str, revision: object) -> int:
    return store.value(
        "INSERT INTO ops.verdict (gate_run_id, gate, run_outcome, revision_id, content_hash, outcome)"
        " SELECT %s, %s, 'passed', revision_id, content_hash, 'passed' FROM ops.revision WHERE revision_id = %s"
        " RETURNING verdict_id",
        run, gate, revision,
    )  # fmt: skip


def test_every_publish_action_of_the_schema_meets_the_attacks(store):
    assert dict(store.rows("SELECT action, gate FROM ops.publish_action")) == PUBLISHES
    assert set(get_args(Action)) == set(PUBLISHES)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.role} {attack.name}")
def test_a_way_round_the_gate_is_refused_and_by_nothing_but_its_barriers(scene, attack):
    with pytest.raises(attack.refusal):
        scene.attempt(attack, ())
    assert scene.attempt(attack, attack.barriers) == 1
    for kept in attack.barriers if len(attack.barriers) > 1 else ():
        with pytest.raises(psycopg.Error):
            scene.attempt(attack, tuple(barrier for barrier in attack.barriers if barrier != kept))


def test_what_passed_can_be_claimed_and_nothing_else_can(store):
    store.staged(order("good"), order("bad"))
    store.judged(store.revision_of("bad"))
    store.staged(order("fresh"))
    worker = store.worker()
    assert [command.key.external_id for command in worker.claim(ACCOUNT, 50)] == ["good"]
    assert worker.claim(ACCOUNT, 50) == ()


def test_a_blocked_batch_opens_nothing(store):
    store.staged(order("1"), order("2"))
    assert store.judged(outcome="blocked") == {"failed": 2}
    assert store.worker().claim(ACCOUNT, 50) == ()
    assert store.rows("SELECT DISTINCT state FROM ops.entity") == [("quarantined",)]
    assert store.rows("SELECT kind, class, code FROM ops.case_file") == [("batch", "gate", "imbalance")]


def test_a_row_that_slips_into_a_batch_after_it_was_read_gets_no_verdict(store):
    store.staged(order("1"))
    gate = store.gate()
    (batch,) = gate.open_batches(ACCOUNT)
    store.staged(order("late"))
    late = store.revision_of("late")
    with store.database.connect("retail_ops_worker") as worker:
        worker.execute("INSERT INTO ops.batch_item (batch_id, revision_id) VALUES (%s, %s)", (batch.batch_id, late))
    assert gate.record(ACCOUNT, batch, verdict("passed", 1), OWNER) == {"passed": 1}
    assert store.rows("SELECT count(*) FROM ops.verdict WHERE revision_id = %s", late) == [(0,)]
    assert store.commands("late") == [("order.publish", "waiting")]


def test_a_batch_is_judged_once_however_many_gates_are_at_it(store):
    store.staged(order("1"))
    gates = [store.gate(), store.gate()]
    (batch,) = gates[0].open_batches(ACCOUNT)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda gate: gate.record(ACCOUNT, batch, verdict("passed", 1), OWNER), gates))
    assert sorted(map(dict, said), key=str) == [{"already_judged": 1}, {"passed": 1}]
    assert store.value("SELECT count(*) FROM ops.verdict") == 1
    assert store.commands("1") == [("order.publish", "ready")]


def test_a_failed_row_of_a_passed_entity_leaves_what_was_published_alone(store):
    worker, (command,) = store.claimed(order("1", at=0))
    worker.settle([settled(command)])
    store.staged(order("1", at=1, number="#1001-edited"))
    store.judged(store.revision_of("1"))
    assert store.rows("SELECT state FROM ops.entity") == [("quotation",)]


def settled(command):
    from retail_ops.ports.store import Settlement

    return Settlement(command, "done", "quotation", "placed", published=True, reference="7")
