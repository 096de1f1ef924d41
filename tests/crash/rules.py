"""What must hold in every store after a run, whatever flow it was: no work is left, and every change of state has
exactly its audit entry. Each rule is a statement that returns (subject, detail) of what breaks it.

Not here: what the far sides hold (each flow's own check).
"""

from crash.flow import Kind, Violation
from crash.scene import Scene

# Entries of settled commands are `<action>.<status>`; a claim ends in one of them, in a rescue, or is given back.
_SETTLED = r"'\.(done|parked|deferred|superseded)$'"
_TURNS = f"""
    SELECT
        o.account, o.external_id, o.action, o.status, o.attempt, o.crashes,
        count(*) FILTER (WHERE e.action = 'command.claimed') AS claimed,
        count(*) FILTER (WHERE e.action = 'command.rescued') AS rescued,
        count(*) FILTER (WHERE e.action ~ ('^' || o.action || {_SETTLED})) AS settled
    FROM ops.outbox AS o
    LEFT JOIN ops.audit_entry AS e
        ON o.account = e.account AND o.external_id = e.subject AND (e.body ->> 'command')::bigint = o.outbox_id
    GROUP BY o.outbox_id
"""

LEFT: dict[str, str] = {
    "a message is not mapped": """
        SELECT m.external_id, m.state FROM ops.inbox_message AS m WHERE m.state = 'received'
    """,
    "a batch is not judged": """
        SELECT b.batch_id::text, b.state FROM ops.batch AS b WHERE b.state = 'open'
    """,
    "a command is due or still claimed": """
        SELECT o.external_id, o.action || ' is ' || o.status FROM ops.outbox AS o
        WHERE o.status = 'running' OR (o.status = 'ready' AND o.next_at <= %(now)s)
    """,
    "a command waits although its revision passed": """
        SELECT o.external_id, o.action FROM ops.outbox AS o
        INNER JOIN ops.revision AS r ON o.revision_id = r.revision_id
        WHERE o.status = 'waiting' AND r.state = 'passed'
    """,
}

WRONG: dict[str, str] = {
    "a command is done without a receipt": """
        SELECT o.external_id, o.action FROM ops.outbox AS o
        WHERE o.status = 'done' AND o.receipt IS NULL AND o.last_error <> 'cancelled_before_publication'
    """,
    "a command is done and its key is not settled": """
        SELECT o.external_id, o.action FROM ops.outbox AS o
        INNER JOIN ops.idempotency_key AS k ON o.idempotency_key = k.key
        WHERE o.status = 'done' AND k.settled_at IS NULL
    """,
    "a revision is published without a publish that is done": """
        SELECT e.external_id, 'revision ' || e.published_revision_id FROM ops.entity AS e
        WHERE e.published_revision_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM ops.outbox AS o
            WHERE o.revision_id = e.published_revision_id AND o.action = e.kind || '.publish' AND o.status = 'done'
        )
    """,
    "a publish is done and neither it nor a newer revision is published": """
        SELECT o.external_id, 'revision ' || o.revision_id FROM ops.outbox AS o
        INNER JOIN ops.entity AS e
            ON o.account = e.account AND o.kind = e.kind AND o.external_id = e.external_id
        WHERE o.action = o.kind || '.publish' AND o.status = 'done'
            AND coalesce(e.published_revision_id, 0) < o.revision_id
    """,
}

