-- name: environment_name()$
SELECT e.name
FROM ops.environment AS e;

-- name: environment_set(name, now)!
INSERT INTO ops.environment (name, named_at)
VALUES (:name, :now)
ON CONFLICT (singleton) DO NOTHING;

-- name: account_add(account, channel, now)!
INSERT INTO ops.account (account, channel, added_at)
VALUES (:account, :channel, :now)
ON CONFLICT (account) DO NOTHING;

-- name: permission_add(permission)!
INSERT INTO ops.permission (permission)
VALUES (:permission)
ON CONFLICT (permission) DO NOTHING;

-- name: role_clear()!
DELETE FROM ops.role_permission;

-- name: member_clear()!
DELETE FROM ops.role_member;

-- name: role_permission_add(role, permission)!
INSERT INTO ops.role_permission (role, permission)
VALUES (:role, :permission)
ON CONFLICT (role, permission) DO NOTHING;

-- name: role_member_add(principal, role)!
INSERT INTO ops.role_member (principal, role)
VALUES (:principal, :role)
ON CONFLICT (principal, role) DO NOTHING;

-- name: account_added_at(account)$
SELECT a.added_at
FROM ops.account AS a
WHERE a.account = :account;
