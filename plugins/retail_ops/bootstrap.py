"""The composition root: puts channels, ERP, gates and store together for a flow. No decisions here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import psycopg
from pydantic import SecretStr

from retail_ops.flows.orders.judge import JudgeFlow
from retail_ops.flows.orders.publish import PublishFlow
from retail_ops.flows.orders.stage import STREAM, StageFlow
from retail_ops.governance.accounts import AccountSetup, read_accounts
from retail_ops.governance.files import load
from retail_ops.governance.routing import Routing
from retail_ops.ports.channel import OrderChannel
from retail_ops.ports.clock import Clock, SystemClock
from retail_ops.ports.erp import OrderErp
from retail_ops.settings import (
    VAULT_CONNECTION,
    Connections,
    Settings,
    flag,
    load_settings,
    require_environment,
)
from retail_ops.store.deployment import first_position
from retail_ops.store.deployment import require_environment as require_store_environment
from retail_ops.store.keyring import Keyring
from retail_ops.store.limits import PostgresRateLimiter
from retail_ops.store.orders import PostgresOrderStore
from retail_ops.store.unit import UnitOfWork, load_queries
from retail_ops.store.verdicts import PostgresGateStore

# Shopify's standard plan until the first answer says otherwise.
# Source: Shopify Admin API 2026-10, rate limits: 100 points/s, bucket 2,000.
SHOPIFY_CAPACITY, SHOPIFY_RATE_PER_S = 2000.0, 100.0
# Problems that only the owner of the tax mapping can mend.
TAX_CODES = ("unmapped_tax", "tax_difference", "taxed_gift_card")


def configured_accounts() -> Mapping[str, AccountSetup]:
    """Return every usable account by id; reads files only, cheap enough for a DAG file.

    A broken account is left out and logged; `retail-ops check` names it too. It holds no other account.
    """
    found = read_accounts(load_settings().governance)
    found.log_broken()
    return found.usable


def account_setup(settings: Settings, account: str) -> AccountSetup:
    """Return one account.

    Raises:
        ConfigurationError: Its files are wrong, or it is not configured; names what is wrong, or those that are.
    """
    return read_accounts(settings.governance).setup_of(account)


def keyring(connections: Connections) -> Keyring:
    """Return the vault's keys from the connection `retail_ops_vault`.

    The password holds Fernet keys, comma-separated, the newest first; extra.digest_secret the key of the pseudonyms.
    """
    facts = connections.get(VAULT_CONNECTION)
    keys = [SecretStr(key.strip()) for key in facts.password.get_secret_value().split(",") if key.strip()]
    return Keyring.of(keys, SecretStr(str(facts.extra.get("digest_secret") or "")))


@cache
def queries(folder: Path) -> Any:  # noqa: ANN401 - aiosql builds the methods from the SQL files
    """Return the named statements; read once a process."""
    return load_queries(folder)


@dataclass(frozen=True)
class AccountPseudonyms:
    """Keyed digests of one account's values."""

    keys: Keyring
    account: str

    def of(self, kind: str, value: str) -> str:
        """Return the digest of `value`."""
        return self.keys.digest(self.account, kind, value)


