"""The bodies of the order tasks: open the lane, do one step, hand counters on.

Nothing here keeps state, so each task may be cleared at any time, twice: what there is to do is read from the store.
XCom carries counters only. The steps themselves are in `flows/`, put together in `bootstrap.py`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Final

from airflow.sdk import get_current_context

from retail_ops.bootstrap import OrderLane, order_lane
from retail_ops.contracts.errors import RetailOpsError
from retail_ops.orchestration.connections import AirflowConnections

LONGEST_TEXT: Final = 2000


class LaneError(RuntimeError):
    """A step failed in a way that nobody foresaw; the text names kind and place, the traceback has the lines."""


def stage(account: str) -> dict[str, int]:
    """Bring changed orders into the store, as messages and as orders; return counters. Idempotent: by revision."""
    return _step(account, lambda lane: lane.stage())


def judge(account: str) -> dict[str, int]:
    """Judge every batch that has no verdict yet; return counters. Idempotent: a judged batch is left alone."""
    return _step(account, lambda lane: lane.judge())


def publish(account: str) -> dict[str, int]:
    """Carry out the due commands that passed their gate; return counters. Idempotent: by business identity."""
    return _step(account, lambda lane: lane.publish())


def _step(account: str, work: Callable[[OrderLane], dict[str, int]]) -> dict[str, int]:
    connections = AirflowConnections()
    try:
        with order_lane(account, connections, run=run_name()) as lane:
            return work(lane)
    except Exception as error:  # noqa: BLE001 - the border of the lane: nothing passes unread
        raise for_the_log(error, connections) from None


def run_name() -> str:
    """Return the name of this try of this run, for the audit trail; never part of a key."""
    context = get_current_context()
    return f"{context['run_id']}#{context['ti'].try_number}"


def for_the_log(error: Exception, connections: AirflowConnections) -> Exception:
    """Return the error that may be logged: our own without secrets, a stranger's without its text.

    Vendor texts and validation errors quote credentials, payloads and people, so the chain of causes is kept by name
    and place only. The traceback stays.
    """
    safe = error if isinstance(error, RetailOpsError) else LaneError(_place(error))
    safe.args = tuple(connections.redact(part)[:LONGEST_TEXT] if isinstance(part, str) else part for part in safe.args)
    for cause in _causes(error):
        safe.add_note(f"caused by {_place(cause)}")
    safe.__cause__ = safe.__context__ = None
    return safe.with_traceback(error.__traceback__)


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__module__}.{type(error).__qualname__}{where}"
