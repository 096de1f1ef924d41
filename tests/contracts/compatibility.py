"""Whether a new contract still accepts everything that an old one did."""

from __future__ import annotations

from typing import Any

import jsonschema_rs


def accepts_all_of(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Return whether it is proven that `new` accepts every value that `old` accepts; what is unknown is a break."""
    answer = jsonschema_rs.canonicalize(new).covers(jsonschema_rs.canonicalize(old))
    return str(answer).lower().endswith("yes")
