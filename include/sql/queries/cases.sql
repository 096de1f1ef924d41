-- name: case_find(account, kind, external_id, code, field)^
SELECT c.case_id
FROM ops.case_file AS c
WHERE
    c.account = :account
    AND c.kind = :kind
    AND c.external_id = :external_id
    AND c.code = :code
    AND c.field = :field
    AND c.state = 'open';

-- name: case_open(account, kind, external_id, number, case_class, code, field, detail, owner, value_minor, currency, inbox_id, revision_id, outbox_id, now, deadline_at)$
-- Opens a case; nothing when the same trouble of the same thing is already open.
INSERT INTO ops.case_file (
    account, kind, external_id, number, class, code, field, detail, owner, value_minor, currency, inbox_id,
    revision_id, outbox_id, opened_at, deadline_at
)
VALUES (
    :account, :kind, :external_id, :number, :case_class, :code, :field, :detail, :owner, :value_minor, :currency,
    :inbox_id, :revision_id, :outbox_id, :now, :deadline_at
)
ON CONFLICT (account, kind, external_id, code, field) WHERE state = 'open' DO NOTHING
RETURNING case_id;

-- name: case_event_add(case_id, now, actor, action, detail)!
INSERT INTO ops.case_event (case_id, happened_at, actor, action, detail)
VALUES (:case_id, :now, :actor, :action, :detail);

-- name: case_close_entity(now, account, kind, external_id, keep)
-- A newer revision went through: its older troubles are over.
UPDATE ops.case_file AS c
SET state = 'closed', closed_at = :now
WHERE
    c.account = :account
    AND c.kind = :kind
    AND c.external_id = :external_id
    AND c.state = 'open'
    AND c.class <> 'conflict'
    AND (:keep::text IS NULL OR c.code <> :keep)
RETURNING c.case_id;

-- name: case_list(account, state, row_limit)
SELECT
    c.case_id, c.account, c.kind, c.external_id, c.number, c.class, c.code, c.field, c.detail, c.owner, c.value_minor,
    c.currency, c.state, c.opened_at, c.deadline_at, c.inbox_id, c.revision_id, c.outbox_id
FROM ops.case_file AS c
WHERE (:account::text IS NULL OR c.account = :account) AND (:state::text IS NULL OR c.state = :state)
ORDER BY c.deadline_at, c.case_id
LIMIT :row_limit;

-- name: case_get(case_id)^
SELECT
    c.case_id, c.account, c.kind, c.external_id, c.number, c.class, c.code, c.field, c.detail, c.owner, c.value_minor,
    c.currency, c.state, c.opened_at, c.deadline_at, c.inbox_id, c.revision_id, c.outbox_id
FROM ops.case_file AS c
WHERE c.case_id = :case_id;

-- name: case_timeline(case_id)
SELECT v.happened_at, v.actor, v.action, v.detail
FROM ops.case_event AS v
WHERE v.case_id = :case_id
ORDER BY v.case_event_id;

-- name: case_close_same(now, case_id)
-- Closes a case and the other open ones that hold the same message, revision or command.
UPDATE ops.case_file AS c
SET state = 'closed', closed_at = :now
FROM ops.case_file AS this
WHERE
    this.case_id = :case_id
    AND c.state = 'open'
    AND c.account = this.account
    AND (
        c.case_id = this.case_id
        OR c.outbox_id = this.outbox_id
        OR (this.outbox_id IS NULL AND c.outbox_id IS NULL AND c.revision_id = this.revision_id)
    )
RETURNING c.case_id;
