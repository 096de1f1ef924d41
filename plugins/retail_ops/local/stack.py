"""The whole of retail_ops on one machine, as a list of components in order of start.

NOT here: starting them (`session`), what each consists of (`postgres`, `standin_services`, `airflow_services`).
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.local.airflow_services import airflow_components, airflow_environment
from retail_ops.local.component import Completed, Component
from retail_ops.local.connections import ENVIRONMENT, connections, owner_connection
from retail_ops.local.endpoints import (
    AIRFLOW_DATABASE,
    AIRFLOW_OWNER,
    STORE_DATABASE,
    STORE_OWNER,
    Endpoints,
    describe_endpoints,
)
from retail_ops.local.health import PostgresHealth
from retail_ops.local.layout import Layout
from retail_ops.local.postgres import PostgresServer, bundled_binaries, choose_account
from retail_ops.local.provision import Order
from retail_ops.local.secret_files import keep_secret
from retail_ops.local.session import Blueprint
from retail_ops.local.standin_services import SHOPS, Shop, standin_components

# Run one after the other, as the store's owner; each has to be idempotent.
MIGRATIONS: tuple[tuple[str, ...], ...] = (("retail-ops", "migrate"),)
POSTGRES_GRACE_S = 20.0
# Without these the data in `var/postgres` cannot be reached or read any more.
DATA_SECRETS = ("postgres_superuser", "vault_key", "vault_digest_secret")


@dataclass(frozen=True)
class StackOptions:
    """What may differ from one local runtime to another.

    Attributes:
        shops: The shops to stand in for.
        latency: Factor on the measured answer times of the real systems, 0 answers at once.
        durable: False gives up PostgreSQL's crash safety for speed: tests only.
    """

    shops: tuple[Shop, ...] = SHOPS
    latency: float = 1.0
    durable: bool = True


def local_stack(layout: Layout, options: StackOptions) -> Blueprint[Endpoints]:
    """Describe the whole runtime.

    Args:
        layout: Where it keeps its files.
        options: What differs.
    """
    accounts = tuple(shop.account for shop in options.shops)

    def build(ports: Mapping[str, int]) -> tuple[tuple[Component, ...], Endpoints]:
        require_secrets(layout)
        endpoints = describe_endpoints(layout, ports, accounts)
        return stack_components(layout, endpoints, options), endpoints

    return Blueprint(("postgres", "airflow", "odoo", *accounts), build)


def require_secrets(layout: Layout) -> None:
    """Check that data of an earlier start still has the secrets that open it; new ones would lock it for good.

    Raises:
        ConfigurationError: Names the files that are missing.
    """
    if not (layout.postgres / "data" / "PG_VERSION").exists():
        return
    missing = [name for name in DATA_SECRETS if not (layout.secrets / name).exists()]
    if missing:
        names = ", ".join(missing)
        raise ConfigurationError(
            f"{layout.secrets} lacks {names}, and {layout.postgres} holds data that only they open: "
            "put them back, or give the data up with `make clean`"
        )


def application_environment(endpoints: Endpoints) -> dict[str, str]:
    """Return what the product's own commands and Airflow's processes read beside Airflow's configuration."""
    return {"RETAIL_OPS_ENVIRONMENT": ENVIRONMENT, **connections(endpoints)}


def stack_components(layout: Layout, endpoints: Endpoints, options: StackOptions) -> tuple[Component, ...]:
    """Return every component in order of start, after making the database cluster.

    Args:
        layout: Where they keep their files; its directories exist.
        endpoints: Ports and secrets.
        options: What differs.

    Idempotent: an existing cluster keeps its data.
    """
    application = application_environment(endpoints)
    standins = standin_components(layout, endpoints, options.shops, latency=options.latency)
    names = tuple(component.name for component in standins)
    airflow = airflow_environment(layout, endpoints, application)
    return (
        postgres_component(layout, endpoints, durable=options.durable),
        *store_components(endpoints, application),
        *standins,
        *airflow_components(airflow, endpoints.airflow_url, after=("logins", *names)),
    )


def postgres_component(layout: Layout, endpoints: Endpoints, *, durable: bool) -> Component:
    """Return the database server, its cluster prepared."""
    layout.postgres.mkdir(parents=True, exist_ok=True)
    binaries = bundled_binaries()
    account = choose_account(layout.postgres, binaries)
    server = PostgresServer(layout.postgres, endpoints.postgres_port, binaries, account, durable)
    server.prepare(keep_secret(layout.secrets / "postgres_superuser"))
    return Component(
        "postgres",
        server.command,
        health=PostgresHealth(endpoints.admin_dsn),
        port=endpoints.postgres_port,
        stop_signal=signal.SIGINT,  # "fast": ends sessions, keeps the data safe; SIGTERM would wait for every client
        grace_s=POSTGRES_GRACE_S,
    )


def store_components(endpoints: Endpoints, application: Mapping[str, str]) -> tuple[Component, ...]:
    """Return the commands that bring the databases, the store's schema and its log-ins into being."""
    order = provisioning(endpoints).to_environment()
    owner = {**application, **owner_connection(endpoints)}
    provision = (sys.executable, "-m", "retail_ops.local.provision")
    components = [Component("databases", (*provision, "databases"), order, Completed(), needs=("postgres",))]
    for number, command in enumerate(MIGRATIONS, start=1):
        name = "store-migrate" if number == 1 else f"store-migrate-{number}"
        program = str(Path(sys.executable).with_name(command[0]))
        components.append(Component(name, (program, *command[1:]), owner, Completed(), needs=(components[-1].name,)))
    components.append(Component("logins", (*provision, "logins"), order, Completed(), needs=(components[-1].name,)))
    return tuple(components)


def provisioning(endpoints: Endpoints) -> Order:
    """Return what the embedded server has to have."""
    airflow_password = endpoints.airflow_dsn.partition("://")[2].partition("@")[0].partition(":")[2]
    return Order(
        admin_dsn=endpoints.admin_dsn,
        databases={AIRFLOW_DATABASE: AIRFLOW_OWNER, STORE_DATABASE: STORE_OWNER},
        creators=(STORE_OWNER,),
        logins={AIRFLOW_OWNER: airflow_password, **endpoints.store_logins},
    )
