"""Scalars as Odoo keeps and shows them: rounding, moments, the two JSON shapes of nothing.

Numbers live as floats because Odoo's wire carries floats; every computation goes through `Decimal`.
Not here: fields and models.
"""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from standins.odoo.errors import OdooValueError

Value: TypeAlias = Any
Row: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, int]
Claim: TypeAlias = tuple[str, ...]

MOMENT = "%Y-%m-%d %H:%M:%S"
DAY = "%Y-%m-%d"
SECONDS_LENGTH = 19
DAY_LENGTH = 10


def to_decimal(number: float) -> Decimal:
    """Read a stored float as the number that was meant.

    Args:
        number: A float that was written with a few decimals.

    Returns:
        The shortest decimal that reads back as this float.
    """
    return Decimal(repr(float(number)))


def round_half_up(number: Decimal, unit: Decimal) -> Decimal:
    """Round to a multiple of a unit, ties away from zero.

    Args:
        number: Any number.
        unit: The step, such as 0.01 or 1.

    Returns:
        The nearest multiple.
    """
    return (number / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit


def round_float(number: float, digits: int) -> float:
    """Round a float half away from zero.

    Args:
        number: Any float.
        digits: Decimals to keep.

    Returns:
        The rounded float.
    """
    return float(round_half_up(to_decimal(number), Decimal(1).scaleb(-digits)))


def to_moment(value: Value) -> str | None:
    """Read a datetime as `create` and `write` take it: naive UTC, no T, no zone, no fraction.

    Args:
        value: A string, or False.

    Returns:
        ``YYYY-MM-DD HH:MM:SS``, or None for False.

    Raises:
        OdooValueError: With the message of `strptime`.
    """
    if not value:
        return None
    text = str(value)
    try:
        moment = datetime.strptime(text, DAY if len(text) == DAY_LENGTH else MOMENT)  # noqa: DTZ007
    except ValueError as error:
        raise OdooValueError(str(error)) from error
    return moment.strftime(MOMENT)


def to_number(value: Value) -> float:
    """Read a float as `create` and `write` take it.

    Args:
        value: A number, a numeric string, or False for zero.

    Returns:
        The float.

    Raises:
        OdooValueError: With the message of `float`.
    """
    try:
        return float(value or 0.0)
    except ValueError as error:
        raise OdooValueError(str(error)) from error
    except TypeError as error:
        raise OdooValueError(str(error)) from error
