"""The vault: one subject a person and account, gone when the person is gone, and no personal text in the open."""

from __future__ import annotations

import pytest
from psycopg import errors

from retail_ops.contracts.errors import ConfigurationError, DataError
from retail_ops.ports.channel import RawMessage
from retail_ops.ports.store import Mapped
from retail_ops.store import inbox
from store.making import ACCOUNT, NOW, OWNER, Store, mapped_of, message_of, order, person_data
from store.people import body_of, erase, inbox_id_of, personal_of, stage_for

CANARY = "Zebulon Quartzfeather"


def test_a_person_is_one_subject_of_each_account_and_a_guest_has_one_too(store):
    stage_for(store, "ann", "1")
    stage_for(store, "ann", "2")
    stage_for(store, "guest", "3")
    assert store.value("SELECT count(*) FROM ops.vault_subject") == 2
    assert store.value("SELECT count(*) FROM ops.inbox_message WHERE subject_id IS NULL") == 0


def test_a_message_that_nobody_can_read_is_its_own_subject_and_can_be_erased(store):
    store.failed("1", b"\xff not json")
    stored = store.value("SELECT pseudonym FROM ops.vault_subject")
    assert body_of(store, "1") == b"\xff not json"
    with store.database.connect("retail_ops_privacy") as conn:
        conn.execute(
            "UPDATE ops.vault_subject SET wrapped_key = NULL, erased_at = %s WHERE pseudonym = %s", (NOW, stored)
        )
    assert store.rows("SELECT state, body, wrapped_key FROM ops.inbox_message") == [("erased", None, None)]


def test_erasing_a_person_leaves_tombstones_and_other_people_alone(store):
    stage_for(store, "ann", "1")
    stage_for(store, "bob", "2")
    erase(store, "ann")
    rows = store.rows("SELECT external_id, state, body IS NULL, wrapped_key IS NULL FROM ops.inbox_message ORDER BY 1")
    assert rows == [("1", "erased", True, True), ("2", "staged", False, False)]
    ids = inbox_id_of(store, "1"), inbox_id_of(store, "2")
    assert [data.name for data in personal_of(store, *ids).values()] == ["bob"]
    assert body_of(store, "2") == message_of(order("2", person="bob")).body


def test_a_key_that_is_lost_opens_nothing_even_if_the_bytes_were_kept(store):
    stage_for(store, "ann", "1")
    copy = store.rows(
        "SELECT kind, external_id, revision, body, wrapped_key, subject_id, account FROM ops.inbox_message"
    )[0]
    erase(store, "ann")
    row = dict(
        zip(("kind", "external_id", "revision", "body", "wrapped_key", "subject_id", "account"), copy, strict=True)
    )
    with store.unit().reading() as tx, pytest.raises(ConfigurationError, match="is erased"):
        inbox.message_key(tx, store.keys, row)
    with pytest.raises(ConfigurationError):
        store.keys.unwrap_by_ring(row["wrapped_key"])


def test_the_bytes_of_an_erased_person_come_again_and_are_not_kept_again(store):
    stage_for(store, "ann", "1")
    erase(store, "ann")
    assert store.worker().receive(ACCOUNT, [message_of(order("1", person="ann"))]) == 0
    assert store.worker().received(ACCOUNT, 10) == []
    assert store.value("SELECT count(*) FROM ops.vault_subject") == 1


def test_a_person_who_buys_again_is_a_new_generation_with_a_new_key(store):
    stage_for(store, "ann", "1")
    erase(store, "ann")
    stage_for(store, "ann", "2")
    rows = store.rows("SELECT generation, erased_at IS NULL FROM ops.vault_subject ORDER BY generation")
    assert rows == [(1, False), (2, True)]
    assert personal_of(store, inbox_id_of(store, "1"), inbox_id_of(store, "2")).keys() == {inbox_id_of(store, "2")}


@pytest.mark.parametrize("role", ["privacy", "owner"])
def test_an_erased_person_stays_erased(store, role):
    stage_for(store, "ann", "1")
    erase(store, "ann")
    with store.database.connect(f"retail_ops_{role}") as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute("UPDATE ops.vault_subject SET wrapped_key = '\\x01', erased_at = NULL")


