"""The description of the real stack: order, addresses, connections, nothing secret on a command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.local.component import Component, check_components
from retail_ops.local.connections import connections
from retail_ops.local.endpoints import STORE_OWNER, STORE_ROLES, Endpoints
from retail_ops.local.layout import CHECKOUT, VAR_VARIABLE, Layout, locate_layout
from retail_ops.local.stack import StackOptions, local_stack, require_secrets
from retail_ops.local.standin_services import SHOPS

Stack = tuple[Layout, tuple[Component, ...], Endpoints]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    layout = Layout(tmp_path_factory.mktemp("stack") / "var")
    layout.create()
    blueprint = local_stack(layout, StackOptions(durable=False))
    ports = {name: 20_000 + number for number, name in enumerate(blueprint.port_names)}
    components, endpoints = blueprint.build(ports)
    return layout, tuple(components), endpoints


def test_it_can_be_started_in_the_order_of_its_list(stack: Stack) -> None:
    check_components(stack[1])
    assert [component.name for component in stack[1]] == [
        "postgres",
        "databases",
        "store-migrate",
        "logins",
        "odoo",
        *(shop.account for shop in SHOPS),
        "airflow-migrate",
        "api-server",
        "scheduler",
        "dag-processor",
        "triggerer",
    ]


def test_tasks_cannot_start_before_the_store_and_the_stand_ins_are_ready(stack: Stack) -> None:
    scheduler = next(component for component in stack[1] if component.name == "scheduler")

    assert {"logins", "odoo", "airflow-migrate"} <= set(scheduler.needs)


def test_no_secret_is_on_a_command_line(stack: Stack) -> None:
    layout, components, _ = stack
    secrets = {file.read_text().strip() for file in layout.secrets.iterdir()}
    words = " ".join(word for component in components for word in component.command)

    assert len(secrets) > 15
    assert not [secret for secret in secrets if secret in words]
    # Negative control: the search would find one, the environments carry them.
    assert [secret for secret in secrets if secret in str([dict(component.env) for component in components])]


def test_secret_files_are_private(stack: Stack) -> None:
    folder = stack[0].secrets

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_endpoints_do_not_show_their_secrets(stack: Stack) -> None:
    layout, _, endpoints = stack

    assert not [file.name for file in layout.secrets.iterdir() if file.read_text().strip() in repr(endpoints)]


def test_every_store_role_has_a_log_in_of_its_own(stack: Stack) -> None:
    endpoints = stack[2]

    assert set(endpoints.store_logins) == {STORE_OWNER, *STORE_ROLES}
    assert len(set(endpoints.store_logins.values())) == len(endpoints.store_logins)
    with pytest.raises(KeyError):
        endpoints.store_dsn("postgres")


def test_connections_are_complete(stack: Stack) -> None:
    endpoints = stack[2]
    made = {name: json.loads(value) for name, value in connections(endpoints).items()}

    assert set(made) == {
        "AIRFLOW_CONN_RETAIL_OPS_STORE",
        "AIRFLOW_CONN_RETAIL_OPS_STORE_GATE",
        "AIRFLOW_CONN_RETAIL_OPS_VAULT",
        "AIRFLOW_CONN_ODOO",
        "AIRFLOW_CONN_SHOPIFY_UK",
        "AIRFLOW_CONN_SHOPIFY_US",
    }
    assert made["AIRFLOW_CONN_RETAIL_OPS_STORE"]["login"] == "retail_ops_worker"
    assert made["AIRFLOW_CONN_RETAIL_OPS_STORE_GATE"]["login"] == "retail_ops_gate"
    assert made["AIRFLOW_CONN_ODOO"]["password"] == endpoints.odoo.token
    assert not [name for name, value in made.items() if "owner" in str(value)]  # only the migrations get the owner
    assert {value["port"] for value in made.values() if "port" in value} == {
        endpoints.postgres_port,
        endpoints.odoo.port,
        *(shop.port for shop in endpoints.shops.values()),
    }


def test_files_live_under_var_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VAR_VARIABLE, raising=False)
    assert locate_layout().var == CHECKOUT / "var"
    monkeypatch.setenv(VAR_VARIABLE, str(tmp_path / "elsewhere"))
    assert locate_layout().var == tmp_path / "elsewhere"


def test_airflow_never_executes_the_packages_files() -> None:
    from airflow._shared.module_loading import find_path_from_directory

    found = {Path(file).name for file in find_path_from_directory(str(CHECKOUT / "plugins"), ".airflowignore", "glob")}

    assert {name for name in found if name.endswith(".py")} <= {"retail_ops_plugin.py"}


def test_data_without_the_secrets_that_open_it_is_refused_by_name(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    (layout.postgres / "data").mkdir(parents=True)
    layout.secrets.mkdir()
    require_secrets(layout)  # no data yet: secrets are made
    (layout.postgres / "data" / "PG_VERSION").write_text("18\n")
    (layout.secrets / "postgres_superuser").write_text("kept")
    with pytest.raises(ConfigurationError, match="vault_key, vault_digest_secret"):
        require_secrets(layout)
    for name in ("vault_key", "vault_digest_secret"):
        (layout.secrets / name).write_text("kept")
    require_secrets(layout)
