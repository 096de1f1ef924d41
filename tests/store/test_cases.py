"""Cases: opened once for the same trouble, closed when it is over, replayed by whoever may."""

from __future__ import annotations

import pytest

from retail_ops.contracts.errors import DataError, PermissionDeniedError
from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.money import Money
from retail_ops.ports.store import Mapped, NewCase, Settlement, StoredMessage
from retail_ops.store import cases
from store.making import ACCOUNT, NOW, OTHER, OWNER, Store, mapped_of, order

KEY = EntityKey(ACCOUNT, "order", "1")


def new_case(code: str = "unknown_sku", field: str = "lines[0].sku", kind: str = "gate", detail: str = "X") -> NewCase:
    return NewCase(kind, code, field, detail, OWNER, 3600, Money(minor=4000, currency="EUR"))


def open_it(store: Store, case: NewCase, key: EntityKey = KEY) -> bool:
    with store.unit().writing() as tx:
        made = cases.open_case(tx, key, case, cases.Origin("#1"), now=NOW, actor="run:test")
        tx.record(ACCOUNT, "test.entry", "1", {})
        return made


def case_of(store: Store, external_id: str) -> int:
    return store.value("SELECT case_id FROM ops.case_file WHERE external_id = %s AND state = 'open'", external_id)


def parked(store: Store, external_id: str = "1") -> tuple[object, object]:
    worker, (command,) = store.claimed(order(external_id))
    case = NewCase("mapping", "unmapped_tax", "lines[0]", "no rule", OWNER, 3600)
    worker.settle([Settlement(command, "parked", "held", "unmapped_tax", case=case)])
    return worker, command


