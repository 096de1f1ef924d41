-- name: binding_known(scope, kind, external_ids)
SELECT b.external_id
FROM ops.binding AS b
WHERE b.scope = :scope AND b.kind = :kind AND b.external_id = ANY(:external_ids);

-- name: binding_keep(scope, kind, external_id, remote_id, attributes, now)!
INSERT INTO ops.binding (scope, kind, external_id, remote_id, attributes, read_at)
VALUES (:scope, :kind, :external_id, :remote_id, :attributes, :now)
ON CONFLICT (scope, kind, external_id) DO UPDATE
SET remote_id = excluded.remote_id, attributes = excluded.attributes, read_at = excluded.read_at;

-- name: bucket_take(account, operation, capacity, cost, rate_per_s)$
-- Takes tokens when they are there; nothing when they are not. Exact under any number of workers.
INSERT INTO ops.rate_bucket AS b (account, operation, tokens, capacity, rate_per_s, refilled_at)
VALUES (:account, :operation, :capacity - :cost, :capacity, :rate_per_s, clock_timestamp())
ON CONFLICT (account, operation) DO UPDATE
SET
    tokens = least(
        b.capacity, b.tokens + extract(EPOCH FROM clock_timestamp() - b.refilled_at) * b.rate_per_s
    ) - :cost,
    refilled_at = clock_timestamp()
WHERE
    least(b.capacity, b.tokens + extract(EPOCH FROM clock_timestamp() - b.refilled_at) * b.rate_per_s) >= :cost
RETURNING b.tokens;

-- name: bucket_wait(cost, account, operation)$
-- Seconds until the tokens will be there.
SELECT
    greatest(
        0.0,
        (
            :cost - least(
                b.capacity, b.tokens + extract(EPOCH FROM clock_timestamp() - b.refilled_at) * b.rate_per_s
            )
        ) / b.rate_per_s
    )
FROM ops.rate_bucket AS b
WHERE b.account = :account AND b.operation = :operation;

-- name: bucket_adopt(account, operation, available, capacity, rate_per_s)!
-- Takes over what the server reports; its level is an upper bound of ours.
INSERT INTO ops.rate_bucket AS b (account, operation, tokens, capacity, rate_per_s, refilled_at)
VALUES (:account, :operation, :available, :capacity, :rate_per_s, clock_timestamp())
ON CONFLICT (account, operation) DO UPDATE
SET
    capacity = excluded.capacity,
    rate_per_s = excluded.rate_per_s,
    tokens = least(
        excluded.tokens,
        excluded.capacity,
        b.tokens + extract(EPOCH FROM clock_timestamp() - b.refilled_at) * b.rate_per_s
    ),
    refilled_at = clock_timestamp();
