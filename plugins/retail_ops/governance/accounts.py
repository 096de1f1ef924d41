"""The accounts of every channel and how each maps to the ERP (`channels.yaml`, `mappings/<account>.yaml`)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.contracts.ids import AccountId
from retail_ops.contracts.money import Currency
from retail_ops.contracts.order import Rate
from retail_ops.governance.files import Governed, fit, load

Name = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
log = logging.getLogger(__name__)


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
    """`channels.yaml`: every account by its id; each is read by itself, so that a broken one holds no other."""

    version: Literal[1]
    owner: Name
    accounts: dict[str, object]


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

    @model_validator(mode="after")
    def _each_tax_once(self) -> Taxes:
        seen: set[tuple[str, Decimal, bool]] = set()
        for rule in self.rules:
            tax = (rule.title.casefold(), Decimal(rule.rate), rule.included)
            if tax in seen:
                raise ValueError(f"rules: two rules for {rule.title} at {rule.rate}")
            seen.add(tax)
        return self


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


class _Entry(Governed):
    """The key of one entry of `channels.yaml`."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the files say, account by account.

    Attributes:
        usable: The accounts whose files are right.
        broken: What is wrong with the others, by the id they have in `channels.yaml`.
    """

    usable: dict[str, AccountSetup]
    broken: dict[str, ConfigurationError]

    def setup_of(self, account: str) -> AccountSetup:
        """Return one account.

        Raises:
            ConfigurationError: Its files are wrong, or it is not configured; names what is wrong, or those that are.
        """
        if account in self.broken:
            raise self.broken[account]
        if account not in self.usable:
            names = ", ".join(sorted({*self.usable, *self.broken}))
            raise ConfigurationError(f"account {account} is not in channels.yaml; there are: {names}")
        return self.usable[account]

    def log_broken(self) -> None:
        """Log what is wrong with the broken accounts, each fault once a process."""
        for account, error in self.broken.items():
            _log_once(account, str(error))


@cache
def _log_once(account: str, fault: str) -> None:
    log.error("account left out account=%s fault=%s", account, fault)


def read_accounts(root: Path) -> Accounts:
    """Return every configured account, the broken ones apart: one wrong file never takes the others down.

    Args:
        root: The governance folder.

    Raises:
        ConfigurationError: `channels.yaml` itself cannot be read.
    """
    path = root / "channels.yaml"
    found = Accounts({}, {})
    for account, content in load(path, Channels).accounts.items():
        try:
            found.usable[account] = _setup(root, path, account, content)
        except ConfigurationError as error:
            found.broken[account] = error
    return found


def load_accounts(root: Path) -> dict[str, AccountSetup]:
    """Return every configured account by id, or nothing when one of them is broken.

    Args:
        root: The governance folder.

    Raises:
        ConfigurationError: Names the file and field, or the currency that has no price list, of every broken account.
    """
    found = read_accounts(root)
    if found.broken:
        raise ConfigurationError("; ".join(str(error) for error in found.broken.values()))
    return found.usable


def _setup(root: Path, channels: Path, account: str, content: object) -> AccountSetup:
    fit({"account": account}, _Entry, channels, at=("accounts", account))
    channel = fit(content, Account, channels, at=("accounts", account))
    path = root / "mappings" / f"{account}.yaml"
    mapping = load(path, Mapping)
    wanted = channel.presentment_currencies if mapping.document_currency == "presentment" else (channel.shop_currency,)
    missing = sorted(set(wanted) - set(mapping.pricelists))
    if missing:
        raise ConfigurationError(f"governance file {path.name}: pricelists: no price list for {', '.join(missing)}")
    return AccountSetup(account=account, channel=channel, mapping=mapping)
