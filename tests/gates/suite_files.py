"""Small suites for tests of the loader and the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Json = dict[str, object]


def rule(name: str = "TST-001", **changes: object) -> Json:
    """Return one rule on the orders' `amount`: at most 10; `kwargs` and members of `meta` may be replaced."""
    meta: Json = {
        "rule": name,
        "table": "orders",
        "action": "quarantine",
        "code": "too_much",
        "field": "amount",
        "expected": "at most ten",
    }
    made: Json = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "amount", "max_value": 10},
        "severity": "critical",
        "meta": meta | {key: value for key, value in changes.items() if key in {*meta, "note"}},
    }
    return made | {key: value for key, value in changes.items() if key in made and key != "meta"}


def suite(rules: Sequence[Mapping[str, object]], **changes: object) -> Json:
    meta = {"contract": "order/v1", "owner": "data", "runbook": "docs/runbooks/gate.md", "balance": "none"}
    return {"name": "orders/test", "meta": meta, "expectations": list(rules)} | changes


def write_suite(root: Path, content: object, gate: str = "orders/test") -> Path:
    """Write a suite's file below `root` and return `root`."""
    path = root / f"{gate}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return root
