"""A trading day in real time: every special case at least once at each shop, the rest ordinary.

NOT here: what is bought (`occasions`), the wire (`counter`).
"""

import heapq
import random
import time
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from standins.shoppers.baskets import Shopper
from standins.shoppers.catalogue import Product
from standins.shoppers.counter import Counter, Premises, Receipt
from standins.shoppers.occasions import OCCASIONS, Later, Occasion, fits

JsonObject = dict[str, Any]
# What follows an order comes within this share of the day behind it, and within the day.
_LATER_SHARE = (0.1, 0.35)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What the day is to hold.

    Attributes:
        orders: Over all shops together.
        seconds: Length of the day in real time.
    """

    seed: int
    orders: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One occasion at one shop, `at` seconds into the day."""

    at: float
    shop: int
    kind: str


@dataclass(order=True, slots=True)
class _Due:
    at: float
    turn: int
    act: Callable[[], None] = field(compare=False)


def plan_visits(plan: DayPlan, shops: Sequence[Shopper]) -> list[Visit]:
    """Which occasion happens where and when; the same seed gives the same day.

    The special cases are taken up in their own order, shop by shop, so that a short day still has the first of them.
    """
    chance = random.Random(f"{plan.seed}/day")  # noqa: S311 -- invented data, no secret
    wanted = [(index, kind) for kind in OCCASIONS for index, shop in enumerate(shops) if fits(kind, shop)]
    wanted = wanted[: plan.orders]
    ordinary = ("ordinary", "ordinary", "guest", "line_discount", "order_discount")
    while len(wanted) < plan.orders:
        wanted.append((len(wanted) % len(shops), chance.choice(ordinary)))
    chance.shuffle(wanted)
    # Placing ends early enough for what follows an order to happen within the day.
    moments = sorted(chance.uniform(0, plan.seconds * (1 - _LATER_SHARE[1])) for _ in wanted)
    return [Visit(at, shop, kind) for at, (shop, kind) in zip(moments, wanted, strict=True)]


class Day:
    """Runs one plan."""

    def __init__(self, plan: DayPlan, counters: Sequence[Counter], goods: Sequence[Product]) -> None:
        self._plan = plan
        self._counters = counters
        self._chance = random.Random(f"{plan.seed}/later")  # noqa: S311 -- invented data, no secret
        self._shops = [
            Shopper(random.Random(f"{plan.seed}/{index}"), counter.premises(), goods)  # noqa: S311 -- invented data
            for index, counter in enumerate(counters)
        ]
        self._queue: list[_Due] = []
        self._turn = 0
        self._orders: list[JsonObject] = []

    def run(self) -> JsonObject:
        """Live through the day and report what was placed."""
        for visit in plan_visits(self._plan, self._shops):
            self._at(visit.at, partial(self._visit, visit))
        started = time.monotonic()
        while self._queue:
            due = heapq.heappop(self._queue)
            time.sleep(max(0.0, started + due.at - time.monotonic()))
            due.act()
        return self._report()

    def _at(self, moment: float, act: Callable[[], None]) -> None:
        self._turn += 1
        heapq.heappush(self._queue, _Due(moment, self._turn, act))

    def _visit(self, visit: Visit) -> None:
        occasion: Occasion = OCCASIONS[visit.kind](self._shops[visit.shop])
        receipt = self._counters[visit.shop].place([occasion.purchase])[0]
        entry = {
            "kind": visit.kind,
            "shop": self._shops[visit.shop].premises.name,
            "id": receipt.gid,
            "name": receipt.name,
            "placed_at": _now(),
            "later": [],
        }
        self._orders.append(entry)
        moment = visit.at
        for later in occasion.later:
            moment += self._plan.seconds * self._chance.uniform(*_LATER_SHARE) / len(occasion.later)
            self._at(moment, self._change(visit, receipt, later, entry))

    def _change(self, visit: Visit, receipt: Receipt, later: Later, entry: JsonObject) -> Callable[[], None]:
        def act() -> None:
            self._counters[visit.shop].change(receipt.number, later.action, later.body)
            entry["later"].append({"action": later.action, "at": _now()})

        return act

    def _report(self) -> JsonObject:
        return {
            "seed": self._plan.seed,
            "placed": len(self._orders),
            "by_kind": dict(sorted(Tally(entry["kind"] for entry in self._orders).items())),
            "by_shop": [_shop_report(shop.premises, self._orders) for shop in self._shops],
            "orders": self._orders,
        }


def _shop_report(premises: Premises, orders: Sequence[JsonObject]) -> JsonObject:
    own = [entry for entry in orders if entry["shop"] == premises.name]
    return {"shop": premises.name, "url": premises.url, "placed": len(own)}


def _now() -> str:
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
