"""The audit chains: whole under any number of writers, and whoever tampers with one is named."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from retail_ops.contracts.errors import AmbiguousError, AuthorisationError, ConfigurationError, TransientError
from retail_ops.store.unit import UnitOfWork
from store.making import ACCOUNT, NOW, OTHER, Store, order

GUARDS = ("audit_entry_no_change", "audit_entry_no_truncate")
REWRITE = """
    DO $$
    DECLARE
        e ops.audit_entry; link bytea;
    BEGIN
        SELECT prev INTO link FROM ops.audit_entry WHERE account = '{account}' AND seq = {seq};
        FOR e IN SELECT * FROM ops.audit_entry WHERE account = '{account}' AND seq >= {seq} ORDER BY seq LOOP
            e.hash := ops.audit_hash(
                link, e.account, e.seq, e.happened_at, e.actor, e.session, e.action, e.subject, e.body
            );
            UPDATE ops.audit_entry SET prev = link, hash = e.hash WHERE account = e.account AND seq = e.seq;
            link := e.hash;
        END LOOP;
    END $$
"""


def chain(store: Store, entries: int = 5, account: str = ACCOUNT) -> None:
    unit = store.unit()
    for number in range(entries):
        with unit.writing() as tx:
            tx.record(account, "test.entry", str(number), {"number": number})


def tamper(store: Store, *statements: str) -> None:
    """Do as the owner what the triggers refuse."""
    with store.database.connect() as conn:
        for guard in GUARDS:
            conn.execute(f"ALTER TABLE ops.audit_entry DISABLE TRIGGER {guard}")
        for statement in statements:
            conn.execute(statement)
        for guard in GUARDS:
            conn.execute(f"ALTER TABLE ops.audit_entry ENABLE TRIGGER {guard}")


def add_entity(unit: UnitOfWork, *, account: str = ACCOUNT, then: Callable[[int], None] = lambda _pid: None) -> None:
    """Change something and record it; `then` is called with the session's id before the commit."""
    with unit.writing() as tx:
        tx.record(account, "test.entry", "1", {})
        tx.sql.entity_add(tx.conn, account=account, kind="order", external_id="1", number="1", now=NOW)
        then(tx.conn.info.backend_pid)


def broken(store: Store) -> list[tuple]:
    return store.rows("SELECT account, seq, broken FROM ops.audit_broken ORDER BY account, seq, broken")


def test_a_chain_that_many_writers_append_to_at_once_is_whole_and_has_no_gap(store):
    def write(number: int) -> None:
        unit = store.unit(actor=f"run:{number}")
        for step in range(25):
            with unit.writing() as tx:
                for account in (OTHER, ACCOUNT) if number % 2 else (ACCOUNT, OTHER):
                    tx.record(account, "test.entry", f"{number}/{step}", {"step": step})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert broken(store) == []
    rows = store.rows("SELECT account, count(*), max(seq) FROM ops.audit_entry GROUP BY account ORDER BY account")
    assert [row for row in rows if row[0] != "deployment"] == [(ACCOUNT, 150, 150), (OTHER, 150, 150)]


def test_two_chains_that_forked_would_be_named(store):
    chain(store)
    tamper(
        store,
        "INSERT INTO ops.audit_entry SELECT account, seq + 1, happened_at, 'fork', session, action, subject, body,"
        f" prev, hash FROM ops.audit_entry WHERE account = '{ACCOUNT}' AND seq = 5",
    )
    assert (ACCOUNT, 6, "entry") in broken(store)
    assert (ACCOUNT, 5, "head") in broken(store)


@pytest.mark.parametrize(
    "change", ["actor = 'x'", "body = '{}'", "happened_at = happened_at + interval '1 us'", "session = 'x'"]
)
def test_an_edited_entry_is_named(store, change):
    chain(store)
    tamper(store, f"UPDATE ops.audit_entry SET {change} WHERE account = '{ACCOUNT}' AND seq = 3")
    assert broken(store) == [(ACCOUNT, 3, "entry")]


@pytest.mark.parametrize("seq", [1, 3])
def test_the_entry_after_a_deleted_one_is_named(store, seq):
    chain(store)
    tamper(store, f"DELETE FROM ops.audit_entry WHERE account = '{ACCOUNT}' AND seq = {seq}")
    assert broken(store) == [(ACCOUNT, seq + 1, "entry")]


def test_a_tail_that_was_cut_off_is_named_by_the_head(store):
    chain(store)
    tamper(store, f"DELETE FROM ops.audit_entry WHERE account = '{ACCOUNT}' AND seq > 3")
    assert broken(store) == [(ACCOUNT, 5, "head")]


def test_a_chain_without_its_head_is_named(store):
    chain(store)
    tamper(store, f"DELETE FROM ops.audit_head WHERE account = '{ACCOUNT}'")
    assert broken(store) == [(ACCOUNT, 5, "head")]


