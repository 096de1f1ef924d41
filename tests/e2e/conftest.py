"""One real local runtime a session: PostgreSQL, stand-ins, Airflow; one trading day through it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from retail_ops.local import runtime
from retail_ops.local.airflow_api import AirflowApi
from retail_ops.local.demo import DayOptions, Demo, Summary
from retail_ops.local.endpoints import Endpoints
from retail_ops.local.layout import Layout
from retail_ops.local.stack import StackOptions
from retail_ops.local.status import status
from support.processes import wait_for


@dataclass
class Day:
    """A day that has happened in a runtime that is still up."""

    layout: Layout
    endpoints: Endpoints
    summary: Summary
    said: list[str]

    def airflow(self) -> AirflowApi:
        admin = self.endpoints.logins[0]
        return AirflowApi(self.endpoints.airflow_url, user=admin.user, password=admin.password)


@pytest.fixture(scope="session")
def day() -> Iterator[Day]:
    home = Path(tempfile.mkdtemp(prefix="retail-ops-e2e-"))
    Path(home).chmod(0o755)
    layout = Layout(home / "var")
    try:
        runtime.up(layout=layout, options=StackOptions(latency=0.3, durable=False))
        endpoints = status(layout=layout).endpoints
        assert endpoints is not None
        said: list[str] = []
        summary = Demo(endpoints, layout, DayOptions(orders=70, seconds=15, seed=11), say=said.append).run()
        yield Day(layout, endpoints, summary, said)
    finally:
        runtime.down(layout=layout)
        wait_for(lambda: not processes_of(layout), what="the end of every process", seconds=30)
        shutil.rmtree(home, ignore_errors=True)


def processes_of(layout: Layout) -> list[str]:
    """Command lines that name the runtime's folder: nothing of it may outlive it."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        text = " ".join(process.info["cmdline"] or [])
        if str(layout.var) in text and process.pid != os.getpid():
            found.append(text)
    return found
