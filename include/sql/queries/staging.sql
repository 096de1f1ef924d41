-- name: entity_add(account, kind, external_id, number, now)!
INSERT INTO ops.entity (account, kind, external_id, number, state, changed_at)
VALUES (:account, :kind, :external_id, :number, 'staged', :now)
ON CONFLICT (account, kind, external_id) DO NOTHING;

-- name: entity_lock(account, kind, external_id)^
-- The entity, locked until the commit. No join: whoever waited for the lock would see the new row beside old ones.
SELECT e.newest_revision_id
FROM ops.entity AS e
WHERE e.account = :account AND e.kind = :kind AND e.external_id = :external_id
FOR UPDATE;

-- name: revision_facts(revision_id)^
SELECT r.number, r.source_at, r.business_hash
FROM ops.revision AS r
WHERE r.revision_id = :revision_id;

-- name: entity_newest(revision_id, number, now, account, kind, external_id)!
UPDATE ops.entity
SET newest_revision_id = :revision_id, number = :number, changed_at = :now
WHERE account = :account AND kind = :kind AND external_id = :external_id;

-- name: entity_state(state, reason, now, account, kind, external_id)!
UPDATE ops.entity
SET state = :state, reason = :reason, changed_at = :now
WHERE account = :account AND kind = :kind AND external_id = :external_id;

-- name: entity_published(revision_id, reference, now, account, kind, external_id)!
UPDATE ops.entity
SET
    published_revision_id = :revision_id,
    erp_reference = coalesce(:reference, erp_reference),
    changed_at = :now
WHERE account = :account AND kind = :kind AND external_id = :external_id;

-- name: revision_add(account, kind, external_id, number, inbox_id, source_at, payload, content_hash, business_hash, now)$
INSERT INTO ops.revision (
    account, kind, external_id, number, inbox_id, source_at, payload, content_hash, business_hash, staged_at
)
VALUES (
    :account, :kind, :external_id, :number, :inbox_id, :source_at, :payload, :content_hash, :business_hash, :now
)
RETURNING revision_id;

-- name: batch_add(account, kind, now)$
INSERT INTO ops.batch (account, kind, opened_at)
VALUES (:account, :kind, :now)
RETURNING batch_id;

-- name: batch_total_add(batch_id, currency, staged_count, staged_minor)!
INSERT INTO ops.batch_total (batch_id, currency, staged_count, staged_minor)
VALUES (:batch_id, :currency, :staged_count, :staged_minor);

-- name: batch_item_add(batch_id, revision_id)!
INSERT INTO ops.batch_item (batch_id, revision_id)
VALUES (:batch_id, :revision_id);

-- name: revision_again(revision_id)!
-- A quarantined revision is judged once more.
UPDATE ops.revision
SET state = 'staged'
WHERE revision_id = :revision_id AND state = 'quarantined';

-- name: revision_payload(revision_id)$
SELECT r.payload
FROM ops.revision AS r
WHERE r.revision_id = :revision_id;
