"""Who an order is for, as Odoo partners: found by mail, customer or company, never by name. Pure.

    business buyer      <account>/company/<company id>      a company, its contacts below it
    mail known          <account>/mail/<digest>             one partner for all orders of that mail
    customer known      <account>/customer/<digest>
    only an address     <account>/guest/<order's subject>
    nothing             the guest partner of the mapping

Addresses are children `<partner>/address/<reference>`: equal references share one child. A child that serves as both
invoice and delivery address is of type `other`: as `delivery` or `invoice` it would become the default for one of the
two on every order that people enter by hand. Odoo accepts a state of another country, so the pair is checked here; a
region that Odoo does not know goes as text into the address.

Not here: the writes (see `partners`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from retail_ops.contracts.order import AddressRef
from retail_ops.contracts.personal import Address, AddressRole
from retail_ops.erp.odoo.directory import Directory
from retail_ops.erp.odoo.loading import Record
from retail_ops.erp.odoo.names import external_name
from retail_ops.ports.erp import OrderDocument, Problem

PARENT_COLUMNS: Final = ("name", "email", "phone", "is_company")
ADDRESS_COLUMNS: Final = (
    "parent_id/.id",
    "type",
    "name",
    "street",
    "street2",
    "zip",
    "city",
    "country_id/.id",
    "state_id/.id",
    "phone",
)
_EMPTY: Final = Address(
    name=None,
    company=None,
    street=None,
    street2=None,
    city=None,
    postcode=None,
    region=None,
    country=None,
    phone=None,
)


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """The partners that one order needs.

    Attributes:
        parent: None: the guest partner of the mapping.
        addresses: Children by name, each with its cells behind the parent's id.
        roles: The child's name by role; a role without an address is absent.
    """

    parent: Record | None
    addresses: Mapping[str, tuple[str, ...]]
    roles: Mapping[AddressRole, str]


def plan_contacts(document: OrderDocument, directory: Directory) -> ContactPlan | Problem:
    """Return the partners of an order, or why its addresses do not fit."""
    order = document.order
    given: dict[AddressRole, AddressRef] = {}
    if order.billing is not None:
        given["billing"] = order.billing
    if order.delivery is not None:
        given["delivery"] = order.delivery
    for role, ref in given.items():
        if ref.country is not None and ref.country not in directory.countries:
            return Problem("unknown_country", f"{role}.country", f"Odoo has no country {ref.country}")
    name = _parent_name(document)
    if name is None:
        return ContactPlan(None, {}, {})
    roles = {role: f"{name}/{external_name('address', ref.ref)}" for role, ref in given.items()}
    addresses = {
        roles[role]: _address_cells(document, ref, _type(role, given), role=role, directory=directory)
        for role, ref in given.items()
    }
    return ContactPlan(Record(name, (_parent_cells(document),)), addresses, roles)


def _parent_name(document: OrderDocument) -> str | None:
    order, buyer = document.order, document.order.buyer
    if buyer.company is not None:
        return external_name(order.account, "company", buyer.company.company_id)
    if buyer.mail is not None:
        return external_name(order.account, "mail", buyer.mail)
    if buyer.customer is not None:
        return external_name(order.account, "customer", buyer.customer)
    if order.billing is not None or order.delivery is not None:
        return external_name(order.account, "guest", buyer.subject)
    return None


def _parent_cells(document: OrderDocument) -> tuple[str, ...]:
    personal, company = document.personal, document.order.buyer.company
    addresses = list(personal.addresses.values())
    if company is not None:
        names = (personal.company, *(address.company for address in addresses), f"Company {company.company_id}")
        # The mail and the phone belong to the person who ordered, not to the company.
        return (_first(*names), "", "", "1")
    names = (personal.name, *(address.name for address in addresses), personal.email, "Customer")
    return (_first(*names), personal.email or "", personal.phone or "", "0")


def _address_cells(
    document: OrderDocument, ref: AddressRef, kind: str, *, role: AddressRole, directory: Directory
) -> tuple[str, ...]:
    address = document.personal.addresses.get(role, _EMPTY)
    region = ref.region or address.region
    state = directory.states.get((ref.country or "", region or ""))
    country = directory.countries.get(ref.country or "")
    unknown_region = region if state is None else None
    name = ", ".join(dict.fromkeys(part for part in (address.company, address.name) if part))
    return (
        kind,
        _first(name, document.personal.name, "Address"),
        address.street or "",
        ", ".join(part for part in (address.street2, unknown_region) if part),
        address.postcode or "",
        address.city or "",
        str(country or ""),
        str(state or ""),
        address.phone or "",
    )


def _type(role: AddressRole, given: Mapping[AddressRole, AddressRef]) -> str:
    if len({ref.ref for ref in given.values()}) < len(given):
        return "other"
    return "invoice" if role == "billing" else "delivery"


def _first(*texts: str | None) -> str:
    return next((text.strip() for text in texts if text and text.strip()), "Customer")
