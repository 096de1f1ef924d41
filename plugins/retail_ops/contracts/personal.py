"""Personal data on its way into the vault. Never logged, never part of a contract that leaves the vault."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=500)]
AddressRole = Literal["billing", "delivery"]


class Address(BaseModel):
    """A postal address as the channel gave it; None where it gave nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    name: Text | None
    company: Text | None
    street: Text | None
    street2: Text | None
    city: Text | None
    postcode: Text | None
    region: Text | None
    country: Text | None
    phone: Text | None


class PersonalData(BaseModel):
    """Everything personal that one order carries.

    Attributes:
        name: The buyer's display name.
        company: The business buyer's name.
        addresses: By role; equal addresses share one reference in the order.
        note: Free text of the buyer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    name: Text | None
    company: Text | None
    email: Text | None
    phone: Text | None
    addresses: dict[AddressRole, Address]
    note: Annotated[str, Field(max_length=5000)] | None
