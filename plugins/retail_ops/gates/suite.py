"""Suites as reviewed files: load `<root>/<contract>/<gate>.json`, check its shape, hash what it means.

Whether Great Expectations knows a rule's type and arguments is checked in `validation.py`, when the suite is run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from retail_ops.contracts.errors import ConfigurationError

Table = Literal["orders", "lines", "batch"]

_GATE_NAME = re.compile(r"[a-z][a-z_]*/[a-z][a-z_]*")
# They would let bad rows through (`mostly`) or change what a finding can say.
_FORBIDDEN_KWARGS = frozenset({"mostly", "result_format", "catch_exceptions", "unexpected_index_column_names"})

Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RuleMeta(_Part):
    """What this house adds to an expectation.

    Attributes:
        rule: Stable name; never given to another rule.
        table: Which rows it reads.
        action: `quarantine`: only the bad rows' orders stay behind; `block`: the whole batch does.
        code: Name of the problem as cases show it.
        field: Path in the contract; `[]` becomes the line's position or the batch's currency, `{column}` the row's
            value of a column that the rule reads.
        expected: What should hold, as a case tells it.
        note: Why the rule is as it is, where that is not obvious.
    """

    rule: Annotated[str, Field(pattern=r"^[A-Z]{3}-[0-9]{3}$")]
    table: Table
    action: Literal["quarantine", "block"]
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]
    field: Annotated[str, Field(max_length=100)]
    expected: Text
    note: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _batch_rows_are_no_orders(self) -> RuleMeta:
        if self.table == "batch" and self.action != "block":
            raise ValueError("a rule on the batch names no order to quarantine: its action is block")
        return self


class Rule(_Part):
    """One expectation of Great Expectations with its meta."""

    type: Annotated[str, Field(pattern=r"^expect_[a-z0-9_]+$")]
    kwargs: dict[str, object]
    severity: Literal["critical", "warning", "info"]
    meta: RuleMeta

    @model_validator(mode="after")
    def _every_bad_row_counts(self) -> Rule:
        if forbidden := sorted(_FORBIDDEN_KWARGS & self.kwargs.keys()):
            raise ValueError(f"a rule must not set {', '.join(forbidden)}: every bad row counts and is named")
        return self


class SuiteMeta(_Part):
    """Whose suite it is.

    Attributes:
        contract: The contract version that it judges, e.g. `order/v1`.
        runbook: Page for whoever meets its cases.
        balance: The flow's balance equation in words.
    """

    contract: Text
    owner: Text
    runbook: Text
    balance: Text


class SuiteFile(_Part):
    """The content of one suite's file."""

    name: Text
    meta: SuiteMeta
    expectations: Annotated[list[Rule], Field(min_length=1)]

    @model_validator(mode="after")
    def _rules_are_unique(self) -> SuiteFile:
        counts = Counter(rule.meta.rule for rule in self.expectations)
        if repeated := sorted(rule for rule, count in counts.items() if count > 1):
            raise ValueError(f"more than one rule is called {', '.join(repeated)}")
        return self


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as loaded.

    Attributes:
        digest: SHA-256 of the file's meaning: layout and order of keys do not matter, everything else does.
    """

    path: Path
    content: SuiteFile
    digest: bytes

    def rules_of(self, table: Table) -> tuple[Rule, ...]:
        """Return the rules that read `table`, in the file's order."""
        return tuple(rule for rule in self.content.expectations if rule.meta.table == table)

    def tables(self) -> tuple[Table, ...]:
        """Return every table that some rule reads, in the file's order."""
        return tuple(dict.fromkeys(rule.meta.table for rule in self.content.expectations))


def load_suite(root: Path, gate: str) -> Suite:
    """Read the suite of `gate`, e.g. `orders/publish`, below `root`.

    Raises:
        ConfigurationError: No such suite, no JSON, or not the shape of a suite; names the file and the rule.
    """
    if not _GATE_NAME.fullmatch(gate):
        raise ConfigurationError(f"{gate!r} is no gate: expected <contract>/<gate>, e.g. orders/publish")
    path = root / f"{gate}.json"
    raw = _read(path)
    try:
        content = SuiteFile.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(_problem(detail, raw) for detail in error.errors())
        raise ConfigurationError(f"suite {path}: {problems}") from error
    if content.name != gate:
        raise ConfigurationError(f"suite {path}: its name is {content.name!r}, its place says {gate!r}")
    return Suite(path=path, content=content, digest=_digest(raw))


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"suite {path}: no such file") from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"suite {path}: cannot be read as JSON: {error}") from error


def _digest(raw: object) -> bytes:
    canonical = json.dumps(raw, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode("utf-8")).digest()


def _problem(detail: ErrorDetails, raw: object) -> str:
    path = ".".join(str(part) for part in detail["loc"]) or "the file"
    rule = _rule_at(detail["loc"], raw)
    return f"{f'rule {rule}: ' if rule else ''}{path}: {detail['msg']}"


def _rule_at(loc: Sequence[int | str], raw: object) -> str | None:
    match loc, raw:
        case ["expectations", int(index), *_], {"expectations": list(rules)}:
            return _rule_name(rules[index]) or f"number {index + 1}"
        case _:
            return None


def _rule_name(raw: object) -> str | None:
    match raw:
        case {"meta": {"rule": str(name)}}:
            return name
        case _:
            return None
