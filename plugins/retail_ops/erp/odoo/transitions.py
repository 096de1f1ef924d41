"""Moves many orders from one state to the next in one call. Not here: which orders, and whether it happened.

One bad order rolls the whole call back, so a refused batch is halved until the bad ones stand alone. What happened is
never taken from the answer: it may be a wizard that did nothing, and another worker may have been faster. Callers
re-read the state.

Source: measured on Odoo 18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retail_ops.contracts.errors import AmbiguousError, RejectedError, ThrottledError, TransientError
from retail_ops.erp.odoo.client import Caller, Json
from retail_ops.erp.odoo.faults import ConflictError
from retail_ops.erp.odoo.loading import Deferred, Pause, patiently, postponed
from retail_ops.ports.erp import Problem

Obstacles = dict[int, "Problem | Deferred"]


def transition(
    caller: Caller,
    method: str,
    order_ids: Sequence[int],
    *,
    pause: Pause,
    context: Mapping[str, Json] | None = None,
) -> Obstacles:
    """Run `method` of `sale.order` on all orders; return what stood in the way of those that it did not take.

    Idempotent: Odoo refuses a transition that was already made; the caller sees the state.
    """
    if not order_ids:
        return {}
    try:
        # An unknown outcome is not tried again here: the state says what happened.
        patiently(
            lambda: caller.push("sale.order", method, list(order_ids), context=context), pause, again=(ConflictError,)
        )
    except RejectedError as error:
        if len(order_ids) == 1:
            return {order_ids[0]: Problem(error.code, "", error.detail)}
        middle = len(order_ids) // 2
        first = transition(caller, method, order_ids[:middle], pause=pause, context=context)
        return first | transition(caller, method, order_ids[middle:], pause=pause, context=context)
    except (TransientError, AmbiguousError, ThrottledError) as error:
        return dict.fromkeys(order_ids, postponed(error))
    return {}
