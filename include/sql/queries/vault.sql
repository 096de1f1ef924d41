-- name: vault_subject_find(account, pseudonym)^
-- The newest generation of a subject, locked against erasure until the commit.
SELECT s.subject_id, s.generation, s.wrapped_key, s.erased_at
FROM ops.vault_subject AS s
WHERE s.account = :account AND s.pseudonym = :pseudonym
ORDER BY s.generation DESC
LIMIT 1
FOR SHARE;

-- name: vault_subject_add(account, pseudonym, generation, wrapped_key, now)$
-- A new subject; nothing when another worker was faster.
INSERT INTO ops.vault_subject (account, pseudonym, generation, wrapped_key, created_at)
VALUES (:account, :pseudonym, :generation, :wrapped_key, :now)
ON CONFLICT (account, pseudonym, generation) DO NOTHING
RETURNING subject_id;

-- name: vault_subject_key(subject_id)^
SELECT s.wrapped_key
FROM ops.vault_subject AS s
WHERE s.subject_id = :subject_id;

-- name: vault_keep(inbox_id, subject_id, ciphertext, now)!
INSERT INTO ops.vault_item (inbox_id, subject_id, ciphertext, stored_at)
VALUES (:inbox_id, :subject_id, :ciphertext, :now)
ON CONFLICT (inbox_id) DO NOTHING;

-- name: vault_items(inbox_ids)
-- Personal data of messages whose subject is not erased.
SELECT v.inbox_id, v.ciphertext, s.wrapped_key
FROM ops.vault_item AS v
INNER JOIN ops.vault_subject AS s ON v.subject_id = s.subject_id
WHERE v.inbox_id = ANY(:inbox_ids) AND s.erased_at IS NULL;
