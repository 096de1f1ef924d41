"""When an order is committed, and what happens when a step fails (`routing.yaml`). Pure: facts in, decision out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from retail_ops.contracts.money import Currency, Money
from retail_ops.governance.files import Governed

Verb = Literal["release", "hold", "cancel", "review"]
FailureVerb = Literal["hold", "cancel", "review", "retry"]
Step = Literal["place", "confirm", "cancel", "amend"]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_]*$")]
# What came may say nothing new: then the older version is decided again after this time.
NEWER_VERSION_RECHECK_S = 120
PaymentState = Literal["paid", "authorised", "pending", "partly_paid", "failed", "voided", "none"]


class Condition(Governed):
    """All stated parts must hold; a part that is not stated does not matter.

    Attributes:
        total_from: Order total at or above this many minor units, by currency; other currencies never match.
        address: `missing`: a field that a parcel needs is empty; `absent`: no delivery address at all.
        stock: `short`: fewer free units than ordered for a stocked SKU.
        velocity_from: Orders of the same buyer in the last day; matches only where a velocity is known.
    """

    risk_level: frozenset[Literal["none", "low", "medium", "high", "pending"]] | None = None
    risk_recommendation: frozenset[Literal["none", "accept", "investigate", "cancel"]] | None = None
    payment: frozenset[PaymentState] | None = None
    total_from: dict[Currency, Annotated[int, Field(ge=0)]] | None = None
    address: frozenset[Literal["missing", "absent"]] | None = None
    stock: frozenset[Literal["short"]] | None = None
    velocity_from: Annotated[int, Field(ge=1)] | None = None
    source: frozenset[str] | None = None


class Rule(Governed):
    """One row of the routing table.

    Attributes:
        recheck_s: For `hold` only: decide again after so many seconds, without anything having changed on the channel.
    """

    name: Name
    when: Condition
    then: Verb
    recheck_s: Annotated[int, Field(ge=1, le=604_800)] | None = None

    @model_validator(mode="after")
    def _only_holds_are_rechecked(self) -> Rule:
        if self.recheck_s is not None and self.then != "hold":
            raise ValueError(f"recheck_s: {self.name} does not hold, so nothing is decided again")
        return self


class Failure(Governed):
    """What a step does when its write is refused, by problem code."""

    otherwise: FailureVerb
    codes: dict[Name, FailureVerb] = Field(default_factory=dict)
    retry_s: Annotated[int, Field(ge=1, le=86_400)] = 900


class Routing(Governed):
    """`routing.yaml`: the first rule that holds decides; none holds: release.

    Attributes:
        commit_point: The moment an order binds us, named for everybody: confirmation in the ERP.
        steps: What each step does when it fails.
        case_hours: How long a person has for a case of each verb.
        owners: Who owns the cases of some problem codes; all others are `owner`'s.
    """

    version: Literal[1]
    owner: Annotated[str, Field(min_length=1)]
    commit_point: Literal["confirm"]
    steps: dict[Step, Failure]
    rules: tuple[Rule, ...]
    case_hours: dict[FailureVerb, Annotated[int, Field(ge=1, le=720)]]
    owners: dict[Name, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Routing:
        missing_by_field = {
            "steps": set(get_args(Step)) - set(self.steps),
            "case_hours": set(get_args(FailureVerb)) - set(self.case_hours),
        }
        for field, missing in missing_by_field.items():
            if missing:
                raise ValueError(f"{field}: no entry for {', '.join(sorted(missing))}")
        if len({rule.name for rule in self.rules}) != len(self.rules):
            raise ValueError("rules: two rules share a name")
        return self

    def on_failure(self, step: Step, code: str) -> FailureVerb:
        """Return what `step` does when its write is refused with `code`."""
        failure = self.steps[step]
        return failure.codes.get(code, failure.otherwise)

    def owner_of(self, code: str) -> str:
        """Return who owns the cases of a problem."""
        return self.owners.get(code, self.owner)


@dataclass(frozen=True, slots=True)
class Facts:
    """What routing may know of an order at the moment of decision.

    Attributes:
        newer_version: A newer revision is staged: this one may be placed, never released.
        short_skus: Stocked SKUs with fewer free units than ordered.
        velocity: Orders of the same buyer in the last day; None where nobody counts them yet.
    """

    risk_level: str
    risk_recommendation: str
    payment: PaymentState
    total: Money
    address_missing: bool
    address_absent: bool
    short_skus: tuple[str, ...]
    velocity: int | None
    source: str
    newer_version: bool
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to a quotation, and by which rule."""

    verb: Verb
    rule: str
    recheck_s: int | None = None


def decide(routing: Routing, facts: Facts, released: frozenset[str] = frozenset()) -> Decision:
    """Return the decision of the first rule that holds.

    Two things come before every rule and cannot be configured away: nothing is released while a newer version is on
    its way, and what the channel cancelled is cancelled.

    Args:
        routing: The table.
        facts: What is known of the order.
        released: Rules that a person let this revision past; every other rule still holds.
    """
    if facts.newer_version:
        return Decision("hold", "newer_version_on_its_way", NEWER_VERSION_RECHECK_S)
    if facts.cancelled:
        return Decision("cancel", "cancelled_on_channel")
    for rule in routing.rules:
        if rule.name not in released and _holds(rule.when, facts):
            return Decision(rule.then, rule.name, rule.recheck_s)
    return Decision("release", "no_rule_holds_it")


def _holds(when: Condition, facts: Facts) -> bool:
    stated = (
        when.risk_level is None or facts.risk_level in when.risk_level,
        when.risk_recommendation is None or facts.risk_recommendation in when.risk_recommendation,
        when.payment is None or facts.payment in when.payment,
        when.total_from is None or facts.total.minor >= when.total_from.get(facts.total.currency, 10**18),
        when.address is None or _address(when.address, facts),
        when.stock is None or bool(facts.short_skus),
        when.velocity_from is None or (facts.velocity is not None and facts.velocity >= when.velocity_from),
        when.source is None or facts.source in when.source,
    )
    return all(stated)


def _address(wanted: frozenset[Literal["missing", "absent"]], facts: Facts) -> bool:
    return ("missing" in wanted and facts.address_missing) or ("absent" in wanted and facts.address_absent)
