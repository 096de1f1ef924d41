"""The gate of the order flow: `expectations/orders/publish.json` over a batch of orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

from retail_ops.gates.engine import GreatExpectationsGate
from retail_ops.gates.tables import order_tables
from retail_ops.ports.clock import Clock
from retail_ops.ports.gate import BatchTotals, OrderGate, OrderRow, Verdict

PUBLISH_GATE: Final = "orders/publish"


@dataclass(frozen=True, slots=True)
class PublishGate(OrderGate):
    """Judges what may be published to the ERP.

    Attributes:
        root: The folder `expectations/`.
    """

    root: Path
    clock: Clock

    @override
    def judge_orders(self, rows: Sequence[OrderRow], totals: BatchTotals) -> Verdict:
        """Judge one batch; see `ports.gate.OrderGate`.

        Raises:
            ConfigurationError: The suite is missing or wrong; names the file and the rule.
            GateCrashedError: A check could not run; names the rule.
        """
        tables = order_tables(rows, totals, judged_at=self.clock.now())
        return GreatExpectationsGate(self.root).judge(PUBLISH_GATE, tables)