def test_a_chain_that_was_removed_but_for_its_head_is_named(store):
    chain(store)
    tamper(store, f"DELETE FROM ops.audit_entry WHERE account = '{ACCOUNT}'")
    assert broken(store) == [(ACCOUNT, 5, "head")]


def test_a_chain_that_was_recomputed_from_an_edited_entry_on_is_named_by_the_head(store):
    chain(store)
    edit = f"UPDATE ops.audit_entry SET actor = 'x' WHERE account = '{ACCOUNT}' AND seq = 3"
    tamper(store, edit, REWRITE.format(account=ACCOUNT, seq=3))
    assert broken(store) == [(ACCOUNT, 5, "head")]


def test_a_chain_recomputed_together_with_its_head_differs_from_the_head_kept_elsewhere(store):
    chain(store)
    kept = {row["account"]: (row["seq"], row["hash"]) for row in store.desk().chain_heads()}
    tamper(
        store,
        f"UPDATE ops.audit_entry SET actor = 'x' WHERE account = '{ACCOUNT}' AND seq = 3",
        REWRITE.format(account=ACCOUNT, seq=3),
        "UPDATE ops.audit_head AS h SET hash = e.hash FROM ops.audit_entry AS e"
        " WHERE e.account = h.account AND e.seq = h.seq",
    )
    assert broken(store) == []
    now = {row["account"]: (row["seq"], row["hash"]) for row in store.desk().chain_heads()}
    assert [account for account in kept if kept[account] != now[account]] == [ACCOUNT]


def test_the_desk_names_what_is_broken(store):
    chain(store)
    assert store.desk().broken_chains() == []
    tamper(store, f"UPDATE ops.audit_entry SET action = 'x' WHERE account = '{ACCOUNT}' AND seq = 2")
    assert [(row["account"], row["seq"]) for row in store.desk().broken_chains()] == [(ACCOUNT, 2)]


def test_an_entry_says_who_acted_and_under_which_log_in(store):
    store.staged(order())
    rows = store.rows("SELECT DISTINCT actor, session FROM ops.audit_entry WHERE account = %s", ACCOUNT)
    assert rows == [("run:test", "retail_ops_worker")]


def test_a_transaction_that_records_nothing_is_refused_and_changes_nothing(store):
    unit = store.unit()
    with pytest.raises(ConfigurationError, match="records nothing"), unit.writing() as tx:
        tx.sql.entity_add(tx.conn, account=ACCOUNT, kind="order", external_id="1", number="1", now=NOW)
    assert store.rows("SELECT * FROM ops.entity") == []


def test_an_abandoned_transaction_changes_nothing_and_records_nothing(store):
    before = store.value("SELECT count(*) FROM ops.audit_entry")
    with store.unit().writing() as tx:
        tx.sql.entity_add(tx.conn, account=ACCOUNT, kind="order", external_id="1", number="1", now=NOW)
        tx.record(ACCOUNT, "test.entry", "1", {})
        tx.abandon()
    assert store.rows("SELECT * FROM ops.entity") == []
    assert store.value("SELECT count(*) FROM ops.audit_entry") == before


def test_a_change_vanishes_when_its_entry_cannot_be_written(store):
    store.change(
        "REVOKE EXECUTE ON FUNCTION ops.audit_append(text, text, text, text, jsonb, timestamptz) FROM retail_ops_worker"
    )
    with pytest.raises(AuthorisationError):
        add_entity(store.unit())
    assert store.rows("SELECT * FROM ops.entity") == []


def test_an_entry_vanishes_when_its_change_fails(store):
    before = store.value("SELECT count(*) FROM ops.audit_entry")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        add_entity(store.unit(), account="nowhere")
    assert store.value("SELECT count(*) FROM ops.audit_entry") == before


def test_a_session_killed_before_the_commit_leaves_neither_change_nor_entry(server, store):
    unit, before = store.unit(), store.value("SELECT count(*) FROM ops.audit_entry")
    with pytest.raises(TransientError):
        add_entity(unit, then=lambda pid: kill(server, pid))
    assert store.rows("SELECT * FROM ops.entity") == []
    assert store.value("SELECT count(*) FROM ops.audit_entry") == before
    with unit.writing() as tx:  # the next transaction has a connection of its own
        tx.record(ACCOUNT, "test.entry", "1", {})


def test_a_session_killed_at_the_commit_leaves_the_outcome_open(server, store, monkeypatch):
    unit = store.unit()
    conn = unit.conn
    commit = conn.commit

    def die_first() -> None:
        kill(server, conn.info.backend_pid)
        commit()

    monkeypatch.setattr(conn, "commit", die_first)
    with pytest.raises(AmbiguousError), unit.writing() as tx:
        tx.record(ACCOUNT, "test.entry", "1", {})


def kill(server, pid: int) -> None:
    with server.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
