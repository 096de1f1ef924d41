"""Real Airflow on real PostgreSQL: healthy, restarted, asked over REST, and gone afterwards with its running tasks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from local.conftest import eventually, kill_hard
from retail_ops.local.airflow_api import AirflowApi
from retail_ops.local.airflow_services import SERVICES, airflow_components, airflow_environment
from retail_ops.local.endpoints import AIRFLOW_DATABASE, AIRFLOW_OWNER, Endpoints, describe_endpoints
from retail_ops.local.layout import Layout
from retail_ops.local.leftovers import find_leftovers
from retail_ops.local.ports import choose_ports
from retail_ops.local.stack import postgres_component, provisioning, store_components
from retail_ops.local.state import Phase
from retail_ops.local.supervisor import Supervisor

DAGS = """
import time
from airflow.sdk import dag, task

@dag(schedule=None)
def quick():
    @task
    def answer():
        return 42
    answer()

@dag(schedule=None)
def endless():
    @task
    def sleep():
        time.sleep(3600)
    sleep()

quick()
endless()
"""


@dataclass
class RunningAirflow:
    supervisor: Supervisor
    endpoints: Endpoints
    layout: Layout


@pytest.fixture
def running() -> Iterator[RunningAirflow]:
    folder = Path(tempfile.mkdtemp(prefix="retail-ops-"))
    folder.chmod(0o755)
    layout = Layout(folder / "var")
    layout.create()
    dags = folder / "dags"
    dags.mkdir()
    (dags / "drill.py").write_text(DAGS)
    endpoints = describe_endpoints(layout, choose_ports(("postgres", "airflow", "odoo"), layout.run / "ports.json"), ())
    env = airflow_environment(layout, endpoints, {}) | {"AIRFLOW__CORE__DAGS_FOLDER": str(dags)}
    order = replace(provisioning(endpoints), databases={AIRFLOW_DATABASE: AIRFLOW_OWNER})
    databases = replace(store_components(endpoints, {})[0], env=order.to_environment())
    components = (
        postgres_component(layout, endpoints, durable=False),
        databases,
        *airflow_components(env, endpoints.airflow_url, after=()),
    )
    supervisor = Supervisor(components, layout)
    try:
        supervisor.start()
        supervisor.wait_ready()
        yield RunningAirflow(supervisor, endpoints, layout)
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def pid_of(running: RunningAirflow, name: str) -> int:
    process = next(state.process for state in running.supervisor.states() if state.name == name)
    assert process is not None
    return process.pid


@pytest.mark.soak
def test_it_runs_survives_a_killed_scheduler_and_leaves_nothing(running: RunningAirflow) -> None:
    admin = running.endpoints.logins[0]
    with AirflowApi(running.endpoints.airflow_url, user=admin.user, password=admin.password) as api:
        assert set(api.health().values()) == {"healthy"}
        api.wait_for_dags(["quick", "endless"], timeout_s=60)
        (ended,) = api.wait_for_runs([api.trigger("quick")], timeout_s=60)
        assert ended.state == "success"
        assert [(task.task_id, task.state) for task in api.list_task_instances("quick", ended.run_id)] == [
            ("answer", "success")
        ]
        assert api.clear_task_instances("quick", ended.run_id) == 1
        (again,) = api.wait_for_runs([api.get_run("quick", ended.run_id)], timeout_s=60)
        assert api.list_task_instances("quick", again.run_id)[0].try_number == 2

        before = pid_of(running, "scheduler")
        kill_hard(before)
        eventually(lambda: [s.restarts for s in running.supervisor.states() if s.name == "scheduler"] == [1])
        eventually(lambda: all(state.phase in {Phase.READY, Phase.DONE} for state in running.supervisor.states()), 60)
        assert pid_of(running, "scheduler") != before

        endless = api.trigger("endless")
        eventually(lambda: api.list_task_instances("endless", endless.run_id)[0].state == "running", 60)
    busy = len(find_leftovers(running.layout))
    assert busy > len(SERVICES) + 1

    running.supervisor.stop()

    assert find_leftovers(running.layout) == []
