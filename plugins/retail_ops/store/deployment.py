"""What a deployment writes into its store once: environment, accounts, permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from retail_ops.contracts.errors import ConfigurationError, PermissionDeniedError
from retail_ops.governance.permissions import Permission, Permissions
from retail_ops.store.unit import Transaction, UnitOfWork


def install(unit: UnitOfWork, environment: str, accounts: Mapping[str, str], permissions: Permissions) -> None:
    """Name the environment, add accounts (account -> channel) and bring the permissions to what the file says.

    `unit` must connect as the owner. Idempotent.

    Raises:
        ConfigurationError: The store belongs to another environment.
    """
    now = unit.clock.now()
    with unit.writing() as tx:
        tx.sql.environment_set(tx.conn, name=environment, now=now)
        require_environment(tx, environment)
        for account, channel in sorted(accounts.items()):
            tx.sql.account_add(tx.conn, account=account, channel=channel, now=now)
        _permissions(tx, permissions)
        tx.record("deployment", "deployment.installed", environment, {"accounts": sorted(accounts)})


def require_environment(tx: Transaction, environment: str) -> None:
    """Check that the store belongs to `environment`: a sandbox must never write to production.

    Raises:
        ConfigurationError: It does not, or it was never named.
    """
    name = tx.sql.environment_name(tx.conn)
    if name != environment:
        raise ConfigurationError(f"the store belongs to environment {name!r}, this deployment is {environment!r}")


def first_position(unit: UnitOfWork, account: str) -> datetime:
    """Return since when an account is governed: where its cursors start.

    Raises:
        ConfigurationError: The account was never added.
    """
    with unit.reading() as tx:
        added_at: datetime | None = tx.sql.account_added_at(tx.conn, account=account)
    if added_at is None:
        raise ConfigurationError(f"account {account} is not in the store; run `retail-ops migrate`")
    return added_at


def require(tx: Transaction, principal: str, permission: Permission) -> None:
    """Ask whether `principal` may do something.

    Raises:
        PermissionDeniedError: Names who lacks what.
    """
    if not tx.sql.may(tx.conn, principal=principal, permission=permission.value):
        raise PermissionDeniedError(f"{principal} lacks the permission {permission.value}")


def _permissions(tx: Transaction, permissions: Permissions) -> None:
    _add(tx.sql.permission_add, tx, ({"permission": p.value} for p in Permission))
    tx.sql.role_clear(tx.conn)
    tx.sql.member_clear(tx.conn)
    roles = ({"role": role, "permission": p.value} for role, ps in permissions.roles.items() for p in ps)
    _add(tx.sql.role_permission_add, tx, roles)
    members = ({"principal": who, "role": role} for who, roles_ in permissions.members.items() for role in roles_)
    _add(tx.sql.role_member_add, tx, members)


def _add(statement: object, tx: Transaction, rows: Iterable[Mapping[str, str]]) -> None:
    if not callable(statement):
        raise TypeError("a named query is expected")
    for row in rows:
        statement(tx.conn, **row)