TRAIL: dict[str, str] = {
    "the chain is broken": "SELECT b.account, b.broken || ' ' || b.seq FROM ops.audit_broken AS b",
    "a revision has not exactly one entry": """
        SELECT r.external_id, format('revision %%s has %%s', r.revision_id, count(e.seq)) FROM ops.revision AS r
        LEFT JOIN ops.audit_entry AS e
            ON r.account = e.account AND r.external_id = e.subject AND e.action = r.kind || '.staged'
            AND (e.body ->> 'revision')::bigint = r.revision_id
        GROUP BY r.external_id, r.revision_id HAVING count(e.seq) <> 1
    """,
    "an entry tells of a revision that is not there": """
        SELECT e.subject, e.body::text FROM ops.audit_entry AS e
        WHERE e.body ? 'revision' AND NOT EXISTS (
            SELECT 1 FROM ops.revision AS r WHERE r.revision_id = (e.body ->> 'revision')::bigint
        )
    """,
    "received messages and their entries differ in number": """
        SELECT a.account, format('%%s messages, %%s in entries', a.messages, a.entries) FROM (
            SELECT
                c.account,
                (SELECT count(*) FROM ops.inbox_message AS m WHERE m.account = c.account) AS messages,
                (SELECT coalesce(sum((e.body ->> 'new')::int), 0) FROM ops.audit_entry AS e
                 WHERE e.account = c.account AND e.action = 'inbox.received') AS entries
            FROM ops.account AS c
        ) AS a WHERE a.messages <> a.entries
    """,
    "handled messages and their entries differ in number": """
        SELECT a.account, format('%%s messages, %%s in entries', a.messages, a.entries) FROM (
            SELECT
                c.account,
                (SELECT count(*) FROM ops.inbox_message AS m
                 WHERE m.account = c.account AND m.state <> 'received') AS messages,
                (SELECT coalesce(sum(n.value::int), 0) FROM ops.audit_entry AS e
                 CROSS JOIN jsonb_each_text(e.body) AS n
                 WHERE e.account = c.account AND e.action = 'inbox.staged') AS entries
            FROM ops.account AS c
        ) AS a WHERE a.messages <> a.entries
    """,
    "a gate's run has not exactly one entry": """
        SELECT b.account, format('batch %%s has %%s', g.batch_id, count(e.seq)) FROM ops.gate_run AS g
        INNER JOIN ops.batch AS b ON g.batch_id = b.batch_id
        LEFT JOIN ops.audit_entry AS e
            ON b.account = e.account AND e.action = 'gate.' || g.outcome
            AND (e.body ->> 'batch')::bigint = g.batch_id
        GROUP BY b.account, g.gate_run_id, g.batch_id HAVING count(e.seq) <> 1
    """,
    "an entry tells of a gate's run that is not there": """
        SELECT e.account, e.action || ' ' || e.body::text FROM ops.audit_entry AS e
        WHERE e.action LIKE 'gate.%%' AND NOT EXISTS (
            SELECT 1 FROM ops.gate_run AS g
            WHERE g.batch_id = (e.body ->> 'batch')::bigint AND 'gate.' || g.outcome = e.action
        )
    """,
    "attempts, crashes and entries of a command do not add up": f"""
        SELECT t.external_id, format(
            '%%s is %%s: %%s attempts, %%s claimed, %%s crashes, %%s rescued, %%s settled',
            t.action, t.status, t.attempt, t.claimed, t.crashes, t.rescued, t.settled
        ) FROM ({_TURNS}) AS t
        WHERE t.attempt <> t.claimed OR t.crashes <> t.rescued
            OR t.claimed < t.rescued + t.settled + (t.status = 'running')::int
    """,
    "claims that ended in nothing are not those that were given back": f"""
        SELECT u.account, format('%%s claims, %%s given back', u.unended, u.given_back) FROM (
            SELECT
                t.account,
                sum(t.claimed - t.rescued - t.settled - (t.status = 'running')::int) AS unended,
                (SELECT coalesce(sum((e.body ->> 'count')::int), 0) FROM ops.audit_entry AS e
                 WHERE e.account = t.account AND e.action = 'commands.given back') AS given_back
            FROM ({_TURNS}) AS t
            GROUP BY t.account
        ) AS u WHERE u.unended <> u.given_back
    """,
    "a command's end has not exactly one entry": """
        SELECT o.external_id, format('%%s is %%s, %%s entries say done', o.action, o.status, count(e.seq))
        FROM ops.outbox AS o
        LEFT JOIN ops.audit_entry AS e
            ON o.account = e.account AND o.external_id = e.subject AND e.action = o.action || '.done'
            AND (e.body ->> 'command')::bigint = o.outbox_id
        GROUP BY o.outbox_id HAVING count(e.seq) <> (o.status = 'done')::int
    """,
    "a case has not exactly its entries": """
        SELECT c.external_id, format('%%s %%s: %%s opened, %%s closed', c.code, c.state,
            count(*) FILTER (WHERE e.action = 'case.opened'), count(*) FILTER (WHERE e.action <> 'case.opened'))
        FROM ops.case_file AS c
        LEFT JOIN ops.audit_entry AS e
            ON c.account = e.account AND e.action LIKE 'case.%%' AND (e.body ->> 'case')::bigint = c.case_id
        GROUP BY c.case_id
        HAVING count(*) FILTER (WHERE e.action = 'case.opened') <> 1
            OR count(*) FILTER (WHERE e.action <> 'case.opened') <> (c.state = 'closed')::int
    """,
    "an entry tells of a case or command that is not there": """
        SELECT e.subject, e.action || ' ' || e.body::text FROM ops.audit_entry AS e
        WHERE (e.body ? 'case' AND NOT EXISTS (
            SELECT 1 FROM ops.case_file AS c WHERE c.case_id = (e.body ->> 'case')::bigint
        )) OR (e.body ? 'command' AND NOT EXISTS (
            SELECT 1 FROM ops.outbox AS o WHERE o.outbox_id = (e.body ->> 'command')::bigint
        ))
    """,
}

RULES: dict[Kind, dict[str, str]] = {"stuck": LEFT, "wrong": WRONG, "audit": TRAIL}
_VIEWS: dict[Kind, str] = {"stuck": "store", "wrong": "store", "audit": "trail"}


def broken_rules(scene: Scene) -> list[Violation]:
    """Return everything that breaks a rule."""
    found = []
    with scene.database.connect() as conn:
        for kind, rules in RULES.items():
            for name, statement in rules.items():
                rows = conn.execute(statement, {"now": scene.clock.now()}).fetchall()
                found += [Violation(kind, _VIEWS[kind], str(subject), f"{name}: {text}") for subject, text in rows]
    return found
