-- name: may(principal, permission)$
SELECT EXISTS(
    SELECT 1
    FROM ops.role_member AS m
    INNER JOIN ops.role_permission AS p ON m.role = p.role
    WHERE m.principal = :principal AND p.permission = :permission
);

-- name: entity_find(text)
-- Entities by number or external id, in any account.
SELECT
    e.account, e.kind, e.external_id, e.number, e.state, e.reason, e.erp_reference, e.changed_at,
    e.newest_revision_id, e.published_revision_id
FROM ops.entity AS e
WHERE e.number = :text OR e.external_id = :text
ORDER BY e.account, e.external_id;

-- name: trace_messages(account, kind, external_id)
SELECT m.inbox_id, m.state, m.source_at, m.received_at, m.handled_at, m.revision
FROM ops.inbox_message AS m
WHERE m.account = :account AND m.kind = :kind AND m.external_id = :external_id
ORDER BY m.inbox_id;

-- name: trace_revisions(account, kind, external_id)
SELECT
    r.revision_id, r.number, r.inbox_id, r.state, r.source_at, r.staged_at, encode(r.content_hash, 'hex') AS hash
FROM ops.revision AS r
WHERE r.account = :account AND r.kind = :kind AND r.external_id = :external_id
ORDER BY r.number;

-- name: trace_verdicts(account, kind, external_id)
SELECT v.revision_id, v.gate, v.outcome, g.outcome AS run_outcome, g.finished_at
FROM ops.verdict AS v
INNER JOIN ops.gate_run AS g ON v.gate_run_id = g.gate_run_id
INNER JOIN ops.revision AS r ON v.revision_id = r.revision_id
WHERE r.account = :account AND r.kind = :kind AND r.external_id = :external_id
ORDER BY v.verdict_id;

-- name: trace_commands(account, kind, external_id)
SELECT
    o.outbox_id, o.revision_id, o.action, o.status, o.attempt, o.crashes, o.last_error, o.receipt, o.enqueued_at,
    o.settled_at, o.next_at
FROM ops.outbox AS o
WHERE o.account = :account AND o.kind = :kind AND o.external_id = :external_id
ORDER BY o.outbox_id;

-- name: trace_cases(account, kind, external_id)
SELECT c.case_id, c.class, c.code, c.field, c.detail, c.owner, c.state, c.opened_at, c.closed_at
FROM ops.case_file AS c
WHERE c.account = :account AND c.kind = :kind AND c.external_id = :external_id
ORDER BY c.case_id;

-- name: batch_again(batch_id)
-- The quarantined revisions of a batch are judged once more.
UPDATE ops.revision AS r
SET state = 'staged'
FROM ops.batch_item AS i
WHERE i.batch_id = :batch_id AND i.revision_id = r.revision_id AND r.state = 'quarantined'
RETURNING r.revision_id, r.payload;

-- name: entity_facts(account, kind)
-- What the store says of everything of an account, for `verify`; a message that fits no contract shows by its case.
SELECT
    e.external_id, e.number, e.state, e.reason, e.erp_reference, p.payload AS published_payload,
    (
        SELECT min(o.next_at)
        FROM ops.outbox AS o
        INNER JOIN ops.revision AS r ON o.revision_id = r.revision_id
        WHERE
            o.account = e.account
            AND o.kind = e.kind
            AND o.external_id = e.external_id
            AND (o.status IN ('ready', 'running') OR (o.status = 'waiting' AND r.state = 'staged'))
    ) AS due_since
FROM ops.entity AS e
LEFT JOIN ops.revision AS p ON e.published_revision_id = p.revision_id
WHERE e.account = :account AND e.kind = :kind
UNION ALL
SELECT
    m.external_id,
    m.external_id,
    CASE WHEN bool_or(m.state = 'failed') THEN 'quarantined' ELSE 'ignored' END,
    CASE WHEN bool_or(m.state = 'failed') THEN 'unreadable' ELSE 'erased' END,
    NULL::text,
    NULL::text,
    NULL::timestamptz
FROM ops.inbox_message AS m
LEFT JOIN ops.entity AS e ON m.account = e.account AND m.kind = e.kind AND m.external_id = e.external_id
WHERE
    m.account = :account
    AND m.kind = :kind
    AND m.state IN ('failed', 'erased')
    AND e.external_id IS NULL
GROUP BY m.external_id;

-- name: open_case_ids(account, kind)
-- Whatever has an open case, of its own or with the batch that a gate blocked.
SELECT c.external_id
FROM ops.case_file AS c
WHERE c.account = :account AND c.kind = :kind AND c.state = 'open'
UNION
SELECT r.external_id
FROM ops.case_file AS c
INNER JOIN ops.batch_item AS i ON i.batch_id::text = c.external_id
INNER JOIN ops.revision AS r ON i.revision_id = r.revision_id
WHERE c.account = :account AND c.kind = 'batch' AND c.state = 'open' AND r.account = :account AND r.kind = :kind;

-- name: counts_by_state()
SELECT e.account, e.state, count(*) AS entities
FROM ops.entity AS e
GROUP BY e.account, e.state
ORDER BY e.account, e.state;

-- name: work_left(now)^
-- What is still on its way, over all accounts.
SELECT
    (SELECT count(*) FROM ops.inbox_message AS m WHERE m.state = 'received') AS messages,
    (SELECT count(*) FROM ops.batch AS b WHERE b.state = 'open') AS batches,
    (SELECT count(*) FROM ops.outbox AS o WHERE o.status IN ('ready', 'running') AND o.next_at <= :now) AS commands;

-- name: entity_under_review(account, kind, external_id, revision_id)^
-- The order of a case that waits for a decision about its newest revision, locked.
SELECT e.state
FROM ops.entity AS e
WHERE
    e.account = :account
    AND e.kind = :kind
    AND e.external_id = :external_id
    AND e.newest_revision_id = :revision_id
    AND e.state = 'review'
FOR UPDATE;
