"""Judge: put every staged batch before its gate. Nothing reaches an outbox's claimable state without it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from retail_ops.ports.erp import OrderErp
from retail_ops.ports.gate import OrderGate, OrderRow
from retail_ops.ports.store import GateStore, OpenBatch, OrderStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JudgeFlow:
    """Judges the open batches of one account.

    Attributes:
        erp_scope: Whose map of SKUs is asked.
        owner: Who owns the cases of what the gate refuses.
    """

    account: str
    erp_scope: str
    erp: OrderErp
    store: OrderStore
    gate_store: GateStore
    gate: OrderGate
    owner: str

    def run(self) -> Mapping[str, int]:
        """Judge every open batch, oldest first; return counters.

        Raises:
            GateCrashedError: A check could not run; the batch stays open and is judged next time.

        Idempotent: a batch is judged once.
        """
        counts: Counter[str] = Counter()
        for batch in self.gate_store.open_batches(self.account):
            known = self._known_skus(batch)
            rows = [OrderRow(row.revision_id, row.order, known) for row in batch.rows]
            verdict = self.gate.judge_orders(rows, batch.totals)
            counts["batches"] += 1
            counts[f"batches_{verdict.outcome}"] += 1
            counts.update(self.gate_store.record(self.account, batch, verdict, self.owner))
            log.info("judged account=%s batch=%s outcome=%s", self.account, batch.batch_id, verdict.outcome)
        return dict(counts)

    def _known_skus(self, batch: OpenBatch) -> frozenset[str]:
        """Return the batch's SKUs that the ERP knows: from the cached map, read again on a miss."""
        wanted = sorted({line.sku for row in batch.rows for line in row.order.lines if line.sku is not None})
        known = self.store.known_skus(self.erp_scope, wanted)
        missing = [sku for sku in wanted if sku not in known]
        if not missing:
            return known
        found = self.erp.find_skus(missing)
        if found:
            self.store.remember_skus(self.erp_scope, list(found.values()))
        return known | frozenset(found)
