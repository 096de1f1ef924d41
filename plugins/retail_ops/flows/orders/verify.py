"""Verify: channel, store and ERP side by side. Pure: three plain listings in, differences out.

An order is accounted for when it stands in the ERP with the total that the contract says, or when the store says in so
many words why it does not: ignored, cancelled before publication, or held back by an open case.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.ports.channel import OrderFact
from retail_ops.ports.erp import ErpOrderFact

Kind = Literal["lost", "doubled", "unequal", "stray", "unexplained"]


@dataclass(frozen=True, slots=True)
class StoreFact:
    """What the store says of one order.

    Attributes:
        published: The revision that the ERP should show; None when nothing was published.
        open_case: A case of this order is open.
    """

    external_id: str
    number: str
    state: str
    reason: str
    reference: str | None
    published: Order | None
    open_case: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not tie."""

    kind: Kind
    external_id: str
    detail: str


@dataclass(slots=True)
class Report:
    """What was compared, and what does not tie.

    Attributes:
        channel, erp: (orders, minor units) by currency of what must be equal on both sides.
        accounted: Orders by the reason why they are as they are.
    """

    account: str
    channel: dict[str, tuple[int, int]] = field(default_factory=dict)
    erp: dict[str, tuple[int, int]] = field(default_factory=dict)
    accounted: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything ties."""
        return not self.differences


def compare(
    account: str,
    channel: Sequence[OrderFact],
    store: Sequence[StoreFact],
    erp: Sequence[ErpOrderFact],
    *,
    document_currency: str,
) -> Report:
    """Compare the three listings of one account.

    Args:
        account: Whose listings these are.
        channel: Every order since the account is governed.
        store: Every entity.
        erp: Every document by origin.
        document_currency: `presentment` or `shop`.
    """
    report = Report(account)
    known = {fact.external_id: fact for fact in store}
    documents: dict[str, list[ErpOrderFact]] = defaultdict(list)
    for document in erp:
        documents[document.external_id].append(document)
    for fact in channel:
        _one(report, fact, known.get(fact.external_id), documents.get(fact.external_id, []), document_currency)
    listed = {fact.external_id for fact in channel}
    for external_id, found in documents.items():
        if external_id not in listed and external_id not in known:
            detail = f"{found[0].number} names an origin that nobody knows"
            report.differences.append(Difference("stray", external_id, detail))
    for stored in store:
        if stored.external_id not in listed:
            report.accounted["not listed by the channel"] += 1
    return report


def _one(
    report: Report, fact: OrderFact, stored: StoreFact | None, documents: Sequence[ErpOrderFact], currency: str
) -> None:
    if stored is None:
        # A message that fits no contract has no entity; its case says so, and the caller hands it in as a fact.
        report.differences.append(Difference("lost", fact.external_id, f"{fact.number} is not in the store"))
        return
    if len(documents) > 1:
        numbers = ", ".join(document.number for document in documents)
        report.differences.append(Difference("doubled", fact.external_id, f"{fact.number} is {numbers} in the ERP"))
        return
    if not documents:
        _without_document(report, fact, stored)
        return
    _with_document(report, fact, stored, documents[0], currency)


def _without_document(report: Report, fact: OrderFact, stored: StoreFact) -> None:
    if stored.state in {"ignored", "cancelled"}:
        report.accounted[stored.reason or stored.state] += 1
    elif stored.open_case:
        report.accounted[f"open case ({stored.state})"] += 1
    else:
        detail = f"{fact.number} is {stored.state} ({stored.reason}) without a document or an open case"
        report.differences.append(Difference("unexplained", fact.external_id, detail))


def _with_document(report: Report, fact: OrderFact, stored: StoreFact, document: ErpOrderFact, currency: str) -> None:
    report.accounted[f"in the ERP ({stored.state})"] += 1
    gone = document.state == "cancelled"
    if gone != (stored.state == "cancelled") or (fact.cancelled and not gone):
        if stored.open_case:
            report.accounted["differs, with an open case"] += 1
            return
        channel = "cancelled" if fact.cancelled else "alive"
        detail = f"{fact.number} is {channel} on the channel, {stored.state} in the store, {document.state} in the ERP"
        report.differences.append(Difference("unequal", fact.external_id, detail))
        return
    if gone:
        return
    memo = stored.published.channel_liable_tax() if stored.published else None
    total = fact.total if memo is None else fact.total - memo
    wanted = total.shop if currency == "shop" else total.presentment
    if document.total == wanted:
        _add(report.channel, wanted)
        _add(report.erp, document.total)
    elif stored.open_case:
        report.accounted["differs, with an open case"] += 1
    else:
        detail = f"{fact.number}: {document.number} has {document.total}, the channel {wanted}"
        report.differences.append(Difference("unequal", fact.external_id, detail))


def _add(sums: dict[str, tuple[int, int]], amount: Money) -> None:
    count, minor = sums.get(amount.currency, (0, 0))
    sums[amount.currency] = (count + 1, minor + amount.minor)


def money_lines(sums: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    """Return e.g. `41 orders, 1234.50 GBP`, one text a currency."""
    return [f"{count} orders, {Money(minor=minor, currency=code)}" for code, (count, minor) in sorted(sums.items())]