class OrderLane:
    """The order flow of one account, each part built when it is first used."""

    def __init__(
        self, setup: AccountSetup, settings: Settings, connections: Connections, *, run: str, clock: Clock
    ) -> None:
        self._setup = setup
        self._settings = settings
        self._connections = connections
        self._run = run
        self._clock = clock
        self._open = ExitStack()

    def stage(self) -> dict[str, int]:
        """Fetch, keep and map what changed; return counters."""
        flow = StageFlow(
            channel=self.channel,
            store=self.store,
            pseudonyms=AccountPseudonyms(self.keys, self._setup.account),
            clock=self._clock,
            first_position=first_position(self.unit, self._setup.account),
            owner=self.routing.owner,
        )
        return dict(flow.run())

    def judge(self) -> dict[str, int]:
        """Put staged batches before their gate; return counters."""
        from retail_ops.gates.orders import PublishGate  # noqa: PLC0415 - keeps the gate out of processes without one

        flow = JudgeFlow(
            account=self._setup.account,
            erp_scope=self._setup.channel.erp,
            erp=self.erp,
            store=self.store,
            gate_store=PostgresGateStore(self._unit_of("gate")),
            gate=PublishGate(root=self._settings.expectations, clock=self._clock),
            owner=self.routing.owner,
        )
        return dict(flow.run())

    def publish(self) -> dict[str, int]:
        """Carry out what is due; return counters."""
        flow = PublishFlow(
            account=self._setup.account, erp=self.erp, store=self.store, routing=self.routing, clock=self._clock
        )
        return dict(flow.run())

    def check(self) -> None:
        """Prove that channel, ERP and store are what the account's files say.

        Raises:
            ConfigurationError: Names what is missing.
        """
        first_position(self.unit, self._setup.account)
        self.keys.digest("check")
        self.routing.on_failure("place", "check")
        self.channel.check()
        self.erp.check()

    def close(self) -> None:
        """Close every connection."""
        self._open.close()

    @cached_property
    def keys(self) -> Keyring:
        """The vault's keys."""
        return keyring(self._connections)

    @cached_property
    def routing(self) -> Routing:
        """The routing table; cases about taxes belong to the owner of the account's tax mapping."""
        table = load(self._settings.governance / "routing.yaml", Routing)
        taxes = dict.fromkeys(TAX_CODES, self._setup.mapping.taxes.owner)
        return table.model_copy(update={"owners": {**table.owners, **taxes}})

    @cached_property
    def unit(self) -> UnitOfWork:
        """Transactions under the worker's role."""
        return self._unit_of("worker")

    @cached_property
    def store(self) -> PostgresOrderStore:
        """The record of the order flow."""
        return PostgresOrderStore(self.unit, self.keys)

    @cached_property
    def channel(self) -> OrderChannel:
        """The account's channel."""
        from retail_ops.channels.shopify.adapter import ShopifyOrders  # noqa: PLC0415 - loaded where it is used
        from retail_ops.channels.shopify.config import ShopifyConfig  # noqa: PLC0415

        facts = self._facts(self._setup.channel.connection)
        about = self._setup.channel
        config = ShopifyConfig(
            account=self._setup.account,
            site=about.site,
            host=facts.host,
            port=facts.port,
            tls=flag(facts, "tls", default=True),
            token=facts.password,
            api_version=str(facts.extra.get("api_version") or ""),
            shop_currency=about.shop_currency,
            environment=self._settings.environment,
            presentment_currencies=about.presentment_currencies,
            visibility_lag_s=about.visibility_lag_s,
            overlap_s=about.overlap_s,
        )
        limiter = PostgresRateLimiter(
            self._connect_worker,
            queries(self._settings.queries),
            capacity=SHOPIFY_CAPACITY,
            rate_per_s=SHOPIFY_RATE_PER_S,
        )
        self._open.callback(limiter.close)
        channel = ShopifyOrders(config, limiter=limiter, clock=self._clock)
        self._open.callback(channel.close)
        return channel

    @cached_property
    def erp(self) -> OrderErp:
        """The account's side of the ERP."""
        from retail_ops.erp.odoo.client import OdooClient, OdooConnection  # noqa: PLC0415 - loaded where it is used
        from retail_ops.erp.odoo.orders import OdooOrders  # noqa: PLC0415

        facts = self._facts(self._setup.channel.erp)
        tls = flag(facts, "tls", default=True)
        connection = OdooConnection(
            host=facts.host,
            port=facts.port or (443 if tls else 8069),
            database=facts.schema,
            login=facts.login,
            key=facts.password,
            tls=tls,
        )
        return OdooOrders(OdooClient(connection), self._setup.mapping)

    def _facts(self, conn_id: str) -> Any:  # noqa: ANN401
        facts = self._connections.get(conn_id)
        require_environment(facts, self._settings.environment)
        return facts

    def _unit_of(self, role: Literal["worker", "gate"]) -> UnitOfWork:
        unit = UnitOfWork(
            lambda: self._connections.store(role),
            queries(self._settings.queries),
            self._clock,
            actor=f"run:{self._run}",
        )
        self._open.callback(unit.close)
        with unit.reading() as tx:
            require_store_environment(tx, self._settings.environment)
        return unit

    def _connect_worker(self) -> psycopg.Connection[Any]:
        return self._connections.store("worker")


class Doorbell:
    """Says whether an account has work, cheaply: one small query on the channel, one in the store."""

    def __init__(self, lane: OrderLane, setup: AccountSetup) -> None:
        self._lane = lane
        self._setup = setup

    def ring(self) -> str | None:
        """Return a signature of the work there is, None when there is none."""
        account = self._setup.account
        due = self._lane.store.due(account)
        known = self._lane.store.position(account, STREAM)
        since = known or first_position(self._lane.unit, account)
        changed = self._lane.channel.newest_change(since - timedelta(seconds=self._setup.channel.visibility_lag_s))
        parts = [part for part in (due, changed) if part is not None]
        return "|".join(parts) if parts else None

    def close(self) -> None:
        """Close every connection."""
        self._lane.close()


@contextmanager
def order_lane(
    account: str, connections: Connections, *, run: str, settings: Settings | None = None, clock: Clock | None = None
) -> Iterator[OrderLane]:
    """Open the order flow of an account; every connection is closed at the end.

    Args:
        account: e.g. `shopify_uk`.
        connections: Where credentials come from.
        run: Who acts, for the audit trail; never part of a key.
        settings: Read from the environment when None.
        clock: The machine's when None.

    Raises:
        ConfigurationError: Names what is missing.
    """
    chosen = settings or load_settings()
    lane = OrderLane(account_setup(chosen, account), chosen, connections, run=run, clock=clock or SystemClock())
    try:
        yield lane
    finally:
        lane.close()


def order_doorbell(account: str, connections: Connections, *, settings: Settings | None = None) -> Doorbell:
    """Return the doorbell of an account; the caller closes it."""
    chosen = settings or load_settings()
    setup = account_setup(chosen, account)
    return Doorbell(OrderLane(setup, chosen, connections, run="doorbell", clock=SystemClock()), setup)
