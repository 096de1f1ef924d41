"""Remembers verdicts. A judgement takes longer than all the rest of a run, touches nothing outside, and thousands of
runs judge the same batch: it is made once, by the real gate, and handed to the forked runs.

Row numbers differ from run to run, so a verdict is kept by position. A batch that was never judged is judged for real.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from retail_ops.contracts.order import canonical_json
from retail_ops.gates.orders import PublishGate
from retail_ops.ports.gate import BatchTotals, OrderRow, Verdict


def remember_verdicts(patch: pytest.MonkeyPatch) -> None:
    """Let the gate remember its verdicts, in this process and in those forked from it later."""
    known: dict[object, Verdict] = {}
    judge = PublishGate.judge_orders

    def judge_orders(gate: PublishGate, rows: Sequence[OrderRow], totals: BatchTotals) -> Verdict:
        orders = tuple((canonical_json(row.order), row.known_skus) for row in rows)
        key = (orders, tuple(sorted(totals.staged.items())))
        numbers = [row.row for row in rows]
        if key not in known:
            known[key] = _renamed(judge(gate, rows, totals), {number: place for place, number in enumerate(numbers)})
        return _renamed(known[key], dict(enumerate(numbers)))

    patch.setattr(PublishGate, "judge_orders", judge_orders)


def _renamed(verdict: Verdict, names: dict[int, int]) -> Verdict:
    findings = (replace(f, row=None if f.row is None else names[f.row]) for f in verdict.findings)
    return replace(verdict, findings=tuple(findings))
