"""The error tree is the retry policy, and a failed run is one line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk import ExceptionRetryPolicy, RetryAction
from airflow.sdk.exceptions import AirflowException

from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    DataError,
    GateCrashedError,
    KeyReusedError,
    PermissionDeniedError,
    RejectedError,
    RetailOpsError,
    ThrottledError,
    TransientError,
)
from retail_ops.orchestration.alerts import alert
from retail_ops.orchestration.policy import NEAR_REAL_TIME, RETRIES


def decide(error: BaseException):
    return RETRIES.evaluate(error, 1, 3)


def tree(root: type[RetailOpsError]) -> Iterator[type[RetailOpsError]]:
    for branch in root.__subclasses__():
        yield branch
        yield from tree(branch)


@pytest.mark.parametrize(
    "error",
    [
        AuthorisationError("x"),
        PermissionDeniedError("x"),
        ConfigurationError("x"),
        KeyReusedError("x"),
        DataError("code", "field", "x"),
        RejectedError("code", "field", "x"),
    ],
)
def test_what_a_retry_cannot_change_fails_at_once(error):
    assert decide(error).action is RetryAction.FAIL


@pytest.mark.parametrize("error", [TransientError("x"), GateCrashedError("x"), AmbiguousError("x")])
def test_what_may_pass_is_retried(error):
    assert decide(error).action is RetryAction.RETRY


@pytest.mark.parametrize(("asked_s", "waited_s"), [(42.5, 42.5), (0, 1), (86_400, 300)])
def test_a_throttled_task_waits_as_long_as_it_was_asked_within_the_runs_limit(asked_s, waited_s):
    decision = decide(ThrottledError("x", asked_s))
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, timedelta(seconds=waited_s))
    assert timedelta(seconds=waited_s) < NEAR_REAL_TIME["dagrun_timeout"]


def test_every_branch_of_the_error_tree_has_a_rule():
    without = [
        branch.__name__
        for branch in tree(RetailOpsError)
        if branch.__module__.startswith("retail_ops.")
        and decide(branch.__new__(branch) if branch is not ThrottledError else ThrottledError("x", 1)).action
        is RetryAction.DEFAULT
    ]
    assert without == []


@pytest.mark.parametrize("error", [KeyError("a defect"), AirflowException("x")])
def test_what_nobody_foresaw_takes_the_tasks_own_retries(error):
    assert decide(error).action is RetryAction.DEFAULT
    assert NEAR_REAL_TIME["default_args"]["retries"] >= 2


def test_no_decision_repeats_the_errors_text():
    assert all("hunter2" not in (decide(kind("hunter2")).reason or "") for kind in (TransientError, ConfigurationError))


def test_the_rules_survive_serialisation():
    copy = ExceptionRetryPolicy.deserialize(RETRIES.serialize())
    assert copy.evaluate(ConfigurationError("x"), 1, 3).action is RetryAction.FAIL


def alerts_of(caplog, context: dict[str, object]) -> list[dict[str, object]]:
    caplog.clear()
    with caplog.at_level(logging.ERROR, logger="retail_ops.orchestration.alerts"):
        alert(context)
    return [json.loads(record.message.removeprefix("retail_ops.alert ")) for record in caplog.records]


def test_a_failed_run_is_one_line_with_its_run_book(caplog):
    context = {
        "dag": SimpleNamespace(dag_id="orders__shopify_uk", owner="integration-team"),
        "task_instance": SimpleNamespace(task_id="gate", try_number=4),
        "run_id": "asset_triggered__1",
        "reason": "task_failure",
        "exception": ValueError("jane@example.com"),
        "conf": "hunter2",
    }
    assert alerts_of(caplog, context) == [
        {
            "event": "run_failed",
            "flow": "orders",
            "account": "shopify_uk",
            "run": "asset_triggered__1",
            "reason": "task_failure",
            "task": "gate",
            "try": 4,
            "owner": "integration-team",
            "run_book": "docs/runbooks/orders.md",
        }
    ]


def test_a_run_that_timed_out_without_a_task_is_told_as_well(caplog):
    dag = SimpleNamespace(dag_id="orders__shopify_uk", owner="integration-team")
    (line,) = alerts_of(caplog, {"dag": dag, "run_id": "r", "reason": "timed_out"})
    assert (line["reason"], line["task"], line["run_book"]) == ("timed_out", None, "docs/runbooks/orders.md")
