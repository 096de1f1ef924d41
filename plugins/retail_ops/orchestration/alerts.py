"""One structured line for each failed run, for whatever collects the logs. No payload, no personal data, no secret.

The callback hangs on the DAG, not on its tasks: one failed run is one alert, and a run that timed out is one, too.
Airflow's DAG processor carries it out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

RUN_BOOKS: Final = "docs/runbooks"

log = logging.getLogger(__name__)


def alert(context: Mapping[str, Any]) -> None:
    """Log that a run failed: what, where, whose, and the run book to open.

    Args:
        context: Airflow's callback context. After a timeout it holds little; absent facts are null in the line.

    Idempotent: a repeated line says the same.
    """
    dag = context.get("dag")
    task = context.get("task_instance")
    flow, _, account = (dag.dag_id if dag else "").partition("__")
    fields = {
        "event": "run_failed",
        "flow": flow or None,
        "account": account or None,
        "run": context.get("run_id"),
        "reason": context.get("reason"),
        "task": task.task_id if task else None,
        "try": task.try_number if task else None,
        "owner": dag.owner if dag else None,
        "run_book": f"{RUN_BOOKS}/{flow}.md" if flow else None,
    }
    log.error("retail_ops.alert %s", json.dumps(fields, sort_keys=True))
