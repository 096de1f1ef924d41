"""A small client of Airflow's REST API: what the demo and the end-to-end tests ask of it.

NOT here: log-in, paging and errors (`airflow_session`); starting Airflow (`airflow_services`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from retail_ops.contracts.errors import ConfigurationError, TransientError
from retail_ops.local.airflow_session import AirflowSession
from retail_ops.local.process import wait_until

POLL_S = 0.25
ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class Dag:
    """A DAG that Airflow knows."""

    dag_id: str
    is_paused: bool
    has_import_errors: bool
    tags: tuple[str, ...]


@dataclass(frozen=True)
class DagRun:
    """One run.

    Attributes:
        dag_id: Its DAG.
        run_id: Its id inside the DAG.
        state: queued, running, success or failed.
        started_at: UTC, None while it is queued.
        ended_at: UTC, None while it runs.
    """

    dag_id: str
    run_id: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class TaskInstance:
    """One task of one run.

    Attributes:
        task_id: Its task.
        map_index: Index of a mapped task, -1 when it is not mapped.
        state: Airflow's name of its state, None before it is scheduled.
        try_number: Starts at 1, 0 before its first try.
    """

    task_id: str
    map_index: int
    state: str | None
    try_number: int


class AirflowApi:
    """One user's session with the REST API; a context manager that closes its connections."""

    def __init__(self, url: str, *, user: str, password: str) -> None:
        """Prepare; the log-in happens at the first request.

        Args:
            url: Base address without a trailing slash.
            user: UI user.
            password: That user's.
        """
        self._session = AirflowSession(url, user=user, password=password)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections.

        Idempotent: closing twice is fine.
        """
        self._session.close()

    def health(self) -> dict[str, str | None]:
        """Return the status by part: metadatabase, scheduler, triggerer, dag_processor."""
        answer = self._session.request("GET", "/api/v2/monitor/health")
        return {part: state["status"] for part, state in answer.items()}

    def list_dags(self) -> tuple[Dag, ...]:
        """Return every DAG that was parsed."""
        return tuple(
            Dag(
                raw["dag_id"],
                raw["is_paused"],
                raw["has_import_errors"],
                tuple(tag["name"] for tag in raw.get("tags") or ()),
            )
            for raw in self._session.pages("/api/v2/dags", "dags")
        )

    def list_import_errors(self) -> dict[str, str]:
        """Return the stack trace by DAG file that cannot be imported."""
        return {
            raw["filename"]: raw["stack_trace"] for raw in self._session.pages("/api/v2/importErrors", "import_errors")
        }

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        """Pause or resume a DAG.

        Idempotent: it ends in the asked state.
        """
        self._session.request("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": paused})

    def trigger(self, dag_id: str, *, conf: Mapping[str, Any] | None = None, run_id: str | None = None) -> DagRun:
        """Start a run.

        Args:
            dag_id: The DAG.
            conf: Its parameters.
            run_id: Id of the run, None lets Airflow choose.

        Idempotent: only with a `run_id`; the second call then raises `AirflowAnswerError` with status 409.
        """
        body: dict[str, Any] = {"logical_date": None, "conf": dict(conf or {})}
        if run_id is not None:
            body["dag_run_id"] = run_id
        return _run(self._session.request("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body))

    def get_run(self, dag_id: str, run_id: str) -> DagRun:
        """Return one run as it is now."""
        return _run(self._session.request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"))

    def list_runs(self, dag_id: str, *, states: Collection[str] = ()) -> tuple[DagRun, ...]:
        """Return the runs of a DAG, the newest first.

        Args:
            dag_id: The DAG, `~` for all.
            states: Only runs in one of these states; empty for all.
        """
        query: dict[str, Any] = {"order_by": "-run_after"} | ({"state": sorted(states)} if states else {})
        return tuple(_run(raw) for raw in self._session.pages(f"/api/v2/dags/{dag_id}/dagRuns", "dag_runs", query))

    def wait_for_runs(self, runs: Sequence[DagRun], *, timeout_s: float) -> tuple[DagRun, ...]:
        """Block until all runs have ended, well or not.

        Args:
            runs: The runs to wait for.
            timeout_s: For all of them together.

        Returns:
            Their last state, in the same order.

        Raises:
            TransientError: Some had not ended in time; the message names them.
        """
        latest = {(run.dag_id, run.run_id): run for run in runs}

        def all_ended() -> bool:
            for key, run in latest.items():
                if run.state not in ENDED:
                    latest[key] = self.get_run(*key)
            return all(run.state in ENDED for run in latest.values())

        if not wait_until(all_ended, timeout_s, poll_s=POLL_S):
            late = ", ".join(
                f"{run.dag_id}/{run.run_id} {run.state}" for run in latest.values() if run.state not in ENDED
            )
            raise TransientError(f"not ended after {timeout_s:.0f} s: {late}")
        return tuple(latest.values())

    def wait_for_dags(self, dag_ids: Collection[str], *, timeout_s: float) -> None:
        """Block until the DAG processor has parsed these DAGs.

        Raises:
            ConfigurationError: A DAG file cannot be imported; the message carries its trace.
            TransientError: Some are still missing after `timeout_s`.
        """
        missing = set(dag_ids)

        def all_known() -> bool:
            missing.difference_update(dag.dag_id for dag in self.list_dags())
            if missing and (broken := self.list_import_errors()):
                raise ConfigurationError("\n".join(f"{file}: {trace}" for file, trace in broken.items()))
            return not missing

        if not wait_until(all_known, timeout_s, poll_s=POLL_S):
            raise TransientError(f"not parsed after {timeout_s:.0f} s: {', '.join(sorted(missing))}")

    def list_task_instances(self, dag_id: str, run_id: str) -> tuple[TaskInstance, ...]:
        """Return the tasks of one run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return tuple(
            TaskInstance(raw["task_id"], raw["map_index"], raw["state"], raw["try_number"])
            for raw in self._session.pages(path, "task_instances")
        )

    def clear_task_instances(
        self, dag_id: str, run_id: str, *, task_ids: Sequence[str] = (), only_failed: bool = False
    ) -> int:
        """Let tasks of a run run again, and with them what comes after them.

        Args:
            dag_id: The DAG.
            run_id: The run.
            task_ids: The tasks; empty for all.
            only_failed: True clears only those that failed.

        Returns:
            How many task instances were cleared.
        """
        body: dict[str, Any] = {
            "dry_run": False,
            "dag_run_id": run_id,
            "only_failed": only_failed,
            "reset_dag_runs": True,
            "include_downstream": True,
        }
        if task_ids:
            body["task_ids"] = list(task_ids)
        answer = self._session.request("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", json=body)
        return int(answer["total_entries"])


def _run(raw: Mapping[str, Any]) -> DagRun:
    started, ended = raw["start_date"], raw["end_date"]
    return DagRun(
        raw["dag_id"],
        raw["dag_run_id"],
        raw["state"],
        datetime.fromisoformat(started) if started else None,
        datetime.fromisoformat(ended) if ended else None,
    )
