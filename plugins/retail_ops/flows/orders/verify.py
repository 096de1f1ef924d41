"""Verify: channel, store and ERP side by side. Pure: three plain listings in, differences out.

An order is accounted for when it stands in the ERP with the total that the contract says, or when the store says in so
many words why it does not: ignored, cancelled before publication, or held back by an open case.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.ports.channel import OrderFact
from retail_ops.ports.erp import ErpOrderFact

Kind = Literal["lost", "doubled", "unequal", "stray", "unexplained", "stuck"]
# Longer than any back-off of a command: what is due for longer is carried out by nobody.
STUCK_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StoreFact:
    """What the store says of one order.

    Attributes:
        published: The revision that the ERP should show; None when nothing was published.
        open_case: A case of this order is open.
        due_since: Since when its oldest command waits to be carried out; None when none does.
    """

    external_id: str
    number: str
    state: str
    reason: str
    reference: str | None
    published: Order | None
    open_case: bool
    due_since: datetime | None = None


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
        channel, erp: (orders, minor units) by currency, each side summed by itself: of the channel what should stand
            in the ERP, of the ERP what does.
        accounted: Orders by the reason why they are as they are.
        explained: Differences that an open case speaks of: the channel has moved on, the ERP has not.
    """

    account: str
    channel: dict[str, tuple[int, int]] = field(default_factory=dict)
    erp: dict[str, tuple[int, int]] = field(default_factory=dict)
    accounted: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    explained: list[Difference] = field(default_factory=list)

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
    now: datetime,
    read_up_to: datetime | None,
) -> Report:
    """Compare the three listings of one account.

    Args:
        account: Whose listings these are.
        channel: Every order since the account is governed.
        store: Every entity.
        erp: Every document by origin.
        document_currency: `presentment` or `shop`.
        now: What is due for longer than `STUCK_AFTER` before it is stuck; younger work is on its way.
        read_up_to: The cursor: what changed on the channel since then is on its way. None: nothing was read.
    """
    report = Report(account)
    known = {fact.external_id: fact for fact in store}
    documents: dict[str, list[ErpOrderFact]] = defaultdict(list)
    for document in erp:
        documents[document.external_id].append(document)
    for fact in channel:
        stored = known.get(fact.external_id)
        found = Report(account)
        _one(found, fact, stored, documents.get(fact.external_id, []), document_currency)
        _take(report, found, fact, stored, now=now, read_up_to=read_up_to)
    listed = {fact.external_id for fact in channel}
    for external_id, strays in documents.items():
        if external_id not in listed and external_id not in known:
            for stray in strays:
                _add(report.erp, stray.total)
            detail = f"{strays[0].number} names an origin that nobody knows"
            report.differences.append(Difference("stray", external_id, detail))
    for entity in store:
        if entity.external_id not in listed:
            report.accounted["not listed by the channel"] += 1
    return report


def _take(
    report: Report,
    found: Report,
    fact: OrderFact,
    stored: StoreFact | None,
    *,
    now: datetime,
    read_up_to: datetime | None,
) -> None:
    """Add what was found of one order, unless work on it is still on its way; doubled is doubled in any case."""
    due_since = None if stored is None else stored.due_since
    unread = read_up_to is None or fact.updated_at >= read_up_to
    on_its_way = unread or (due_since is not None and due_since > now - STUCK_AFTER)
    if found.differences and on_its_way and found.differences[0].kind != "doubled":
        report.accounted["on its way"] += 1
        return
    if due_since is not None and due_since <= now - STUCK_AFTER:
        detail = f"{fact.number} has a command that is due since {due_since:%Y-%m-%d %H:%M}Z"
        report.differences.append(Difference("stuck", fact.external_id, detail))
    report.accounted.update(found.accounted)
    report.differences.extend(found.differences)
    report.explained.extend(found.explained)
    for sums, more in ((report.channel, found.channel), (report.erp, found.erp)):
        for code, (count, minor) in more.items():
            known_count, known_minor = sums.get(code, (0, 0))
            sums[code] = (known_count + count, known_minor + minor)


def _one(
    report: Report, fact: OrderFact, stored: StoreFact | None, documents: Sequence[ErpOrderFact], currency: str
) -> None:
    if stored is None:
        # A message that fits no contract has no entity; its case says so, and the caller hands it in as a fact.
        _add(report.channel, _wanted(fact, stored, currency))
        report.differences.append(Difference("lost", fact.external_id, f"{fact.number} is not in the store"))
        return
    if len(documents) > 1:
        _add(report.channel, _wanted(fact, stored, currency))
        for document in documents:
            _add(report.erp, document.total)
        numbers = ", ".join(document.number for document in documents)
        report.differences.append(Difference("doubled", fact.external_id, f"{fact.number} is {numbers} in the ERP"))
        return
    if not documents:
        _without_document(report, fact, stored, currency)
        return
    _with_document(report, fact, stored, documents[0], currency)


def _wanted(fact: OrderFact, stored: StoreFact | None, currency: str) -> Money:
    """Return what the document should come to: without the tax that the channel itself pays to the state."""
    memo = stored.published.channel_liable_tax() if stored is not None and stored.published else None
    total = fact.total if memo is None else fact.total - memo
    return total.shop if currency == "shop" else total.presentment


def _without_document(report: Report, fact: OrderFact, stored: StoreFact, currency: str) -> None:
    if stored.state in {"ignored", "cancelled"}:
        report.accounted[stored.reason or stored.state] += 1
    elif stored.open_case:
        report.accounted[f"open case ({stored.state})"] += 1
    else:
        _add(report.channel, _wanted(fact, stored, currency))
        detail = f"{fact.number} is {stored.state} ({stored.reason}) without a document or an open case"
        report.differences.append(Difference("unexplained", fact.external_id, detail))


def _with_document(report: Report, fact: OrderFact, stored: StoreFact, document: ErpOrderFact, currency: str) -> None:
    report.accounted[f"in the ERP ({stored.state})"] += 1
    gone = document.state == "cancelled"
    if gone != (stored.state == "cancelled") or (fact.cancelled and not gone):
        channel = "cancelled" if fact.cancelled else "alive"
        detail = f"{fact.number} is {channel} on the channel, {stored.state} in the store, {document.state} in the ERP"
        found = report.explained if stored.open_case else report.differences
        found.append(Difference("unequal", fact.external_id, detail))
        return
    if gone:
        return
    wanted = _wanted(fact, stored, currency)
    _add(report.channel, wanted)
    _add(report.erp, document.total)
    if document.total != wanted:
        detail = f"{fact.number}: {document.number} has {document.total}, the channel {wanted}"
        # A case explains a document that is behind the channel; nothing explains one that differs from what it was
        # made of.
        behind = stored.published is None or fact.updated_at > stored.published.updated_at
        found = report.explained if stored.open_case and behind else report.differences
        found.append(Difference("unequal", fact.external_id, detail))


def _add(sums: dict[str, tuple[int, int]], amount: Money) -> None:
    count, minor = sums.get(amount.currency, (0, 0))
    sums[amount.currency] = (count + 1, minor + amount.minor)


def money_lines(sums: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    """Return e.g. `41 orders, 1234.50 GBP`, one text a currency."""
    return [f"{count} orders, {Money(minor=minor, currency=code)}" for code, (count, minor) in sorted(sums.items())]
