-- name: audit_append(account, actor, action, subject, body, now)$
-- Appends one entry to the chain of an account and returns its number. Locks the chain's head until the commit.
SELECT ops.audit_append(:account, :actor, :action, :subject, :body, :now);

-- name: audit_broken()
-- Every broken entry or head; no rows when all chains are whole.
SELECT b.account, b.seq, b.broken
FROM ops.audit_broken AS b
ORDER BY b.account, b.seq;

-- name: audit_heads()
-- The heads, to be kept outside the database: an owner could recompute a chain.
SELECT h.account, h.seq, encode(h.hash, 'hex') AS hash
FROM ops.audit_head AS h
ORDER BY h.account;

-- name: audit_of(account, subject)
-- The trail of one subject, oldest first.
SELECT e.seq, e.happened_at, e.actor, e.action, e.body
FROM ops.audit_entry AS e
WHERE e.account = :account AND e.subject = :subject
ORDER BY e.seq;
