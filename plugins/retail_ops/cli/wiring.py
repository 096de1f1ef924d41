"""Where the commands get their connections from: the environment, else the local runtime of this checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer
from rich.console import Console

from retail_ops.bootstrap import queries
from retail_ops.contracts.errors import ConfigurationError, RetailOpsError
from retail_ops.local.stack import application_environment
from retail_ops.local.status import status
from retail_ops.ports.clock import SystemClock
from retail_ops.settings import EnvironmentConnections, Settings, load_settings
from retail_ops.store.desk import Desk
from retail_ops.store.unit import UnitOfWork

out = Console(soft_wrap=False, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)
LOCAL_USER = "local"


def variables() -> Mapping[str, str]:
    """Return the environment; where it names no store, that of the local runtime is added."""
    given = dict(os.environ)  # noqa: TID251 - handed on to settings, which reads it
    if any(name.startswith("AIRFLOW_CONN_RETAIL_OPS_STORE") for name in given):
        return given
    endpoints = status().endpoints
    if endpoints is None:
        raise ConfigurationError(
            "nothing runs here: `make up` starts it; elsewhere the connections' variables are needed"
        )
    return {**application_environment(endpoints), **given}


def wired() -> tuple[Settings, EnvironmentConnections]:
    """Return settings and connections of this shell.

    Raises:
        ConfigurationError: Names what is missing.
    """
    found = variables()
    return load_settings(found), EnvironmentConnections(found)


@contextmanager
def open_desk(settings: Settings, connections: EnvironmentConnections) -> Iterator[Desk]:
    """Open the desk for whoever has this shell."""
    unit = UnitOfWork(
        lambda: connections.store("worker"),
        queries(settings.queries),
        SystemClock(),
        actor=f"person:{LOCAL_USER}",
    )
    try:
        yield Desk(unit, LOCAL_USER)
    finally:
        unit.close()


@contextmanager
def reported() -> Iterator[None]:
    """Turn an error of ours into one clear line and exit code 1; anything else is a defect and shows its traceback."""
    try:
        yield
    except RetailOpsError as error:
        errors.print(f"retail-ops: {error}", markup=False)
        raise typer.Exit(1) from error
