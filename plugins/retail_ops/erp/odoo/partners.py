"""Writes the partners of a batch of orders: one call for all parents, one for all their addresses.

Not here: who they are (see `contacts`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from retail_ops.erp.odoo.client import Caller
from retail_ops.erp.odoo.contacts import ADDRESS_COLUMNS, PARENT_COLUMNS, ContactPlan, plan_contacts
from retail_ops.erp.odoo.directory import Directory
from retail_ops.erp.odoo.loading import Deferred, Loaded, Loader, Pause, Record
from retail_ops.ports.erp import OrderDocument, Problem


@dataclass(frozen=True, slots=True)
class Partners:
    """Partner ids of one order."""

    customer_id: int
    invoice_id: int
    delivery_id: int


Found: TypeAlias = "Partners | Problem | Deferred"


def place_partners(
    caller: Caller, directory: Directory, documents: Sequence[OrderDocument], *, pause: Pause = time.sleep
) -> list[Found]:
    """Insert or ignore the partners of each order; return them, or what stood in the way, in order.

    Idempotent: by external id. An existing partner is never changed.
    """
    plans = [plan_contacts(document, directory) for document in documents]
    wanted = [plan for plan in plans if isinstance(plan, ContactPlan)]
    parents = [plan.parent for plan in wanted if plan.parent is not None]
    known = Loader(caller, "res.partner", PARENT_COLUMNS, pause=pause).load(parents)
    children = [record for plan in wanted for record in _children(plan, known)]
    known |= Loader(caller, "res.partner", ADDRESS_COLUMNS, pause=pause).load(children)
    return [plan if isinstance(plan, Problem) else _partners(plan, known, directory) for plan in plans]


def _children(plan: ContactPlan, known: Mapping[str, Loaded]) -> list[Record]:
    parent = known.get(plan.parent.name) if plan.parent else None
    if not isinstance(parent, int):
        return []
    return [Record(name, ((str(parent), *cells),)) for name, cells in plan.addresses.items()]


def _partners(plan: ContactPlan, known: Mapping[str, Loaded], directory: Directory) -> Found:
    if plan.parent is None:
        guest = directory.guest_partner_id
        return Partners(guest, guest, guest)
    customer = known[plan.parent.name]
    if not isinstance(customer, int):
        return _in_field(customer, "buyer")
    ids: dict[str, int] = {}
    for role, name in plan.roles.items():
        address = known[name]
        if not isinstance(address, int):
            return _in_field(address, role)
        ids[role] = address
    # Without a billing address the invoice goes where the goods go; goods never go to a billing address by guess.
    invoice = ids.get("billing", ids.get("delivery", customer))
    return Partners(customer, invoice, ids.get("delivery", customer))


def _in_field(found: Problem | Deferred, field: str) -> Problem | Deferred:
    return found if isinstance(found, Deferred) else Problem(found.code, field, found.detail)
