"""The inbox and the vault: kept once, readable by key only, gone when the person is gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from psycopg import errors
from pydantic import SecretStr
from store.making import ACCOUNT, DIGEST, NOW, OTHER, OWNER, Store, mapped_of, message_of, order, person_data, pseudonym

from retail_ops.contracts.errors import ConfigurationError, DataError
from retail_ops.ports.channel import RawMessage
from retail_ops.ports.store import Mapped
from retail_ops.store import inbox, vault
from retail_ops.store.keyring import Keyring, new_key, seal, unseal

CANARY = "Zebulon Quartzfeather"


def raw(external_id: str | None = "1", body: bytes = b'{"a": 1}', kind: str = "order") -> RawMessage:
    return RawMessage(kind, external_id, NOW, body)


def stage_for(store: Store, name: str, external_id: str, *, at: int = 0) -> None:
    wanted = order(external_id, at=at, person=name)
    waiting = store.received(wanted)
    result = Mapped(waiting[external_id], mapped_of(wanted, person_data(name)))
    assert store.worker().stage(ACCOUNT, [result], OWNER)["staged"] == 1


def erase(store: Store, name: str) -> None:
    """Do what the privacy role may do, and no more."""
    with store.database.connect("retail_ops_privacy") as conn:
        conn.execute(
            "UPDATE ops.vault_subject SET wrapped_key = NULL, erased_at = %s WHERE pseudonym = %s AND erased_at IS NULL",
            (NOW, pseudonym(name)),
        )


def personal_of(store: Store, *inbox_ids: int):
    with store.unit().reading() as tx:
        return vault.open_items(tx, store.keys, inbox_ids)


def inbox_id_of(store: Store, external_id: str) -> int:
    return store.value("SELECT inbox_id FROM ops.inbox_message WHERE external_id = %s", external_id)


def body_of(store: Store, external_id: str) -> bytes:
    """Read a message back, whatever became of it."""
    with store.unit().reading() as tx:
        row = tx.conn.execute("SELECT * FROM ops.inbox_message WHERE external_id = %s", (external_id,)).fetchone()
        return unseal(row["body"], inbox.message_key(tx, store.keys, row), inbox.context(row["account"], row))


# ---------------------------------------------------------------- once


def test_the_same_bytes_are_kept_once(store):
    worker = store.worker()
    assert worker.receive(ACCOUNT, [raw(), raw("2"), raw()]) == 2
    assert worker.receive(ACCOUNT, [raw(), raw("2")]) == 0


def test_other_bytes_another_kind_and_another_account_are_other_messages(store):
    worker = store.worker()
    assert worker.receive(ACCOUNT, [raw(), raw(body=b'{"a": 2}'), raw(kind="refund")]) == 3
    assert worker.receive(OTHER, [raw()]) == 1


def test_two_workers_that_receive_the_same_page_keep_it_once(store):
    page = [raw(str(number)) for number in range(40)]
    workers = [store.worker(), store.worker()]
    with ThreadPoolExecutor(2) as pool:
        kept = list(pool.map(lambda pair: pair[0].receive(ACCOUNT, pair[1]), zip(workers, (page, page[::-1]), strict=True)))
    assert sum(kept) == 40


def test_a_message_without_an_id_is_filed_under_the_digest_of_its_bytes(store):
    store.worker().receive(ACCOUNT, [raw(None, b"\xff\xfe"), raw(None, b"\xff\xfd")])
    names = [row[0] for row in store.rows("SELECT external_id FROM ops.inbox_message")]
    assert len(set(names)) == 2
    assert all(name.startswith("unreadable:") for name in names)


# ---------------------------------------------------------------- keys


def test_what_was_received_is_what_is_read_and_nothing_of_it_lies_in_the_open(store):
    store.worker().receive(ACCOUNT, [raw(body=CANARY.encode())])
    assert [message.body for message in store.worker().received(ACCOUNT, 10)] == [CANARY.encode()]
    assert CANARY.encode() not in bytes(store.value("SELECT body FROM ops.inbox_message"))


def test_each_message_has_a_key_of_its_own(store):
    store.worker().receive(ACCOUNT, [raw(str(number)) for number in range(5)])
    wrapped = [bytes(row[0]) for row in store.rows("SELECT wrapped_key FROM ops.inbox_message")]
    assert len({store.keys.unwrap_by_ring(key) for key in wrapped}) == 5


def test_bodies_swapped_between_two_rows_do_not_open(store):
    store.worker().receive(ACCOUNT, [raw("1"), raw("2", b"other")])
    swap = (
        "UPDATE ops.inbox_message AS m SET {0} FROM ops.inbox_message AS o WHERE o.inbox_id <> m.inbox_id"
    )
    store.change(swap.format("body = o.body"))
    with pytest.raises(ConfigurationError, match="does not open"):
        store.worker().received(ACCOUNT, 10)
    # With its key, the body opens in no other row either: it is bound to the row's identity.
    store.change(swap.format("wrapped_key = o.wrapped_key"))
    with pytest.raises(ConfigurationError, match="does not open"):
        store.worker().received(ACCOUNT, 10)
    store.change(swap.format("body = o.body, wrapped_key = o.wrapped_key"))
    assert len(store.worker().received(ACCOUNT, 10)) == 2


def test_items_swapped_between_two_messages_of_one_person_do_not_open(store):
    stage_for(store, "ann", "1")
    stage_for(store, "ann", "2")
    ids = inbox_id_of(store, "1"), inbox_id_of(store, "2")
    assert len(personal_of(store, *ids)) == 2
    store.change(
        "UPDATE ops.vault_item AS v SET ciphertext = o.ciphertext FROM ops.vault_item AS o WHERE o.inbox_id <> v.inbox_id"
    )
    with pytest.raises(ConfigurationError, match="does not open"):
        personal_of(store, *ids)


def test_a_sealed_text_opens_only_with_its_key_and_its_context():
    key = new_key()
    sealed = seal(b"text", key, "message/1")
    assert unseal(sealed, key, "message/1") == b"text"
    for wrong in ((sealed, new_key(), "message/1"), (sealed, key, "message/2"), (sealed[:-1] + b"\0", key, "message/1")):
        with pytest.raises(ConfigurationError):
            unseal(*wrong)


def test_a_new_first_key_of_the_ring_opens_what_older_ones_wrapped_and_wraps_what_comes(store):
    old, new = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
    store.keys = Keyring.of([old], DIGEST)
    stage_for(store, "ann", "1")
    store.worker().receive(ACCOUNT, [raw("2")])
    store.keys = Keyring.of([new, old], DIGEST)
    assert [message.external_id for message in store.worker().received(ACCOUNT, 10)] == ["2"]
    assert personal_of(store, inbox_id_of(store, "1"))
    stage_for(store, "bob", "3")
    store.keys = Keyring.of([new], DIGEST)
    assert personal_of(store, inbox_id_of(store, "3"))
    with pytest.raises(ConfigurationError, match="no key of the ring"):
        personal_of(store, inbox_id_of(store, "1"))


@pytest.mark.parametrize(
    ("keys", "digest", "named"),
    [
        ([], DIGEST, "no vault key"),
        ([SecretStr("short")], DIGEST, "not a Fernet key"),
        ([SecretStr(Fernet.generate_key().decode())], SecretStr("short"), "digest_secret"),
    ],
)
def test_a_ring_that_cannot_work_is_refused_by_name(keys, digest, named):
    with pytest.raises(ConfigurationError, match=named):
        Keyring.of(keys, digest)


def test_digests_depend_on_account_kind_value_and_secret(store):
    keys = store.keys
    values = {keys.digest("a", "mail", "x"), keys.digest("b", "mail", "x"), keys.digest("a", "phone", "x"), keys.digest("a", "mail", "y")}
    assert len(values) == 4
    other = Keyring.of([SecretStr(Fernet.generate_key().decode())], SecretStr("another-secret-of-32-characters-xx"))
    assert other.digest("a", "mail", "x") not in values


# ---------------------------------------------------------------- people


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
        conn.execute("UPDATE ops.vault_subject SET wrapped_key = NULL, erased_at = %s WHERE pseudonym = %s", (NOW, stored))
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
    copy = store.rows("SELECT kind, external_id, revision, body, wrapped_key, subject_id, account FROM ops.inbox_message")[0]
    erase(store, "ann")
    row = dict(zip(("kind", "external_id", "revision", "body", "wrapped_key", "subject_id", "account"), copy, strict=True))
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
        if store.value(f"SELECT count(*) FROM ops.{table} AS t WHERE t::text ILIKE ANY(%s)", [f"%{shape}%" for shape in shapes])
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


@pytest.mark.parametrize(
    ("table", "leak"),
    [
        ("case_event", "UPDATE ops.case_event SET detail = 'for ' || %s"),
        ("inbox_message", "UPDATE ops.inbox_message SET body = convert_to('x' || %s, 'UTF8')"),
        ("gate_run", "INSERT INTO ops.gate_run SELECT 99, batch_id, 'x', suite_hash, outcome, 1, 1, to_jsonb(%s::text), finished_at FROM ops.gate_run LIMIT 1"),
    ],
)  # fmt: skip
def test_the_search_finds_personal_text_wherever_it_leaks(store, table, leak):
    trade(store)
    store.change(leak.replace("INSERT INTO ops.gate_run", "INSERT INTO ops.gate_run OVERRIDING SYSTEM VALUE"), CANARY)
    assert tables_with(store, *CANARIES) == {table}
