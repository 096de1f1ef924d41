"""What flows need of a gate. Implemented in `gates/` with Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from retail_ops.contracts.order import Order


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order of a batch under judgement; `row` is its revision id."""

    row: int
    order: Order
    known_skus: frozenset[str]


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """What was staged, counted while staging: currency -> (orders, sum of presentment totals in minor units)."""

    staged: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation that did not hold.

    Attributes:
        rule: The rule's stable name from the suite's meta, e.g. `ORD-007`.
        code: Snake_case name of the problem, e.g. `unknown_sku`.
        field: What is wrong, e.g. `lines[2].sku` or a column's name.
        row: Identity of the bad row (a revision id); None when the whole batch is meant.
        detail: Observed against expected, without personal data.
    """

    rule: str
    code: str
    field: str
    row: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate thinks of one batch.

    Attributes:
        outcome: `passed`; `quarantined`: the rows named by findings are bad, the rest may go; `blocked`: none may go.
        suite_hash: SHA-256 of the suite that was run.
    """

    gate: str
    suite_hash: bytes
    outcome: Literal["passed", "quarantined", "blocked"]
    checked: int
    findings: tuple[Finding, ...]

    def failed_rows(self) -> frozenset[int]:
        """Return the identities of the rows that may not go."""
        return frozenset(finding.row for finding in self.findings if finding.row is not None)


class OrderGate(Protocol):
    """Judges batches of orders. A check that crashed raises `GateCrashedError`; it never becomes a verdict."""

    def judge_orders(self, rows: Sequence[OrderRow], totals: BatchTotals) -> Verdict:
        """Judge one batch against `expectations/orders/publish.json`.

        Raises:
            GateCrashedError: A check could not run.
        """
        ...
