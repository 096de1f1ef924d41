-- name: inbox_receive(account, kind, external_id, revision, source_at, body, wrapped_key, now)$
-- Keeps one message; returns its id, nothing when the same bytes are already there.
INSERT INTO ops.inbox_message (
    account, kind, external_id, revision, source_at, body, wrapped_key, received_at
)
VALUES (:account, :kind, :external_id, :revision, :source_at, :body, :wrapped_key, :now)
ON CONFLICT (account, kind, external_id, revision) DO NOTHING
RETURNING inbox_id;

-- name: inbox_known(account, kind, external_ids, revisions)
-- Which of these revisions are already kept.
SELECT m.external_id, m.revision
FROM ops.inbox_message AS m
WHERE
    m.account = :account
    AND m.kind = :kind
    AND m.external_id = ANY(:external_ids)
    AND m.revision = ANY(:revisions);

-- name: inbox_received(account, kind, row_limit)
-- Messages that are not mapped yet, oldest first.
SELECT m.inbox_id, m.kind, m.external_id, m.revision, m.body, m.wrapped_key, m.subject_id
FROM ops.inbox_message AS m
WHERE m.account = :account AND m.kind = :kind AND m.state = 'received'
ORDER BY m.inbox_id
LIMIT :row_limit;

-- name: inbox_lock_received(inbox_ids)
-- Locks those of `inbox_ids` that are still to be mapped; other workers' are left out.
SELECT m.inbox_id, m.kind, m.external_id, m.revision, m.wrapped_key, m.subject_id
FROM ops.inbox_message AS m
WHERE m.inbox_id = ANY(:inbox_ids) AND m.state = 'received'
ORDER BY m.inbox_id
FOR UPDATE SKIP LOCKED;

-- name: inbox_handled(state, source_at, subject_id, wrapped_key, now, inbox_id)!
-- Says what became of a message, and under whose key it now lies.
UPDATE ops.inbox_message
SET
    state = :state,
    source_at = coalesce(:source_at, source_at),
    subject_id = :subject_id,
    wrapped_key = :wrapped_key,
    handled_at = :now
WHERE inbox_id = :inbox_id;

-- name: inbox_again(inbox_id)!
-- A failed message is mapped once more.
UPDATE ops.inbox_message
SET state = 'received', handled_at = NULL
WHERE inbox_id = :inbox_id AND state = 'failed';

-- name: cursor_position(account, stream)$
SELECT c.position_at
FROM ops.cursor AS c
WHERE c.account = :account AND c.stream = :stream;

-- name: cursor_advance(account, stream, position_at, now)!
-- Moves a cursor forward; one that is already there stays.
INSERT INTO ops.cursor AS c (account, stream, position_at, moved_at)
VALUES (:account, :stream, :position_at, :now)
ON CONFLICT (account, stream) DO UPDATE
SET position_at = excluded.position_at, moved_at = excluded.moved_at
WHERE c.position_at < excluded.position_at;

-- name: cursor_list()
SELECT c.account, c.stream, c.position_at
FROM ops.cursor AS c
ORDER BY c.account, c.stream;
