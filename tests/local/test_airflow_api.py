"""The REST client against a small server that answers as Airflow does; `test_airflow_start` asks the real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from retail_ops.contracts.errors import AuthorisationError, ConfigurationError, TransientError
from retail_ops.local.airflow_api import AirflowApi, DagRun
from retail_ops.local.airflow_session import AirflowAnswerError
from retail_ops.local.ports import choose_port


class FakeAirflow(ThreadingHTTPServer):
    """Knows one user; tokens can be revoked; runs succeed after they were asked for twice."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = 0
        self.asked = 0
        self.bodies: list[dict[str, Any]] = []
        self.broken_files: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: FakeAirflow

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            if body != {"username": "admin", "password": "right"}:
                self.answer(401, {"detail": "no"})
                return
            self.server.token += 1
            self.answer(201, {"access_token": str(self.server.token)})
        elif self.is_known():
            self.server.bodies.append(body)
            if self.path.endswith("/clearTaskInstances"):
                self.answer(200, {"total_entries": 3})
            elif body.get("dag_run_id") == "taken":
                self.answer(409, {"detail": "exists"})
            else:
                self.answer(200, run("queued"))

    def do_GET(self) -> None:
        if not self.is_known():
            return
        path, _, query = self.path.partition("?")
        if path == "/api/v2/dags":
            offset = int(query.rpartition("offset=")[2])
            self.answer(
                200, {"dags": [dag(number) for number in range(offset, min(offset + 100, 250))], "total_entries": 250}
            )
        elif path == "/api/v2/importErrors":
            self.answer(
                200, {"import_errors": self.server.broken_files, "total_entries": len(self.server.broken_files)}
            )
        elif path.endswith("/dagRuns/slow"):
            self.answer(200, run("running", "slow"))
        elif path.endswith("/dagRuns/r1"):
            self.server.asked += 1
            self.answer(200, run("success" if self.server.asked > 1 else "running"))
        elif path == "/api/v2/monitor/health":
            self.answer(503, {"detail": "starting"})
        else:
            self.answer(404, {"detail": "unknown"})

    def is_known(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {self.server.token}":
            return True
        self.answer(401, {"detail": "token"})
        return False

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


def run(state: str, run_id: str = "r1") -> dict[str, Any]:
    return {"dag_id": "d", "dag_run_id": run_id, "state": state, "start_date": "2026-11-23T06:00:00Z", "end_date": None}


def dag(number: int) -> dict[str, Any]:
    return {"dag_id": f"d{number}", "is_paused": False, "has_import_errors": False, "tags": [{"name": "tier-1"}]}


@pytest.fixture
def airflow() -> Iterator[FakeAirflow]:
    with FakeAirflow() as server:
        yield server
        server.shutdown()


@pytest.fixture
def api(airflow: FakeAirflow) -> Iterator[AirflowApi]:
    with AirflowApi(airflow.url, user="admin", password="right") as client:
        yield client


def test_it_logs_in_once_and_again_when_the_token_is_no_longer_valid(airflow: FakeAirflow, api: AirflowApi) -> None:
    api.trigger("d")
    api.trigger("d")
    assert airflow.token == 1

    airflow.token += 1  # revoked
    api.trigger("d")

    assert airflow.token == 3
    assert len(airflow.bodies) == 3


def test_lists_are_read_to_their_last_page(api: AirflowApi) -> None:
    dags = api.list_dags()

    assert [found.dag_id for found in dags] == [f"d{number}" for number in range(250)]
    assert dags[0].tags == ("tier-1",)


def test_a_run_is_waited_for(airflow: FakeAirflow, api: AirflowApi) -> None:
    started = api.trigger("d", conf={"day": 1})

    (ended,) = api.wait_for_runs([started], timeout_s=10)

    assert (started.state, ended.state) == ("queued", "success")
    assert airflow.bodies == [{"logical_date": None, "conf": {"day": 1}}]


def test_a_run_that_does_not_end_in_time_is_named(api: AirflowApi) -> None:
    slow = DagRun("d", "slow", "queued", None, None)

    with pytest.raises(TransientError, match="d/slow running"):
        api.wait_for_runs([slow], timeout_s=0.1)


def test_clearing_says_how_many_were_cleared(airflow: FakeAirflow, api: AirflowApi) -> None:
    assert api.clear_task_instances("d", "r1", task_ids=["gate"], only_failed=True) == 3
    assert airflow.bodies[0] == {
        "dry_run": False,
        "dag_run_id": "r1",
        "only_failed": True,
        "reset_dag_runs": True,
        "include_downstream": True,
        "task_ids": ["gate"],
    }


def test_waiting_for_a_dag_fails_at_once_when_its_file_is_broken(airflow: FakeAirflow, api: AirflowApi) -> None:
    api.wait_for_dags(["d1", "d249"], timeout_s=5)
    airflow.broken_files.append({"filename": "orders.py", "stack_trace": "SyntaxError"})

    with pytest.raises(ConfigurationError, match=r"orders.py: SyntaxError"):
        api.wait_for_dags(["orders"], timeout_s=60)


def test_errors_tell_what_to_do_about_them(airflow: FakeAirflow, api: AirflowApi) -> None:
    with pytest.raises(AirflowAnswerError, match="409") as refused:
        api.trigger("d", run_id="taken")
    assert refused.value.status == 409
    with pytest.raises(AirflowAnswerError, match="404"):
        api.list_task_instances("d", "r1")
    with pytest.raises(TransientError, match="503"):
        api.health()
    with pytest.raises(AuthorisationError), AirflowApi(airflow.url, user="admin", password="wrong") as stranger:
        stranger.health()
    with pytest.raises(TransientError), AirflowApi(f"http://127.0.0.1:{choose_port()}", user="a", password="b") as lost:
        lost.health()
