"""The order DAGs: one an account, three tasks, tiered, documented, light to parse."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

from orchestration.airflow_env import CHECKOUT, DAGS
from retail_ops.bootstrap import configured_accounts
from retail_ops.orchestration.alerts import RUN_BOOKS, alert
from retail_ops.orchestration.policy import RETRIES

ACCOUNTS = sorted(configured_accounts())
HEAVY = ("great_expectations", "pandas", "numpy", "odoorpc", "shopify", "pyactiveresource")


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(DAGS / "orders.py"))


@pytest.fixture(params=ACCOUNTS)
def dag(request, bag):
    return bag.dags[f"orders__{request.param}"]


def test_the_file_makes_one_dag_an_account_without_errors(bag):
    assert bag.import_errors == {}
    assert sorted(bag.dags) == [f"orders__{account}" for account in ACCOUNTS]


def test_a_dag_has_three_tasks_in_a_row(dag):
    assert [task.task_id for task in dag.topological_sort()] == ["stage", "gate", "publish"]
    assert [sorted(task.downstream_task_ids) for task in dag.topological_sort()] == [["gate"], ["publish"], []]


def test_the_counters_travel_as_one_value_and_every_task_explains_itself(dag):
    for task in dag.tasks:
        assert task.multiple_outputs is False
        assert "Idempotent" in task.doc_md
        assert task.op_args == (dag.dag_id.removeprefix("orders__"),)


def test_a_run_starts_by_the_accounts_own_watcher_and_by_nothing_else(dag):
    account = dag.dag_id.removeprefix("orders__")
    encoded = json.loads(json.dumps(DagSerialization.to_dict(dag)))["dag"]["timetable"]
    assert encoded["__type"].endswith("AssetTriggeredTimetable")
    (asset,) = encoded["__var"]["asset_condition"]["objects"]
    (watcher,) = asset["watchers"]
    channel = configured_accounts()[account].channel
    assert watcher["trigger"] == {
        "classpath": "retail_ops.orchestration.triggers.OrdersTrigger",
        "kwargs": {"account": account, "poll_s": channel.poll_s, "sweep_s": channel.sweep_s},
    }


def test_runs_never_overlap_and_never_hang(dag):
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert dag.dagrun_timeout < timedelta(hours=1)
    assert [callback for callback in [dag.on_failure_callback] if callback] == [alert]
    for task in dag.tasks:
        assert task.execution_timeout < dag.dagrun_timeout
        assert task.retries >= 2
        assert task.retry_policy.rules == RETRIES.rules


def test_a_dag_says_tier_domain_and_account(dag):
    assert dag.tags == {"tier:1", "domain:orders", f"account:{dag.dag_id.removeprefix('orders__')}"}
    assert dag.owner == "integration-team"


def test_the_docstring_is_the_run_books_first_page(dag):
    for word in ("Service level", "Owner", "Re-run", "Run book", f"{RUN_BOOKS}/orders.md"):
        assert word in dag.doc_md


def test_the_file_stays_small_and_has_no_logic():
    text = (DAGS / "orders.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.If | ast.Try | ast.While)]


def modules_after(code: str) -> list[str]:
    """Return which heavy modules a fresh process has after running `code`."""
    program = f"{code}\nimport sys, json\nprint(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    return json.loads(done.stdout.splitlines()[-1])


def test_parsing_the_file_imports_nothing_heavy():
    code = (
        f"from airflow.dag_processing.dagbag import DagBag\nbag = DagBag({str(DAGS / 'orders.py')!r})\nassert bag.dags"
    )
    assert modules_after(code) == []


def test_the_hooks_may_be_imported_by_a_dag_file():
    code = "import retail_ops.orchestration.hooks.odoo, retail_ops.orchestration.hooks.shopify"
    assert modules_after(code) == []


def test_the_measurement_sees_a_heavy_import():
    assert modules_after("import numpy") == ["numpy"]
