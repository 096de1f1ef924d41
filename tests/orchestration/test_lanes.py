"""Task bodies: one step, counters out, and no secret or person in what Airflow logs of a failure."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import structlog

from retail_ops.contracts.errors import AuthorisationError, RetailOpsError, ThrottledError
from retail_ops.orchestration import lanes

SECRET = "shpat_0123456789abcdef"
PERSON = "jane@example.com"


def fail_with(error: Exception) -> Exception:
    """Return an error that was really raised, so that it has a traceback."""

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        fail()
    return raised.value


class Lane:
    """Counts its steps, or fails in all of them."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.run: str | None = None
        self.steps: list[str] = []
        self.closed = 0

    def step(self, name: str) -> dict[str, int]:
        self.steps.append(name)
        if self.failure:
            raise self.failure from fail_with(KeyError(PERSON))
        return {name: 1}

    def stage(self) -> dict[str, int]:
        return self.step("stage")

    def judge(self) -> dict[str, int]:
        return self.step("judge")

    def publish(self) -> dict[str, int]:
        return self.step("publish")


@pytest.fixture
def enter(monkeypatch, define):
    """Put a lane behind the task bodies; its account's connection was read before it fails."""
    define("shopify_uk", conn_type="shopify", password=SECRET)
    context = {"run_id": "asset_triggered__1", "ti": SimpleNamespace(try_number=2)}
    monkeypatch.setattr(lanes, "get_current_context", lambda: context)

    def put(lane: Lane) -> Lane:
        @contextmanager
        def order_lane(account, connections, *, run):
            assert account == "shopify_uk"
            connections.get("shopify_uk")
            lane.run = run
            try:
                yield lane
            finally:
                lane.closed += 1

        monkeypatch.setattr(lanes, "order_lane", order_lane)
        return lane

    return put


def as_airflow_logs_it(error: BaseException) -> str:
    transform = structlog.tracebacks.ExceptionDictTransformer(use_rich=False, show_locals=False)
    return json.dumps(transform((type(error), error, error.__traceback__)))


def check_nothing_leaks(error: BaseException) -> None:
    logged = as_airflow_logs_it(error)
    assert SECRET not in logged
    assert PERSON not in logged


@pytest.mark.parametrize("step", ["stage", "judge", "publish"])
def test_a_task_does_its_step_and_hands_on_counters(enter, step):
    lane = enter(Lane())
    assert getattr(lanes, step)("shopify_uk") == {step: 1}
    assert (lane.steps, lane.closed) == ([step], 1)


def test_a_task_may_be_cleared_and_run_twice(enter):
    lane = enter(Lane())
    assert [lanes.stage("shopify_uk"), lanes.stage("shopify_uk")] == [{"stage": 1}, {"stage": 1}]
    assert lane.closed == 2


def test_the_audit_trail_learns_run_and_try(enter):
    lane = enter(Lane())
    lanes.stage("shopify_uk")
    assert lane.run == "asset_triggered__1#2"


@pytest.mark.parametrize(
    "failure",
    [
        AuthorisationError(f"token {SECRET} was refused"),
        ThrottledError(f"{SECRET} must wait", 30),
        ValueError(f"{PERSON} with {SECRET}"),
    ],
)
def test_no_secret_and_no_person_reaches_the_log(enter, failure):
    lane = enter(Lane(failure))
    with pytest.raises((RetailOpsError, lanes.LaneError)) as raised:
        lanes.publish("shopify_uk")
    check_nothing_leaks(raised.value)
    assert lane.closed == 1


def test_the_check_catches_an_error_that_was_let_through(enter):
    lane = Lane(AuthorisationError(f"token {SECRET} was refused"))
    with pytest.raises(AuthorisationError) as raw:
        lane.publish()
    with pytest.raises(AssertionError):
        check_nothing_leaks(raw.value)
    with pytest.raises(ValueError, match="jane") as odd:
        Lane(ValueError(PERSON)).publish()
    with pytest.raises(AssertionError):
        check_nothing_leaks(odd.value)


def test_our_own_errors_keep_their_class_and_facts_for_the_retry_policy(enter):
    enter(Lane(ThrottledError("the shop asks to slow down", 30)))
    with pytest.raises(ThrottledError, match="the shop asks to slow down") as raised:
        lanes.publish("shopify_uk")
    assert raised.value.retry_after_s == 30


def test_a_foreign_error_is_told_by_kind_and_place_with_its_causes_and_lines(enter):
    enter(Lane(ValueError(PERSON)))
    with pytest.raises(lanes.LaneError, match=r"^builtins\.ValueError at step, line \d+") as raised:
        lanes.publish("shopify_uk")
    assert not isinstance(raised.value, RetailOpsError)
    logged = as_airflow_logs_it(raised.value)
    assert "caused by builtins.KeyError at fail" in logged
    assert '"name": "step"' in logged


def test_an_error_of_opening_the_lane_is_treated_alike(enter, monkeypatch):
    enter(Lane())

    def order_lane(account, connections, *, run):
        connections.get("shopify_uk")
        raise AuthorisationError(f"{SECRET} is wrong")

    monkeypatch.setattr(lanes, "order_lane", order_lane)
    with pytest.raises(AuthorisationError) as raised:
        lanes.stage("shopify_uk")
    check_nothing_leaks(raised.value)
