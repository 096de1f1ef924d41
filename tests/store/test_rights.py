"""Who may do what in the store: the whole table of rights, compared with the catalogue."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from store.making import ACCOUNT, NOW, order

ROLES = ("ingest", "worker", "gate", "report", "privacy")
READ = {"SELECT"}
ADD = READ | {"INSERT"}
OUTBOX = "status priority attempt crashes worker_id lease_until next_at last_error receipt settled_at"
ARRIVAL = "account kind external_id revision source_at body wrapped_key received_at"


def some(right: str, columns: str) -> set[str]:
    """A right on some columns only."""
    return {f"{right}({column})" for column in columns.split()}


ENTITY = "number state reason newest_revision_id published_revision_id erp_reference changed_at"

# Every table of the store with every right on it; the owner has all of them and is not listed. A table, view or
# sequence without an entry fails.
RIGHTS: dict[str, dict[str, set[str]]] = {
    "environment": {"worker": READ, "gate": READ, "report": READ},
    "account": {"worker": READ, "gate": READ, "report": READ},
    "vault_subject": {
        "worker": ADD | some("UPDATE", "purge_after"),
        "privacy": READ | some("UPDATE", "wrapped_key legal_hold purge_after erased_at"),
    },
    "inbox_message": {
        "ingest": some("INSERT", ARRIVAL),
        "worker": ADD | some("UPDATE", "state source_at wrapped_key subject_id handled_at"),
        "privacy": READ | some("UPDATE", "state body wrapped_key"),
    },
    "vault_item": {"worker": ADD, "privacy": READ | {"DELETE"}},
    "entity": {
        "worker": ADD | some("UPDATE", ENTITY),
        "gate": READ | some("UPDATE", "state reason changed_at"),
        "report": READ,
    },
    "revision": {"worker": ADD | some("UPDATE", "state"), "gate": READ | some("UPDATE", "state")},
    "batch": {"worker": ADD, "gate": READ | some("UPDATE", "state closed_at"), "report": READ},
    "batch_total": {"worker": ADD, "gate": READ, "report": READ},
    "batch_item": {"worker": ADD, "gate": READ},
    "gate_run": {"worker": READ, "gate": ADD, "report": READ},
    "verdict": {"worker": READ, "gate": ADD, "report": READ},
    "idempotency_key": {"worker": ADD | some("UPDATE", "receipt settled_at")},
    "publish_action": {"worker": READ},
    "release": {"worker": ADD},
    "outbox": {
        "worker": ADD | some("UPDATE", OUTBOX),
        "gate": READ | some("UPDATE", "verdict_id verdict_outcome status"),
        "report": READ,
    },
    "worker_id": {"worker": {"USAGE"}},
    "cursor": {"worker": ADD | {"UPDATE"}, "report": READ},
    "binding": {"worker": ADD | {"UPDATE"}},
    "rate_bucket": {"worker": ADD | {"UPDATE"}},
    "case_file": {"worker": ADD | some("UPDATE", "state closed_at owner"), "gate": ADD, "report": READ},
    "case_event": {"worker": ADD, "gate": {"INSERT"}, "report": READ},
    "permission": {"worker": READ},
    "role_permission": {"worker": READ},
    "role_member": {"worker": READ},
    "audit_entry": {"worker": READ, "report": READ},
    "audit_head": {"worker": READ, "report": READ},
    "audit_broken": {"worker": READ, "report": READ},
}

GRANTED = """
    SELECT c.relname, coalesce(a.grantee::regrole::text, 'public'), a.privilege_type, NULL
    FROM pg_class AS c, aclexplode(c.relacl) AS a
    WHERE c.relnamespace = 'ops'::regnamespace AND a.grantee <> c.relowner
    UNION ALL
    SELECT c.relname, a.grantee::regrole::text, a.privilege_type, t.attname
    FROM pg_class AS c, pg_attribute AS t, aclexplode(t.attacl) AS a
    WHERE c.relnamespace = 'ops'::regnamespace AND t.attrelid = c.oid AND a.grantee <> c.relowner
