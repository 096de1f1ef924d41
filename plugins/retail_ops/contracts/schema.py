"""`Order` as JSON Schema, for whoever reads orders without this code. NOT here: the rules that no schema can say.

The published text is `schemas/order.v1.json`; `python -m retail_ops.contracts.schema` prints what it has to be. A
change that refuses what an older version accepted needs a new version: `tests/contracts/test_schema.py` says so.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from retail_ops.contracts.order import Order

ORDER_V1 = Path(__file__).parent / "schemas" / "order.v1.json"


def order_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of the orders that this version accepts."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Order.model_json_schema(mode="validation")}


def to_text(schema: dict[str, object]) -> str:
    """Return the one text of a schema: sorted keys, two blanks, a newline at the end."""
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(to_text(order_schema()))
