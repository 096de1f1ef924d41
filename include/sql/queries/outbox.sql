-- name: key_use(key, fingerprint, now)^
-- Takes an idempotency key, or shows what it was used for.
INSERT INTO ops.idempotency_key AS k (key, fingerprint, used_at)
VALUES (:key, :fingerprint, :now)
ON CONFLICT (key) DO NOTHING
RETURNING k.fingerprint;

-- name: key_used(key)^
SELECT k.fingerprint
FROM ops.idempotency_key AS k
WHERE k.key = :key;

-- name: key_settle(receipt, now, outbox_id)!
UPDATE ops.idempotency_key
SET receipt = :receipt, settled_at = :now
WHERE key = (SELECT o.idempotency_key FROM ops.outbox AS o WHERE o.outbox_id = :outbox_id);

-- name: outbox_add(destination, key, priority, now, action, revision_id)!
-- A first command of a revision: it waits for a verdict.
INSERT INTO ops.outbox (
    account, kind, external_id, revision_id, content_hash, destination, action, gate, idempotency_key, priority,
    next_at, enqueued_at
)
SELECT
    r.account, r.kind, r.external_id, r.revision_id, r.content_hash, :destination, a.action, a.gate, :key, :priority,
    :now, :now
FROM ops.revision AS r
INNER JOIN ops.publish_action AS a ON a.action = :action
WHERE r.revision_id = :revision_id
ON CONFLICT (idempotency_key) DO NOTHING;

-- name: outbox_follow(key, priority, next_at, now, action, outbox_id)!
-- A command that another one caused: same revision, same verdict.
INSERT INTO ops.outbox (
    account, kind, external_id, revision_id, content_hash, destination, action, gate, idempotency_key, verdict_id,
    verdict_outcome, status, priority, next_at, enqueued_at
)
SELECT
    o.account, o.kind, o.external_id, o.revision_id, o.content_hash, o.destination, a.action, a.gate, :key,
    o.verdict_id, o.verdict_outcome, 'ready', :priority, :next_at, :now
FROM ops.outbox AS o
INNER JOIN ops.publish_action AS a ON a.action = :action
WHERE o.outbox_id = :outbox_id
ON CONFLICT (idempotency_key) DO NOTHING;

-- name: outbox_lock_account(account)
-- One claim at a time an account; held until the commit, which follows at once.
SELECT pg_advisory_xact_lock(hashtextextended('retail_ops/claim/' || :account::text, 0));

-- name: worker_new()$
SELECT nextval('ops.worker_id');

-- name: worker_hold(worker_id)
-- The worker lives as long as its session: another one can take this lock only when the session is gone.
SELECT pg_advisory_lock(hashtextextended('retail_ops/worker/' || :worker_id::text, 0));

-- name: outbox_other_workers(account, worker_id)
-- Who else holds commands of this account, and whether that worker's session is gone.
SELECT
    w.worker_id,
    pg_try_advisory_xact_lock(hashtextextended('retail_ops/worker/' || w.worker_id::text, 0)) AS gone
FROM (
    SELECT DISTINCT o.worker_id
    FROM ops.outbox AS o
    WHERE o.account = :account AND o.status = 'running' AND o.worker_id <> :worker_id
) AS w;

-- name: outbox_rescue(account, worker_id, gone, now)
-- Takes commands back from workers that are gone or whose lease ran out; a crash counts.
UPDATE ops.outbox
SET status = 'ready', worker_id = NULL, lease_until = NULL, crashes = crashes + 1
WHERE
    account = :account
    AND status = 'running'
    AND worker_id <> :worker_id
    AND (worker_id = ANY(:gone) OR lease_until < :now)
RETURNING outbox_id, kind, external_id, crashes;

-- name: outbox_claim(worker_id, lease_until, account, now, row_limit)
-- Claims due commands in the order of priority: of each entity the one of its newest revision, never two of one entity.
UPDATE ops.outbox AS o
SET
    status = 'running',
    attempt = o.attempt + 1,
    worker_id = :worker_id,
    lease_until = :lease_until
FROM (
    SELECT c.outbox_id
    FROM (
        SELECT DISTINCT ON (d.kind, d.external_id)
            d.outbox_id,
            d.priority
        FROM ops.outbox AS d
        WHERE
            d.account = :account
            AND d.status = 'ready'
            AND d.next_at <= :now
            AND NOT EXISTS (
                SELECT 1
                FROM ops.outbox AS busy
                WHERE
                    busy.account = d.account
                    AND busy.kind = d.kind
                    AND busy.external_id = d.external_id
                    AND busy.status = 'running'
            )
        ORDER BY d.kind ASC, d.external_id ASC, d.revision_id DESC, d.priority ASC, d.outbox_id ASC
    ) AS c
    ORDER BY c.priority, c.outbox_id
    LIMIT :row_limit
) AS chosen
WHERE o.outbox_id = chosen.outbox_id AND o.status = 'ready'
RETURNING o.outbox_id, o.attempt;