"""
RELATIONS = """
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'i')
"""


def granted(store) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {name: {} for (name,) in store.rows(RELATIONS)}
    for relation, grantee, privilege, column in store.rows(GRANTED):
        right = privilege if column is None else f"{privilege}({column})"
        found.setdefault(relation, {}).setdefault(grantee.removeprefix("retail_ops_"), set()).add(right)
    return found


def test_the_rights_are_those_of_the_table_and_no_others(store):
    assert granted(store) == RIGHTS


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE ops.newcomer (id integer)",
        "GRANT DELETE ON ops.outbox TO retail_ops_worker",
        "GRANT SELECT (body) ON ops.inbox_message TO retail_ops_report",
        "GRANT SELECT ON ops.entity TO public",
        "REVOKE INSERT ON ops.verdict FROM retail_ops_gate",
    ],
)
def test_the_comparison_sees_every_kind_of_drift(store, change):
    store.change(change)
    assert granted(store) != RIGHTS


def test_no_role_is_a_member_of_another_or_may_do_anything_by_itself(server, store):
    with server.admin(store.database.name) as admin:
        members = admin.execute(
            "SELECT m.member::regrole::text, m.roleid::regrole::text FROM pg_auth_members AS m"
            " WHERE m.member::regrole::text LIKE 'retail_ops%' AND m.member::regrole::text <> 'retail_ops_owner'"
        ).fetchall()
        powers = admin.execute(
            "SELECT bool_or(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls) FROM pg_roles"
            " WHERE rolname = ANY(%s)",
            ([f"retail_ops_{role}" for role in ROLES],),
        ).fetchone()
    assert (members, powers) == ([], (False,))


def test_only_the_audit_may_be_appended_to_with_the_owners_rights(store):
    definers = store.rows("SELECT proname FROM pg_proc WHERE pronamespace = 'ops'::regnamespace AND prosecdef")
    assert definers == [("audit_append",)]
    roles = store.rows(
        "SELECT a.grantee::regrole::text FROM pg_proc AS p, aclexplode(p.proacl) AS a"
        " WHERE p.proname = 'audit_append' AND a.grantee <> p.proowner ORDER BY 1"
    )
    assert roles == [("retail_ops_gate",), ("retail_ops_privacy",), ("retail_ops_worker",)]


def test_no_role_may_create_anything_in_the_stores_schema(store):
    for role in ROLES:
        with store.database.connect(f"retail_ops_{role}") as conn, pytest.raises(errors.InsufficientPrivilege):
            conn.execute("CREATE TABLE ops.mine (id integer)")


# A type of the caller's own whose check runs code: as the owner, wherever the owner's function says just `bytea`.
TRAP = """
    CREATE FUNCTION pg_temp.evil(v pg_catalog.bytea) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        IF current_user = 'retail_ops_owner' THEN
            EXECUTE 'GRANT INSERT ON ops.verdict TO retail_ops_worker';
        END IF;
        RETURN true;
    END $$;
    CREATE DOMAIN pg_temp.bytea AS pg_catalog.bytea CHECK (pg_temp.evil(value));
"""


def append_under_a_trap(store) -> bool:
    """Append to the audit trail with a trap laid; return whether the worker got the right to insert verdicts by it."""
    with store.database.connect("retail_ops_worker") as conn:
        conn.execute(TRAP)
        conn.execute("SELECT ops.audit_append('a', 'b', 'c', 'd', '{}'::jsonb, now())")
    return store.value("SELECT has_table_privilege('retail_ops_worker', 'ops.verdict', 'INSERT')")


def test_a_type_of_the_callers_own_never_runs_as_the_owner(store):
    assert not append_under_a_trap(store)


def test_without_the_temporary_schema_named_last_it_would_run_as_the_owner(store):
    store.change(
        "ALTER FUNCTION ops.audit_append(text, text, text, text, jsonb, timestamptz) SET search_path = pg_catalog, ops"
    )
    assert append_under_a_trap(store)


def test_ingest_may_only_put_messages_into_the_inbox(store):
    arrive = (
        "INSERT INTO ops.inbox_message (account, kind, external_id, revision, body, wrapped_key, received_at)"
        " VALUES (%s, 'order', '1', %s, '\\x01', '\\x02', %s) ON CONFLICT DO NOTHING"
    )
    with store.database.connect("retail_ops_ingest", autocommit=True) as conn:
        for _ in range(2):
            conn.execute(arrive, (ACCOUNT, "a" * 32, NOW))
        for text in (
            "SELECT body FROM ops.inbox_message",
            "SELECT 1 FROM ops.entity",
            "UPDATE ops.inbox_message SET state = 'staged'",
            "DELETE FROM ops.inbox_message",
            "SELECT ops.audit_append('a', 'b', 'c', 'd', '{}'::jsonb, now())",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                conn.execute(text)
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute(
                arrive.replace("received_at)", "received_at, state)").replace("%s)", "%s, 'staged')"),
                (ACCOUNT, "b" * 32, NOW),
            )
    assert store.rows("SELECT state FROM ops.inbox_message") == [("received",)]


@pytest.mark.parametrize("relation", ["vault_subject", "vault_item", "inbox_message", "revision", "idempotency_key"])
def test_report_sees_no_vault_and_no_body(store, relation):
    store.staged(order())
    with store.database.connect("retail_ops_report") as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute(f"SELECT * FROM ops.{relation}")


@pytest.mark.parametrize("role", [*ROLES, "owner"])
@pytest.mark.parametrize(
    "text",
    [
        "UPDATE ops.audit_entry SET actor = 'nobody'",
        "DELETE FROM ops.audit_entry",
        "TRUNCATE ops.audit_entry",
    ],
)
def test_nobody_changes_the_audit_trail_not_even_the_owner(store, role, text):
    store.staged(order())
    with store.database.connect(f"retail_ops_{role}") as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute(text)


def test_a_role_without_the_right_is_told_apart_from_a_trigger_that_refuses(store):
    store.staged(order())
    with store.database.connect() as conn, pytest.raises(psycopg.Error) as refused:
        conn.execute("DELETE FROM ops.audit_entry")
    assert "audit_entry must not change" in str(refused.value)
