"""Our own expectations: exact integer balances, which the built-in ones do not have.

`ExpectMulticolumnSumToEqual` compares a sum with one constant, in whatever number type the columns have. These compare
columns with columns as Python integers: no float and no overflow, whatever the size. Importing this module imports
Great Expectations and registers the classes; only `validation.py` does so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, cast

import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
    multicolumn_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import (
    MulticolumnMapMetricProvider,
)


def exact(value: object) -> int:
    """Return `value` as it is.

    Raises:
        TypeError: It is no integer: the check would not be exact and must not become a verdict.
    """
    if type(value) is not int:
        raise TypeError(f"amounts are exact integers in minor units, not {type(value).__name__}")
    return value


def balance_difference(row: Mapping[str, object], total: str, *, plus: Iterable[str], minus: Iterable[str]) -> int:
    """Return the total minus the sum of its parts, in minor units; 0 when the row balances.

    Args:
        row: Integers by column.
        total: Column of the stated total.
        plus: Columns that are added.
        minus: Columns that are subtracted.
    """
    parts = sum(exact(row[name]) for name in plus) - sum(exact(row[name]) for name in minus)
    return exact(row[total]) - parts


class MinorUnitsBalance(MulticolumnMapMetricProvider):
    """Metric: whether each row's total is the sum of its parts."""

    condition_metric_name = "multicolumn_values.minor_units_balance"
    condition_value_keys = ("total_column", "plus_columns", "minus_columns")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: pd.DataFrame, **arguments: object) -> pd.Series[bool]:  # noqa: N805 - a class method
        total, plus, minus = (cast("Any", arguments[key]) for key in cls.condition_value_keys)
        rows = cast("list[dict[str, object]]", column_list.to_dict("records"))
        holds = [balance_difference(row, total, plus=plus, minus=minus) == 0 for row in rows]
        return pd.Series(holds, index=column_list.index, dtype=bool)


class MinorUnitsOneOf(MulticolumnMapMetricProvider):
    """Metric: whether each row's stated amount equals one of the candidates."""

    condition_metric_name = "multicolumn_values.minor_units_one_of"
    condition_value_keys = ("stated_column", "candidate_columns")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: pd.DataFrame, **arguments: object) -> pd.Series[bool]:  # noqa: N805 - a class method
        stated, candidates = (cast("Any", arguments[key]) for key in cls.condition_value_keys)
        rows = cast("list[dict[str, object]]", column_list.to_dict("records"))
        holds = [exact(row[stated]) in {exact(row[name]) for name in candidates} for row in rows]
        return pd.Series(holds, index=column_list.index, dtype=bool)


class ExpectMinorUnitsToBalance(MulticolumnMapExpectation):
    """Expect a total to be the sum of some columns minus others, to the last minor unit."""

    total_column: str
    plus_columns: list[str]
    minus_columns: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: Literal["never"] = "never"

    map_metric: ClassVar[str] = MinorUnitsBalance.condition_metric_name
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", *MinorUnitsBalance.condition_value_keys)
    args_keys: ClassVar[tuple[str, ...]] = MinorUnitsBalance.condition_value_keys

    @pydantic.root_validator(pre=True)
    def _read_every_column(cls, values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805 - pydantic 1, as the base is
        named = [values.get("total_column"), *values.get("plus_columns", ()), *values.get("minus_columns", ())]
        return values | {"column_list": list(dict.fromkeys(named))}

    def difference(self, row: Mapping[str, object]) -> int:
        """Return what is missing from (negative) or too much in (positive) the total of one bad row."""
        return balance_difference(row, self.total_column, plus=self.plus_columns, minus=self.minus_columns)


class ExpectMinorUnitsToEqualOneOf(MulticolumnMapExpectation):
    """Expect a stated amount to equal one of several computed ones, to the last minor unit."""

    stated_column: str
    candidate_columns: list[str]
    ignore_row_if: Literal["never"] = "never"

    map_metric: ClassVar[str] = MinorUnitsOneOf.condition_metric_name
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", *MinorUnitsOneOf.condition_value_keys)
    args_keys: ClassVar[tuple[str, ...]] = MinorUnitsOneOf.condition_value_keys

    @pydantic.root_validator(pre=True)
    def _read_every_column(cls, values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805 - pydantic 1, as the base is
        named = [values.get("stated_column"), *values.get("candidate_columns", ())]
        return values | {"column_list": list(dict.fromkeys(named))}
