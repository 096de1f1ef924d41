"""Collects the three listings that `verify` compares, for one account. The comparison itself is in `flows`."""

from __future__ import annotations

from retail_ops.bootstrap import account_setup, order_lane
from retail_ops.contracts.order import Order
from retail_ops.flows.orders.stage import STREAM
from retail_ops.flows.orders.verify import Report, StoreFact, compare
from retail_ops.ports.channel import Window
from retail_ops.ports.clock import SystemClock
from retail_ops.settings import Connections, Settings
from retail_ops.store.deployment import first_position
from retail_ops.store.desk import Desk

KIND = "order"


def verify_account(account: str, settings: Settings, connections: Connections, desk: Desk) -> Report:
    """Return what ties and what does not, since the account is governed; what is on its way is counted as such."""
    setup = account_setup(settings, account)
    with order_lane(account, connections, run="verify", settings=settings) as lane:
        start = first_position(lane.unit, account)
        now = SystemClock().now()
        channel = list(lane.channel.list_orders(Window(start, now)))
        erp = lane.erp.list_orders(account)
        read_up_to = lane.store.position(account, STREAM)
    store = [
        StoreFact(
            external_id=row["external_id"],
            number=row["number"],
            state=row["state"],
            reason=row["reason"],
            reference=row["erp_reference"],
            published=Order.model_validate_json(row["published_payload"]) if row["published_payload"] else None,
            open_case=row["open_case"],
            due_since=row["due_since"],
        )
        for row in desk.facts(account, KIND)
    ]
    return compare(
        account, channel, store, erp, document_currency=setup.mapping.document_currency, now=now, read_up_to=read_up_to
    )
