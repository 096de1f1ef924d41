"""The inbox: kept once, readable by key only, each ciphertext bound to its row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.ports.channel import RawMessage
from retail_ops.store.keyring import Keyring, new_key, seal, unseal
from store.making import ACCOUNT, DIGEST, NOW, OTHER
from store.people import inbox_id_of, personal_of, stage_for

CANARY = "Zebulon Quartzfeather"


def raw(external_id: str | None = "1", body: bytes = b'{"a": 1}', kind: str = "order") -> RawMessage:
    return RawMessage(kind, external_id, NOW, body)


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
        kept = list(
            pool.map(lambda pair: pair[0].receive(ACCOUNT, pair[1]), zip(workers, (page, page[::-1]), strict=True))
        )
    assert sum(kept) == 40


def test_a_message_without_an_id_is_filed_under_the_digest_of_its_bytes(store):
    store.worker().receive(ACCOUNT, [raw(None, b"\xff\xfe"), raw(None, b"\xff\xfd")])
    names = [row[0] for row in store.rows("SELECT external_id FROM ops.inbox_message")]
    assert len(set(names)) == 2
    assert all(name.startswith("unreadable:") for name in names)


@pytest.mark.parametrize("external_id", ["", "1\0", "x" * 5000, "\ud800"])
def test_an_id_that_no_contract_accepts_is_no_id_and_never_stops_the_lane(store, external_id):
    assert store.worker().receive(ACCOUNT, [raw(external_id), raw("2")]) == 2
    names = [message.external_id for message in store.worker().received(ACCOUNT, 10)]
    assert [name.startswith("unreadable:") for name in sorted(names)] == [False, True]


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
    swap = "UPDATE ops.inbox_message AS m SET {0} FROM ops.inbox_message AS o WHERE o.inbox_id <> m.inbox_id"
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
        "UPDATE ops.vault_item AS v SET ciphertext = o.ciphertext FROM ops.vault_item AS o"
        " WHERE o.inbox_id <> v.inbox_id"
    )
    with pytest.raises(ConfigurationError, match="does not open"):
        personal_of(store, *ids)


def test_a_sealed_text_opens_only_with_its_key_and_its_context():
    key = new_key()
    sealed = seal(b"text", key, "message/1")
    assert unseal(sealed, key, "message/1") == b"text"
    for wrong in (
        (sealed, new_key(), "message/1"),
        (sealed, key, "message/2"),
        (sealed[:-1] + b"\0", key, "message/1"),
    ):
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
    values = {
        keys.digest("a", "mail", "x"),
        keys.digest("b", "mail", "x"),
        keys.digest("a", "phone", "x"),
        keys.digest("a", "mail", "y"),
    }
    assert len(values) == 4
    other = Keyring.of([SecretStr(Fernet.generate_key().decode())], SecretStr("another-secret-of-32-characters-xx"))
    assert other.digest("a", "mail", "x") not in values
