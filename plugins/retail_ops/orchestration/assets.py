"""What starts each lane: one asset an account, watched by the account's trigger.

There is no time schedule beside it: the same trigger sweeps every few minutes from the cursor's overlap, and an empty
sweep makes no run. An asset event is a doorbell only; what there is to do is read from the store by cursor, so lost,
late or double events cost nothing.
"""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher

from retail_ops.governance.accounts import AccountSetup
from retail_ops.orchestration.triggers import OrdersTrigger


def orders_asset(setup: AccountSetup) -> Asset:
    """Return the asset that stands for waiting order work of an account."""
    name = f"orders__{setup.account}"
    trigger = OrdersTrigger(setup.account, poll_s=setup.channel.poll_s, sweep_s=setup.channel.sweep_s)
    return Asset(
        name=name,
        uri=f"retail-ops://{setup.account}/orders",
        group="retail_ops",
        watchers=[AssetWatcher(name=name, trigger=trigger)],
    )
