"""What the order flow needs of a channel's account. Implemented in `channels/<code>/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from retail_ops.contracts.money import MoneyPair
from retail_ops.contracts.order import Order
from retail_ops.contracts.personal import PersonalData


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of the channel's update time, `start <= t < end`, aware UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message as the channel gave it.

    Attributes:
        external_id: The channel's id, verbatim; None when the bytes could not be read far enough.
        source_at: The channel's version; None when it could not be read.
        body: The bytes that the inbox keeps: canonical JSON where the message came inside a larger answer.
    """

    kind: str
    external_id: str | None
    source_at: datetime | None
    body: bytes


@dataclass(frozen=True, slots=True)
class MappedOrder:
    """A message, split into the contract and the personal data that goes to the vault."""

    order: Order
    personal: PersonalData


@dataclass(frozen=True, slots=True)
class OrderFact:
    """What the channel says of one order when asked plainly, for `verify`."""

    external_id: str
    number: str
    test: bool
    cancelled: bool
    updated_at: datetime
    total: MoneyPair


@dataclass(frozen=True, slots=True)
class Capabilities:
    """How an account can be read.

    Attributes:
        visibility_lag: How long a change may stay invisible to a window read; the cursor never moves past now minus it.
        overlap: How far each window reaches back behind the cursor.
        page_size: Orders a page.
    """

    visibility_lag: timedelta
    overlap: timedelta
    page_size: int


class Pseudonyms(Protocol):
    """Keyed digests. The same value of the same kind and account always gives the same 32 hex digits."""

    def of(self, kind: str, value: str) -> str:
        """Return the digest of `value`, which the caller has normalised."""
        ...


class OrderChannel(Protocol):
    """One account of one channel, read side of the order flow."""

    account: str
    capabilities: Capabilities

    def check(self) -> None:
        """Prove that credentials, scopes, API version, currency and environment are what the account's file says.

        Raises:
            ConfigurationError: Names what differs or is missing.
            AuthorisationError: The credentials are refused.
        """
        ...

    def newest_change(self, since: datetime) -> str | None:
        """Return a signature of the newest change at or after `since`, None when nothing changed.

        Cheap enough to ask every few seconds; equal signatures mean that nothing newer has shown up.
        """
        ...

    def fetch_orders(self, window: Window) -> Iterator[Sequence[RawMessage]]:
        """Yield the pages of all orders updated inside `window`, complete with all their lines."""
        ...

    def fetch_order(self, external_id: str) -> RawMessage | None:
        """Return one order by id, strongly consistent; None when the channel does not know it."""
        ...

    def list_orders(self, window: Window) -> Iterator[OrderFact]:
        """Yield the plain facts of all orders updated inside `window`."""
        ...

    def to_order(self, body: bytes, pseudonyms: Pseudonyms) -> MappedOrder:
        """Map one message; pure.

        Raises:
            MappingError: Names the field that does not fit.
        """
        ...
