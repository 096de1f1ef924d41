"""People in the store: putting one in, erasing one, and reading back what is left."""

from __future__ import annotations

from retail_ops.ports.store import Mapped
from retail_ops.store import inbox, vault
from retail_ops.store.keyring import unseal
from store.making import ACCOUNT, NOW, OWNER, Store, mapped_of, order, person_data, pseudonym


def stage_for(store: Store, name: str, external_id: str, *, at: int = 0) -> None:
    wanted = order(external_id, at=at, person=name)
    waiting = store.received(wanted)
    result = Mapped(waiting[external_id], mapped_of(wanted, person_data(name)))
    assert store.worker().stage(ACCOUNT, [result], OWNER)["staged"] == 1


def erase(store: Store, name: str) -> None:
    """Do what the privacy role may do, and no more."""
    with store.database.connect("retail_ops_privacy") as conn:
        conn.execute(
            "UPDATE ops.vault_subject SET wrapped_key = NULL, erased_at = %s"
            " WHERE pseudonym = %s AND erased_at IS NULL",
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
