"""The settings of one shop. NOT here: the command line (`__main__`)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

API_VERSION = "2026-10"
PLANS = {"standard": (100, 2_000), "advanced": (200, 4_000), "plus": (1_000, 20_000)}
ALL_SCOPES = ("read_all_orders", "read_customers", "read_orders", "read_products")
PROTECTED_FIELDS = frozenset({"customer", "billingAddress", "shippingAddress", "email", "phone"})


@dataclass(frozen=True, slots=True)
class Clock:
    """The shop's clock: the machine's, moved by an offset.

    Attributes:
        offset_s: Seconds added to the machine's time.
    """

    offset_s: float = 0.0

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        return datetime.now(tz=UTC) + timedelta(seconds=self.offset_s)


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """One shop.

    Attributes:
        state: SQLite file that outlives the process.
        presentment: Currencies that buyers may pay in; holds `currency`.
        plan: Key of `PLANS`: points a second and bucket size.
        search_lag_s: Age a change must have before the search index knows it.
        latency_factor: 1.0 is 0.12 s a call, 0 is none.
        scopes: Granted access scopes.
        deny_protected: Personal data answers null with an error, as without protected-customer-data access.
    """

    name: str
    state: Path
    token: str
    control_token: str
    currency: str = "GBP"
    presentment: tuple[str, ...] = ("GBP",)
    taxes_included: bool = True
    timezone: str = "Europe/London"
    plan: str = "standard"
    seed: int = 1
    search_lag_s: float = 2.0
    latency_factor: float = 1.0
    clock: Clock = Clock()
    scopes: tuple[str, ...] = ALL_SCOPES
    deny_protected: bool = False

    @property
    def seed_text(self) -> str:
        """What ids are derived from: two shops never share one."""
        return f"{self.name}/{self.seed}"

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)
