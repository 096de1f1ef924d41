"""Batches isolate their bad records in few calls, by the rows that messages name or by halving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from erp.odoo.running import StandIn
from retail_ops.contracts.errors import AmbiguousError, RetailOpsError, TransientError
from retail_ops.erp.odoo.client import CompanyCaller, Json
from retail_ops.erp.odoo.faults import ConflictError
from retail_ops.erp.odoo.loading import Deferred, Loader, Record, patiently, resolve
from retail_ops.ports.erp import Problem

Names = Callable[[], str]


class Counting:
    """Passes calls on and counts what is written."""

    def __init__(self, caller: CompanyCaller) -> None:
        self.caller = caller
        self.pushed = 0

    def fetch(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Any:
        return self.caller.fetch(model, method, *args, context=context)

    def push(self, model: str, method: str, *args: Json, context: Mapping[str, Json] | None = None) -> Any:
        self.pushed += 1
        return self.caller.push(model, method, *args, context=context)


@pytest.fixture
def caller(standin: StandIn) -> Counting:
    return Counting(CompanyCaller(standin.client(), company_id=1))


GOOD = ("5", "0")


def orders(caller: Counting, names: list[str], bad: Mapping[int, tuple[str, str]]) -> tuple[Loader, list[Record]]:
    """Orders of two lines; `bad` maps a position to price and discount cells of its second line."""
    product = str(caller.fetch("product.product", "search", [["default_code", "=", "TS-001"]])[0])
    columns = ("partner_id/.id", "order_line/product_id/.id", "order_line/price_unit", "order_line/discount")
    records = [
        Record(f"load/{name}", (("1", product, *GOOD), ("", product, *bad.get(position, GOOD))))
        for position, name in enumerate(names)
    ]
    return Loader(caller, "sale.order", columns, pause=lambda _: None), records


def kinds(found: Mapping[str, Any]) -> list[str]:
    return [type(each).__name__ for each in found.values()]


def test_records_that_messages_name_are_taken_out_in_one_step(caller: Counting, fresh: Names) -> None:
    loader, records = orders(caller, [fresh() for _ in range(20)], {7: ("five", "0")})
    found = loader.load(records)
    assert [name for name, each in found.items() if isinstance(each, Problem)] == [records[7].name]
    assert sum(isinstance(each, int) for each in found.values()) == 19
    assert caller.pushed == 3


def test_a_fault_that_names_nothing_is_found_by_halving(caller: Counting, fresh: Names) -> None:
    loader, records = orders(caller, [fresh() for _ in range(8)], {5: ("5", "1,5")})
    found = loader.load(records)
    assert [name for name, each in found.items() if isinstance(each, Problem)] == [records[5].name]
    assert sum(isinstance(each, int) for each in found.values()) == 7
    assert caller.pushed == 7


def test_ids_belong_to_the_names_whatever_existed_before(caller: Counting, fresh: Names) -> None:
    loader, records = orders(caller, [fresh() for _ in range(4)], {})
    second = loader.load([records[2]])
    first = loader.load(records)
    assert first[records[2].name] == second[records[2].name]
    assert resolve(caller, "sale.order", [each.name for each in records]) == first


def test_a_name_given_twice_is_inserted_once_from_the_first(caller: Counting, fresh: Names) -> None:
    name = f"load/{fresh()}"
    loader = Loader(caller, "res.partner", ("name",), pause=lambda _: None)
    found = loader.load([Record(name, (("First",),)), Record(name, (("Second",),))])
    ids = [each for each in found.values() if isinstance(each, int)]
    (row,) = caller.fetch("res.partner", "read", ids, ["name"])
    assert row["name"] == "First"


def test_names_that_nobody_took_are_absent_and_stay_free(caller: Counting, fresh: Names) -> None:
    loader, records = orders(caller, [fresh(), fresh()], {})
    loader.load(records[:1])
    assert list(resolve(caller, "sale.order", [each.name for each in records])) == [records[0].name]
    assert list(resolve(caller, "sale.order", [records[1].name])) == []


def test_a_far_side_that_is_away_defers_without_trying_each_record(
    caller: Counting, standin: StandIn, fresh: Names
) -> None:
    loader, records = orders(caller, [fresh() for _ in range(6)], {})
    standin.control("POST", "faults", {"fault": "http_500", "model": "sale.order", "method": "load", "times": 3})
    assert kinds(loader.load(records)) == ["Deferred"] * 6
    assert caller.pushed == 3
    assert not [each for each in loader.load(records).values() if isinstance(each, Deferred)]


@pytest.mark.parametrize(
    ("error", "tries"), [(ConflictError("busy"), 3), (AmbiguousError("unknown"), 3), (TransientError("away"), 1)]
)
def test_only_what_may_succeed_at_once_is_tried_again(error: RetailOpsError, tries: int) -> None:
    calls: list[int] = []
    pauses: list[float] = []

    def act() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        patiently(act, pauses.append)
    assert (len(calls), len(pauses)) == (tries, tries - 1)
    assert all(0 < pause < 1 for pause in pauses)
