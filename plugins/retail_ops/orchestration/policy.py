"""How Airflow treats a failed task and a slow run; the error tree decides. DAG files take a tier and add nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.definitions.retry_policy import RetryDecision
from typing_extensions import override

from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    DataError,
    ThrottledError,
    TransientError,
)
from retail_ops.orchestration.alerts import alert

LONGEST_WAIT_S: Final = 300.0


class ErrorTreePolicy(ExceptionRetryPolicy):
    """The rules of the error tree, and the wait that a throttled far side asks for."""

    @override
    def evaluate(self, exception: BaseException, *args: Any, **kwargs: Any) -> RetryDecision:
        """Return what becomes of a task that raised `exception`."""
        if isinstance(exception, ThrottledError):
            # The lane must not sleep past the run's own time limit; the next run goes on where this one stops.
            delay = timedelta(seconds=min(max(exception.retry_after_s, 1.0), LONGEST_WAIT_S))
            return RetryDecision.retry(delay=delay, reason="the far side asks to slow down")
        return super().evaluate(exception, *args, **kwargs)


RETRIES: Final = ErrorTreePolicy(
    rules=[
        RetryRule(
            exception=[AuthorisationError, ConfigurationError],
            action=RetryAction.FAIL,
            reason="a person must change the deployment first",
        ),
        RetryRule(
            exception=DataError,
            action=RetryAction.FAIL,
            reason="data becomes cases inside the lane; here it is a defect, and a retry changes nothing",
        ),
        RetryRule(
            exception=AmbiguousError,
            retry_delay=timedelta(seconds=10),
            reason="the next try looks up what became of the write",
        ),
        RetryRule(exception=TransientError, reason="the far side or the store is away"),
    ]
)

# Three retries of 10, 20 and 40 s outlast a restart of the store or of Odoo; the sweep starts the next run anyway.
NEAR_REAL_TIME: Final[dict[str, Any]] = {
    "catchup": False,
    "max_active_runs": 1,
    "dagrun_timeout": timedelta(minutes=20),
    "on_failure_callback": alert,
    "default_args": {
        "owner": "integration-team",
        "retries": 3,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        "retry_policy": RETRIES,
        "execution_timeout": timedelta(minutes=5),
    },
}
