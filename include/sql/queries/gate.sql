-- name: gate_open_batches(account, kind)
SELECT b.batch_id
FROM ops.batch AS b
WHERE b.account = :account AND b.kind = :kind AND b.state = 'open'
ORDER BY b.batch_id;

-- name: gate_batch_totals(batch_id)
SELECT t.currency, t.staged_count, t.staged_minor
FROM ops.batch_total AS t
WHERE t.batch_id = :batch_id;

-- name: gate_batch_rows(batch_id)
SELECT r.revision_id, r.payload
FROM ops.batch_item AS i
INNER JOIN ops.revision AS r ON i.revision_id = r.revision_id
WHERE i.batch_id = :batch_id
ORDER BY r.revision_id;

-- name: gate_lock_batch(batch_id)^
-- The batch, locked; nothing when it is already judged.
SELECT b.batch_id
FROM ops.batch AS b
WHERE b.batch_id = :batch_id AND b.state = 'open'
FOR UPDATE;

-- name: gate_run_add(batch_id, gate, suite_hash, outcome, checked_count, failed_count, findings, now)$
INSERT INTO ops.gate_run (
    batch_id, gate, suite_hash, outcome, checked_count, failed_count, findings, finished_at
)
VALUES (:batch_id, :gate, :suite_hash, :outcome, :checked_count, :failed_count, :findings, :now)
RETURNING gate_run_id;

-- name: gate_verdicts_add(gate_run_id, gate, run_outcome, failed, batch_id, judged)
-- One verdict a revision that was judged, none for a row that came into the batch meanwhile; the hash is the stored
-- one, and a revision never changes, so a verdict covers exactly what was judged.
INSERT INTO ops.verdict (gate_run_id, gate, run_outcome, revision_id, content_hash, outcome)
SELECT
    :gate_run_id,
    :gate,
    :run_outcome,
    r.revision_id,
    r.content_hash,
    CASE WHEN :run_outcome = 'blocked' OR r.revision_id = ANY(:failed) THEN 'failed' ELSE 'passed' END
FROM ops.batch_item AS i
INNER JOIN ops.revision AS r ON i.revision_id = r.revision_id
WHERE i.batch_id = :batch_id AND r.revision_id = ANY(:judged)
RETURNING verdict_id, revision_id, outcome;

-- name: gate_open_outbox(gate_run_id)!
-- Opens the gate for the commands of the revisions that passed.
UPDATE ops.outbox AS o
SET verdict_id = v.verdict_id, verdict_outcome = v.outcome, status = 'ready'
FROM ops.verdict AS v
WHERE
    v.gate_run_id = :gate_run_id
    AND v.outcome = 'passed'
    AND o.revision_id = v.revision_id
    AND o.gate = v.gate
    AND o.status = 'waiting';

-- name: gate_mark_revisions(gate_run_id)!
UPDATE ops.revision AS r
SET state = CASE v.outcome WHEN 'passed' THEN 'passed' ELSE 'quarantined' END
FROM ops.verdict AS v
WHERE v.gate_run_id = :gate_run_id AND v.revision_id = r.revision_id;

-- name: gate_mark_entities(gate, now, gate_run_id)!
-- An entity whose newest revision failed, and of which nothing was published, is quarantined.
UPDATE ops.entity AS e
SET state = 'quarantined', reason = :gate, changed_at = :now
FROM ops.verdict AS v
WHERE
    v.gate_run_id = :gate_run_id
    AND v.outcome = 'failed'
    AND e.newest_revision_id = v.revision_id
    AND e.published_revision_id IS NULL;

-- name: gate_close_batch(state, now, batch_id)!
UPDATE ops.batch
SET state = :state, closed_at = :now
WHERE batch_id = :batch_id;