-- name: outbox_load(outbox_ids)
-- Claimed commands with what is needed to carry them out, in the order of priority.
SELECT
    o.outbox_id,
    o.attempt,
    o.crashes,
    o.action,
    o.account,
    o.kind,
    o.external_id,
    o.revision_id,
    r.payload,
    r.inbox_id,
    e.newest_revision_id = o.revision_id AS newest,
    EXISTS(
        SELECT 1
        FROM ops.inbox_message AS m
        WHERE
            m.account = o.account
            AND m.kind = o.kind
            AND m.external_id = o.external_id
            AND m.inbox_id > r.inbox_id
            AND m.state IN ('received', 'failed')
    ) AS unread,
    ARRAY(SELECT l.rule FROM ops.release AS l WHERE l.revision_id = o.revision_id) AS released,
    coalesce(p.number > r.number, false) AS stale,
    p.payload AS published_payload,
    e.state,
    e.erp_reference
FROM ops.outbox AS o
INNER JOIN ops.revision AS r ON o.revision_id = r.revision_id
INNER JOIN ops.entity AS e ON o.account = e.account AND o.kind = e.kind AND o.external_id = e.external_id
LEFT JOIN ops.revision AS p ON e.published_revision_id = p.revision_id
WHERE o.outbox_id = ANY(:outbox_ids)
ORDER BY o.priority, o.outbox_id;

-- name: outbox_settle(status, next_at, last_error, receipt, settled_at, outbox_id, attempt, worker_id)!
-- The fence: only the attempt that holds the command may settle it.
UPDATE ops.outbox
SET
    status = :status,
    worker_id = NULL,
    lease_until = NULL,
    next_at = :next_at,
    last_error = :last_error,
    receipt = coalesce(:receipt, receipt),
    settled_at = :settled_at
WHERE outbox_id = :outbox_id AND attempt = :attempt AND worker_id = :worker_id AND status = 'running';

-- name: outbox_supersede_older(now, account, kind, external_id, revision_id)!
-- A newer revision is published: what older ones still wanted is void.
UPDATE ops.outbox AS o
SET status = 'superseded', settled_at = :now
FROM ops.revision AS r
WHERE
    o.revision_id = r.revision_id
    AND o.account = :account
    AND o.kind = :kind
    AND o.external_id = :external_id
    AND o.status IN ('waiting', 'ready', 'parked')
    AND r.number < (SELECT n.number FROM ops.revision AS n WHERE n.revision_id = :revision_id);

-- name: outbox_give_back(reason, outbox_ids, worker_id)!
UPDATE ops.outbox
SET status = 'ready', worker_id = NULL, lease_until = NULL, last_error = :reason
WHERE outbox_id = ANY(:outbox_ids) AND worker_id = :worker_id AND status = 'running';

-- name: outbox_again(now, outbox_id)!
-- A parked command is carried out once more.
UPDATE ops.outbox
SET status = 'ready', next_at = :now, crashes = 0
WHERE outbox_id = :outbox_id AND status = 'parked';

-- name: release_add(revision_id, rule, principal, now)$
-- Lets one revision past one rule; nothing when somebody did so before.
INSERT INTO ops.release (revision_id, rule, principal, released_at)
VALUES (:revision_id, :rule, :principal, :now)
ON CONFLICT (revision_id, rule) DO NOTHING
RETURNING release_id;

-- name: outbox_claimable(account, now)$
-- Whether a claim could find something. Commands that another worker holds count: only a claim can tell whether that
-- worker is still alive.
SELECT EXISTS(
    SELECT 1
    FROM ops.outbox AS o
    WHERE o.account = :account AND ((o.status = 'ready' AND o.next_at <= :now) OR o.status = 'running')
);

-- name: work_due(account, before)^
-- Work that has been due since before `before`: the run that causes work also does it, so what is still there after a
-- while was left behind by a run that died, or waited for its time. Newest ids: a change of any is a reason to ring.
SELECT
    (
        SELECT max(o.outbox_id)
        FROM ops.outbox AS o
        WHERE
            o.account = :account
            AND (
                (o.status = 'ready' AND o.next_at <= :before)
                OR (o.status = 'running' AND o.lease_until - interval '9 minutes' <= :before)
            )
    ) AS command,
    (
        SELECT max(b.batch_id)
        FROM ops.batch AS b
        WHERE b.account = :account AND b.state = 'open' AND b.opened_at <= :before
    ) AS batch,
    (
        SELECT max(m.inbox_id)
        FROM ops.inbox_message AS m
        WHERE m.account = :account AND m.state = 'received' AND m.received_at <= :before
    ) AS message;