def test_a_legal_hold_keeps_a_person_from_being_erased(store):
    stage_for(store, "ann", "1")
    with store.database.connect("retail_ops_privacy") as conn:
        conn.execute("UPDATE ops.vault_subject SET legal_hold = true")
    with pytest.raises(errors.CheckViolation, match="vault_subject_held"):
        erase(store, "ann")
    assert body_of(store, "1")


def test_an_erased_message_cannot_be_replayed_and_never_stops_the_lane(store):
    store.failed("1")
    case = store.value("SELECT case_id FROM ops.case_file")
    with store.database.connect("retail_ops_privacy") as conn:
        conn.execute("UPDATE ops.vault_subject SET wrapped_key = NULL, erased_at = %s", (NOW,))
    with pytest.raises(DataError, match="nothing_to_replay"):
        store.desk().replay(case, dry_run=False)
    assert store.worker().received(ACCOUNT, 10) == []


def test_an_erased_message_that_never_became_an_order_is_accounted_for(store):
    store.failed("1")
    with store.database.connect("retail_ops_privacy") as conn:
        conn.execute("UPDATE ops.vault_subject SET wrapped_key = NULL, erased_at = %s", (NOW,))
    (fact,) = store.desk().facts(ACCOUNT, "order")
    assert (fact["external_id"], fact["state"], fact["reason"]) == ("1", "ignored", "erased")


# ---------------------------------------------------------------- canary

TEXT_OF_EVERYTHING = """
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind IN ('r', 'p', 'm') ORDER BY 1
"""


def tables_with(store: Store, *canaries: str) -> set[str]:
    """Return the tables in which some column of some row shows a canary, as text or as plain bytes."""
    shapes = [shape for canary in canaries for shape in (canary, canary.encode().hex())]
    tables = [row[0] for row in store.rows(TEXT_OF_EVERYTHING)]
    assert len(tables) > 20
    return {
        table
        for table in tables
        if store.value(
            f"SELECT count(*) FROM ops.{table} AS t WHERE t::text ILIKE ANY(%s)", [f"%{shape}%" for shape in shapes]
        )
    }


CANARIES = (CANARY, "ann@example.com", "1 High Street", "LS1 1AA", "Leeds")


def trade(store: Store) -> None:
    """Let an order of the canary go all the way, with everything that leaves a trace."""
    wanted = order("1", person="who")
    data = person_data(CANARY)
    store.worker().receive(ACCOUNT, [RawMessage("order", "1", NOW, data.model_dump_json().encode())])
    (stored,) = store.worker().received(ACCOUNT, 10)
    store.worker().stage(ACCOUNT, [Mapped(stored, mapped_of(wanted, data))], OWNER)
    store.failed("2", data.model_dump_json().encode())
    store.staged(order("3"))
    store.judged(store.revision_of("3"))
    worker, commands = store.claimed()
    worker.give_back(commands, "TransientError")
    store.desk().replay(store.value("SELECT case_id FROM ops.case_file WHERE external_id = '2'"), dry_run=False)


def test_no_personal_text_lies_in_the_open_anywhere_in_the_store(store):
    trade(store)
    assert store.value("SELECT count(*) FROM ops.vault_item") == 2
    assert tables_with(store, *CANARIES) == set()


LEAKY_RUN = """
    INSERT INTO ops.gate_run (batch_id, gate, suite_hash, outcome, checked_count, failed_count, findings, finished_at)
    SELECT batch_id, 'x', suite_hash, outcome, 1, 1, to_jsonb(%s::text), finished_at FROM ops.gate_run
"""


@pytest.mark.parametrize(
    ("table", "leak"),
    [
        ("case_event", "UPDATE ops.case_event SET detail = 'for ' || %s"),
        ("inbox_message", "UPDATE ops.inbox_message SET body = convert_to('x' || %s, 'UTF8')"),
        ("gate_run", LEAKY_RUN),
    ],
)
def test_the_search_finds_personal_text_wherever_it_leaks(store, table, leak):
    trade(store)
    store.change(leak, CANARY)
    assert tables_with(store, *CANARIES) == {table}
