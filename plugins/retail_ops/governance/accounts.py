"""The accounts of every channel and how each maps to the ERP (`channels.yaml`, `mappings/<account>.yaml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.contracts.ids import AccountId
from retail_ops.contracts.money import Currency
from retail_ops.contracts.order import Rate
from retail_ops.governance.files import Governed, load

Name = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]


class Account(Governed):
    """One shop or seller account: the unit of DAGs, pools, cursors, limits and credentials.

    Attributes:
        connection: Airflow connection id of the channel.
        erp: Airflow connection id of the ERP.
        presentment_currencies: What buyers may pay in; each needs a price list in the mapping.
        visibility_lag_s: How long the channel's search may lag behind the truth.
        poll_s: How often the trigger asks the channel whether anything changed.
        sweep_s: How often a run starts although nothing rang, to prove that nothing was missed.
    """

    channel: Literal["shopify"]
    connection: Name
    erp: Name
    site: Name
    shop_currency: Currency
    presentment_currencies: tuple[Currency, ...]
    visibility_lag_s: Annotated[int, Field(ge=0, le=3600)] = 120
    overlap_s: Seconds = 600
    poll_s: Seconds = 10
    sweep_s: Seconds = 300


class Channels(Governed):
    """`channels.yaml`: every account by its id."""

    version: Literal[1]
    owner: Name
    accounts: dict[AccountId, Account]


class TaxRule(Governed):
    """One channel tax and the ERP tax that stands for it.

    Attributes:
        title: The channel's tax title, verbatim, compared without case.
        odoo: Name of the tax in Odoo, unique within the company.
    """

    title: Name
    rate: Rate
    included: bool
    odoo: Name


class Taxes(Governed):
    """Tax mapping with an owner; a tax that no rule names holds the order."""

    owner: Name
    rules: tuple[TaxRule, ...]


class ServiceProducts(Governed):
    """SKUs in the ERP for everything on an order that is no product; None: an order that needs it is held."""

    shipping: Name
    discount: Name
    rounding: Name
    duty: Name | None = None
    tip: Name | None = None
    fee: Name | None = None
    gift_card: Name | None = None
    custom: Name | None = None


class Mapping(Governed):
    """`mappings/<account>.yaml`: what the account is in the ERP.

    Attributes:
        pricelists: Price list name by document currency; the currency of the list decides the document's currency.
        document_currency: Whether documents are in the buyer's or in the shop's currency.
        order_fields: Custom fields of `sale.order`, set on every order.
        guest_partner: Name of the partner for orders without buyer and address; made once by hand in the ERP.
        rounding_minor_per_line: Largest tax difference a line, in minor units, that becomes a rounding line.
    """

    version: Literal[1]
    owner: Name
    company: Name
    warehouse: Name
    document_currency: Literal["presentment", "shop"] = "presentment"
    pricelists: dict[Currency, Name]
    order_fields: dict[Annotated[str, Field(pattern=r"^x_[a-z0-9_]+$")], str] = Field(default_factory=dict)
    guest_partner: Name
    products: ServiceProducts
    taxes: Taxes
    rounding_minor_per_line: Annotated[int, Field(ge=0, le=1)] = 1


class AccountSetup(Governed):
    """An account together with its mapping."""

    account: AccountId
    channel: Account
    mapping: Mapping


def load_accounts(root: Path) -> dict[str, AccountSetup]:
    """Return every configured account by id.

    Args:
        root: The governance folder.

    Raises:
        ConfigurationError: Names the file and field, or the currency that has no price list.
    """
    channels = load(root / "channels.yaml", Channels)
    return {account: _setup(root, account, channel) for account, channel in channels.accounts.items()}


def _setup(root: Path, account: str, channel: Account) -> AccountSetup:
    path = root / "mappings" / f"{account}.yaml"
    mapping = load(path, Mapping)
    wanted = channel.presentment_currencies if mapping.document_currency == "presentment" else (channel.shop_currency,)
    missing = sorted(set(wanted) - set(mapping.pricelists))
    if missing:
        raise ConfigurationError(f"governance file {path.name}: pricelists: no price list for {', '.join(missing)}")
    return AccountSetup(account=account, channel=channel, mapping=mapping)