def everything(store: Store) -> str:
    """All rows of all tables, in one comparable text."""
    names = [row[0] for row in store.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'ops' ORDER BY 1")]
    return "\n".join(f"{name}: {store.rows(f'SELECT t::text FROM ops.{name} AS t ORDER BY 1')}" for name in names)


def test_the_same_trouble_of_the_same_thing_is_one_open_case_with_an_event_each_time(store):
    assert [open_it(store, new_case(detail=str(number))) for number in range(3)] == [True, False, False]
    assert store.rows("SELECT detail, value_minor, currency, deadline_at - opened_at FROM ops.case_file")[0][:3] == (
        "0",
        4000,
        "EUR",
    )
    events = store.rows("SELECT action, detail FROM ops.case_event ORDER BY case_event_id")
    assert events == [("opened", "0"), ("met again", "1"), ("met again", "2")]


def test_another_code_field_or_thing_is_another_case(store):
    for case, key in (
        (new_case(), KEY), (new_case("other"), KEY), (new_case(field="lines[1].sku"), KEY),
        (new_case(), EntityKey(ACCOUNT, "order", "2")), (new_case(), EntityKey(OTHER, "order", "1")),
    ):  # fmt: skip
        assert open_it(store, case, key)


def test_a_closed_case_that_is_met_again_is_a_new_one(store):
    open_it(store, new_case())
    with store.unit().writing() as tx:
        assert cases.close_overcome(tx, KEY, keep=None, now=NOW, actor="run:test") == 1
    assert open_it(store, new_case())
    assert store.rows("SELECT state FROM ops.case_file ORDER BY case_id") == [("closed",), ("open",)]


def test_a_newer_revision_closes_its_elders_cases_but_no_conflict_and_not_its_own(store):
    for code, kind in (("a", "gate"), ("b", "data"), ("mine", "routing"), ("c", "conflict")):
        open_it(store, new_case(code, kind=kind))
    open_it(store, new_case("a"), EntityKey(ACCOUNT, "order", "2"))
    with store.unit().writing() as tx:
        assert cases.close_overcome(tx, KEY, keep="mine", now=NOW, actor="run:test") == 2
    still = store.rows("SELECT external_id, code FROM ops.case_file WHERE state = 'open' ORDER BY 1, 2")
    assert still == [("1", "c"), ("1", "mine"), ("2", "a")]


def test_opening_and_closing_leave_their_lines_in_the_trail(store):
    open_it(store, new_case())
    with store.unit().writing() as tx:
        cases.close_overcome(tx, KEY, keep=None, now=NOW, actor="run:test")
    actions = [row[0] for row in store.rows("SELECT action FROM ops.audit_entry WHERE subject = '1' ORDER BY seq")]
    assert [action for action in actions if action.startswith("case.")] == ["case.opened", "case.closed"]


def test_the_desk_lists_the_most_urgent_first(store):
    for number, deadline in (("1", 9000), ("2", 60), ("3", 600)):
        case = NewCase("data", "code", "", "x", OWNER, deadline)
        open_it(store, case, EntityKey(ACCOUNT, "order", number))
    desk = store.desk()
    assert [row["external_id"] for row in desk.cases(ACCOUNT, "open", 2)] == ["2", "3"]
    assert desk.cases(OTHER, "open", 10) == []
    assert len(desk.cases(None, None, 10)) == 3


# ---------------------------------------------------------------- replay


def test_a_replayed_message_is_mapped_again_and_its_case_is_closed(store):
    store.failed("1")
    plan = store.desk().replay(case_of(store, "1"), dry_run=False)
    assert plan.startswith("message ")
    (again,) = store.worker().received(ACCOUNT, 10)
    assert (again.external_id, again.body) == ("1", b"{")
    assert store.worker().stage(ACCOUNT, [Mapped(again, mapped_of(order("1")))], OWNER) == {"staged": 1}
    assert store.rows("SELECT state FROM ops.case_file") == [("closed",)]


def test_a_replayed_message_that_fails_again_opens_a_new_case(store):
    stored: StoredMessage = store.failed("1")
    store.desk().replay(case_of(store, "1"), dry_run=False)
    (again,) = store.worker().received(ACCOUNT, 10)
    assert again.inbox_id == stored.inbox_id
    from retail_ops.contracts.errors import MappingError
    from retail_ops.ports.store import Unmapped

    store.worker().stage(ACCOUNT, [Unmapped(again, MappingError("not_an_order", "id", "no object"))], OWNER)
    assert store.rows("SELECT state FROM ops.case_file ORDER BY case_id") == [("closed",), ("open",)]


def test_a_replayed_revision_is_judged_again_with_all_its_findings_closed(store):
    store.staged(order("1"), order("2"))
    revision = store.revision_of("1")
    store.judged(revision)
    open_it(store, new_case())
    store.change("UPDATE ops.case_file SET revision_id = %s WHERE external_id = '1'", revision)
    plan = store.desk().replay(store.value("SELECT min(case_id) FROM ops.case_file"), dry_run=False)
    assert plan == f"revision {revision} is judged again"
    assert store.rows("SELECT DISTINCT state FROM ops.case_file") == [("closed",)]
    assert store.rows(
        "SELECT currency, staged_count, staged_minor FROM ops.batch_total ORDER BY batch_id DESC LIMIT 1"
    ) == [("EUR", 1, order("1").totals.total.presentment.minor)]
    assert store.judged() == {"passed": 1}
    assert sorted(command.key.external_id for command in store.worker().claim(ACCOUNT, 50)) == ["1", "2"]


def test_a_blocked_batch_is_accounted_for_by_its_case_and_is_judged_again_as_a_whole(store):
    store.staged(order("1"), order("2"))
    store.judged(outcome="blocked")
    assert {row["external_id"]: row["open_case"] for row in store.desk().facts(ACCOUNT, "order")} == {
        "1": True,
        "2": True,
    }
    case = store.value("SELECT case_id FROM ops.case_file WHERE kind = 'batch'")
    assert "2 revisions of batch" in store.desk().replay(case, dry_run=False)
    assert store.judged() == {"passed": 2}
    assert len(store.worker().claim(ACCOUNT, 50)) == 2
    assert not any(row["open_case"] for row in store.desk().facts(ACCOUNT, "order"))


def test_a_replayed_command_is_carried_out_again(store):
    worker, command = parked(store)
    plan = store.desk().replay(case_of(store, "1"), dry_run=False)
    assert plan == f"command {command.outbox_id} is carried out again"
    (again,) = worker.claim(ACCOUNT, 50)
    assert (again.outbox_id, again.attempt, again.key) == (command.outbox_id, 2, command.key)


@pytest.mark.parametrize("make", ["message", "revision", "batch", "command"])
def test_a_dry_run_says_what_would_happen_and_changes_nothing(store, make):
    if make == "message":
        store.failed("1")
    elif make == "command":
        parked(store)
    else:
        store.staged(order("1"))
        store.judged(store.revision_of("1"), outcome="blocked" if make == "batch" else None)
    case = store.value(
        "SELECT max(case_id) FROM ops.case_file WHERE kind = %s", "batch" if make == "batch" else "order"
    )
    before = everything(store)
    plan = store.desk().replay(case, dry_run=True)
    assert make in plan
    assert everything(store) == before
    assert store.desk().replay(case, dry_run=False) == plan
    assert everything(store) != before


def test_replaying_twice_finds_the_case_closed(store):
    parked(store)
    case = case_of(store, "1")
    store.desk().replay(case, dry_run=False)
    with pytest.raises(DataError, match="no_open_case"):
        store.desk().replay(case, dry_run=False)
    assert store.value("SELECT count(*) FROM ops.audit_entry WHERE action = 'case.replayed'") == 1


def test_a_case_that_holds_nothing_cannot_be_replayed_and_stays_open(store):
    open_it(store, new_case())
    with pytest.raises(DataError, match="nothing_to_replay"):
        store.desk().replay(case_of(store, "1"), dry_run=False)
    assert store.rows("SELECT state FROM ops.case_file") == [("open",)]


@pytest.mark.parametrize("principal", ["nobody", "carol"])
def test_whoever_lacks_the_permission_cannot_replay_not_even_dry(store, principal):
    parked(store)
    store.change("INSERT INTO ops.role_member (principal, role) VALUES ('carol', 'finance')")
    before = everything(store)
    for dry_run in (True, False):
        with pytest.raises(PermissionDeniedError, match=f"{principal} lacks the permission replay"):
            store.desk(principal).replay(case_of(store, "1"), dry_run=dry_run)
    assert everything(store) == before


def test_every_act_says_in_trail_and_timeline_who_did_it(store):
    parked(store)
    case = case_of(store, "1")
    store.desk("anna").replay(case, dry_run=False)
    entry = store.rows("SELECT actor, subject, body FROM ops.audit_entry WHERE action = 'case.replayed'")
    assert entry[0][:2] == ("person:anna", "1")
    assert entry[0][2]["case"] == case
    assert store.rows("SELECT actor, action FROM ops.case_event ORDER BY case_event_id DESC LIMIT 1") == [
        ("person:anna", "replayed")
    ]


def test_a_trace_shows_an_order_from_its_first_message_to_its_last_command(store):
    parked(store)
    desk = store.desk()
    (entity,) = desk.find("#1001")
    trace = desk.trace(entity)
    counts = [len(part) for part in (trace.messages, trace.revisions, trace.verdicts, trace.commands, trace.cases)]
    assert counts == [1, 1, 1, 1, 1]
    actions = [row["action"] for row in trace.audit]
    assert actions == ["order.staged", "command.claimed", "order.publish.parked", "case.opened"]
    assert desk.find("no such order") == []
