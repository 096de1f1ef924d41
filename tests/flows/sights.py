"""One scene of a test, and what can be seen of it: the store's rows, and Odoo past the product's own code."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from retail_ops.bootstrap import OrderLane
from retail_ops.settings import Settings
from support.shops import Shop
from support.standins import KEY, Standin
from support.world import World

Row = dict[str, Any]
CASES = "SELECT case_id, class, code, field, owner, state, detail FROM ops.case_file"


@dataclass
class Scene:
    """A store, a shop and Odoo, with the lanes between them."""

    world: World
    odoo: Standin
    shop: Shop
    clock: Any

    def run(self) -> Row:
        return self.world.run()

    def under(self, settings: Settings) -> "Scene":
        """The same store, shop and Odoo under other governance files."""
        return dataclasses.replace(self, world=dataclasses.replace(self.world, settings=settings))

    def in_odoo(self, model: str, method: str, *arguments: Any, **context: Any) -> Any:
        """What a person does in Odoo."""
        call = {"service": "common", "method": "login", "args": ["demo", "integration", KEY]}
        user = self._rpc(call)
        args = ["demo", user, KEY, model, method, list(arguments), {"context": context}]
        return self._rpc({"service": "object", "method": "execute_kw", "args": args})

    def _rpc(self, call: Row) -> Any:
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": call}
        answer = httpx.post(f"{self.odoo.url}/jsonrpc", json=body).json()
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer["result"]

    @contextmanager
    def lane(self) -> Iterator[OrderLane]:
        with self.world.lane() as lane:
            yield lane

    def stage_and_judge(self) -> None:
        with self.lane() as lane:
            lane.stage()
            lane.judge()

    def publish(self) -> dict[str, int]:
        with self.lane() as lane:
            return lane.publish()

    def state(self, order_id: str) -> tuple[str, str]:
        """State and reason in the store."""
        found = self.world.entity(order_id)
        return found[0], found[1]

    def documents(self, order_id: str) -> list[Row]:
        """Every document of Odoo that names the order as its origin."""
        return [
            row for row in self.odoo.control("orders")["orders"] if row["origin"] == f"{self.world.account}:{order_id}"
        ]

    def document(self, order_id: str) -> Row:
        (found,) = self.documents(order_id)
        return found

    def cases(self, order_id: str, state: str = "open") -> list[Row]:
        names = ("case_id", "class", "code", "field", "owner", "state", "detail")
        rows = self.world.rows(f"{CASES} WHERE external_id = %s AND state = %s ORDER BY case_id", order_id, state)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def case(self, order_id: str) -> Row:
        (found,) = self.cases(order_id)
        return found

    def commands(self, order_id: str) -> list[tuple[str, str]]:
        """Action and status of every command, oldest first."""
        text = "SELECT action, status FROM ops.outbox WHERE external_id = %s ORDER BY outbox_id"
        return [(action, status) for action, status in self.world.rows(text, order_id)]

    def receipt(self, order_id: str, action: str) -> Row:
        text = "SELECT receipt FROM ops.outbox WHERE external_id = %s AND action = %s ORDER BY outbox_id DESC LIMIT 1"
        return self.world.rows(text, order_id, action)[0][0]

    def revisions(self, order_id: str) -> int:
        return self.world.rows("SELECT count(*) FROM ops.revision WHERE external_id = %s", order_id)[0][0]

    def replay(self, order_id: str) -> str:
        """Replay the order's one open case, as the person at the machine."""
        return self.world.desk().replay(self.case(order_id)["case_id"], dry_run=False)

    def everything(self) -> tuple[object, ...]:
        """The store but for cursors, caches and the audit trail, and this account's orders in Odoo."""
        tables = (
            "inbox_message",
            "entity",
            "revision",
            "batch",
            "batch_item",
            "verdict",
            "outbox",
            "case_file",
            "vault_item",
        )
        prefix = f"{self.world.account}:"
        ids = {row[0] for row in self.world.rows("SELECT external_id FROM ops.entity")}
        orders = [
            row for row in self.odoo.control("orders")["orders"] if (row["origin"] or "").removeprefix(prefix) in ids
        ]
        return (*(self.world.rows(f"SELECT * FROM ops.{table} ORDER BY 1, 2") for table in tables), orders)


def tax_of(document: Row, sku: str) -> list[str]:
    return [name for line in document["lines"] if line["sku"] == sku for name in line["taxes"]]


def amounts(document: Row, sku: str) -> list[tuple[str, str]]:
    """Quantity and total of each line on a product, in order."""
    return [(line["quantity"], line["price_total"]) for line in document["lines"] if line["sku"] == sku]
