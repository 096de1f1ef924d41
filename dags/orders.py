"""Orders: bring changed orders of one account in, judge them, publish them to Odoo.

| | |
|---|---|
| Service level | in Odoo within 5 minutes of the change in the shop, 95 of 100 (tier 1) |
| Owner | integration-team |
| Starts | by itself when the shop changed or a command is due; a sweep rings again while work stays; no work, no run |
| Re-run | safe at any time and twice: clear a task or the whole run; inbox and outbox are idempotent |
| When it fails | retries by kind of error; wrong credentials or settings fail at once and name what is missing |
| Run book | docs/runbooks/orders.md |

`stage` reads the shop past the cursor and maps messages to orders. `gate` runs the expectations: bad rows become
cases, an imbalance holds the batch. `publish` carries out the commands that passed. One account, one DAG: a shop that
is away or throttled never holds another.
"""

from __future__ import annotations

from airflow.sdk import dag, task

from retail_ops.bootstrap import configured_accounts
from retail_ops.governance.accounts import AccountSetup
from retail_ops.orchestration import lanes
from retail_ops.orchestration.assets import orders_asset
from retail_ops.orchestration.policy import NEAR_REAL_TIME


def order_dag(setup: AccountSetup) -> None:
    """Make the DAG of one account."""

    @dag(
        dag_id=f"orders__{setup.account}",
        schedule=[orders_asset(setup)],
        doc_md=__doc__,
        tags=["tier:1", "domain:orders", f"account:{setup.account}"],
        **NEAR_REAL_TIME,
    )
    def orders() -> None:
        stage = task(task_id="stage", multiple_outputs=False)(lanes.stage)(setup.account)
        gate = task(task_id="gate", multiple_outputs=False)(lanes.judge)(setup.account)
        publish = task(task_id="publish", multiple_outputs=False)(lanes.publish)(setup.account)
        stage >> gate >> publish

    orders()


for configured in configured_accounts().values():
    order_dag(configured)
