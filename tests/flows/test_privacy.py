"""Distinctive personal texts and secrets go in; none comes out anywhere but in Odoo and in ciphertext."""

import dataclasses
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flows.sights import Row, Scene
from retail_ops.contracts.errors import RetailOpsError
from retail_ops.flows.orders.publish import PublishFlow
from support.postgres import PASSWORD
from support.standins import KEY
from support.world import DIGEST_SECRET, VAULT_KEY, purchase

FIRST, LAST, STREET, CITY = "Zephyrine", "Quackenbush", "77 Canary Lane", "Upper Slaughter"
PHONE, MAIL, NOTE, FIRM = (
    "+447700900977",
    "zephyrine.quackenbush@canary.example",
    "ring the brass bell twice",
    "Quackenbush Ltd",
)
TOKENS = (KEY, VAULT_KEY, DIGEST_SECRET, PASSWORD)
PERSONAL = (FIRST, LAST, STREET, CITY, PHONE, MAIL, NOTE, "GL54 2HR")
ADDRESS = {
    "first_name": FIRST,
    "last_name": LAST,
    "address1": STREET,
    "city": CITY,
    "zip_code": "GL54 2HR",
    "country_code": "GB",
    "phone": PHONE,
}
PERSON: Row = {
    "customer": {"key": "z", "first_name": FIRST, "last_name": LAST, "email": MAIL, "phone": PHONE},
    "email": MAIL,
    "phone": PHONE,
    "note": NOTE,
    "shipping_address": ADDRESS,
    "billing_address": ADDRESS,
}
ORDER = purchase(("TS-001", 1, "10.00"), **PERSON)
LEVY = {
    "title": "Bottle",
    "sku": "TS-001",
    "units": 1,
    "unit_price": "10.50",
    "taxes": [{"title": "Odd levy", "rate": "0.05"}],
}


def patched(path: str, value: object) -> Row:
    return {**ORDER, "raw_patch": [{"path": path, "action": "set", "value": value}]}


ORDERS = {
    "released": ORDER,
    "held": {**ORDER, "payments": []},
    "review": {**ORDER, "risk": {"recommendation": "INVESTIGATE", "level": "HIGH"}},
    "a name where a number is expected": patched("lineItems.nodes.0.quantity", f"{FIRST} {LAST}"),
    "a name in an enumeration": patched("risk.recommendation", MAIL),
    "a name in an amount": patched("currentTotalPriceSet.shopMoney.amount", LAST),
    "a name in a list": patched("shippingAddress.city", [CITY]),
    "a name as a country": patched("shippingAddress.countryCodeV2", LAST),
    "unknown sku": purchase(("NO-SUCH", 1, "10.00"), **PERSON),
    "unmapped tax": {**ORDER, "lines": [LEVY]},
    "business": {**ORDER, "company": {"key": "q", "name": FIRM, "location_key": "q1", "location_name": CITY}},
    "delivered": ORDER,
}


class Overheard(logging.Handler):
    """Everything that any logger says, formatted with its arguments, extras and exceptions."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts += [logging.Formatter("%(name)s %(message)s").format(record), repr(vars(record))]


@pytest.fixture
def overheard() -> Iterator[Overheard]:
    handler, root = Overheard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def attempt(act: Callable[[], object]) -> str:
    """What the caller gets to see: the result as XCom would carry it, or the error with its chain."""
    try:
        return repr(act())
    except RetailOpsError as error:
        return "".join(traceback.format_exception(error)) + repr(vars(error))


def told(scene: Scene) -> list[str]:
    """Everything that orders go through, and all that is said about it."""
    ids = dict(zip(ORDERS, scene.shop.place(*ORDERS.values()), strict=True))
    scene.odoo.control("faults", {"model": "res.partner", "method": "load", "fault": "malformed_json", "times": 3})
    texts = [attempt(scene.run)]
    scene.clock.move(700)
    scene.shop.control("faults", {"fault": "http_500"})
    texts += [attempt(scene.run), attempt(scene.run), attempt(scene.run)]
    scene.odoo.control("deliver", {"order_id": scene.document(ids["delivered"])["id"]})
    scene.shop.change(ids["delivered"], "cancel", refund=True)
    scene.shop.change(ids["released"], "address", address={**ADDRESS, "address1": f"{STREET} 2"})
    texts.append(attempt(scene.run))
    for passwords in ({"odoo": "wrong"}, {"shopify_uk": "wrong"}):
        stranger = dataclasses.replace(scene, world=dataclasses.replace(scene.world, passwords=passwords))
        scene.shop.change(ids["held"], "pay", amount="1.00")
        texts.append(attempt(stranger.run))
    desk = scene.world.desk()
    trace = [desk.trace(entity) for order_id in ids.values() for entity in desk.find(order_id)]
    texts += [repr(trace), repr(desk.cases(None, None, 1000)), repr(desk.facts("shopify_uk", "order"))]
    assert {row["code"] for row in desk.cases(None, None, 1000)} >= {
        "unknown_enum",
        "wrong_type",
        "bad_amount",
        "unknown_sku",
        "unmapped_tax",
    }
    return texts


def stored(scene: Scene) -> list[str]:
    """Every row of every table as text; bytes show as hexadecimal digits."""
    tables = scene.world.rows("SELECT 'ops.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = 'ops'")
    return [row[0] for (table,) in tables for row in scene.world.rows(f"SELECT t::text FROM {table} AS t")]


def leaks(texts: list[str], words: tuple[str, ...]) -> list[tuple[str, str]]:
    found = []
    for text in texts:
        lowered = text.lower()
        found += [(word, text[:200]) for word in words if word.lower() in lowered or word.encode().hex() in lowered]
    return found


def test_nothing_personal_and_no_secret_leaves_the_vault(scene, overheard):
    texts = [*told(scene), *overheard.texts]
    assert len(overheard.texts) > 100
    assert leaks(texts, (*PERSONAL, FIRM)) == []
    # The test's own control calls carry no product secret; the product's must not show anywhere.
    assert leaks(texts, TOKENS) == []
    rows = stored(scene)
    assert len(rows) > 100
    assert leaks(rows, (*PERSONAL, FIRM, *TOKENS)) == []
    partner = scene.document(scene.world.rows("SELECT external_id FROM ops.entity WHERE state = 'review'")[0][0])[
        "partner_id"
    ]
    (known,) = scene.in_odoo("res.partner", "read", [partner], ["name", "email"])
    assert (known["name"], known["email"]) == (f"{FIRST} {LAST}", MAIL)


@pytest.mark.usefixtures("open_gate")
def test_the_control_notices_a_log_line_with_a_name(scene, overheard, monkeypatch):
    """Negative control: a flow that logs whom it places an order for is overheard."""
    honest = PublishFlow._place

    def chatty(flow: PublishFlow, commands: Any) -> Any:
        logging.getLogger("retail_ops").debug("placing for %s", [command.personal for command in commands])
        return honest(flow, commands)

    monkeypatch.setattr(PublishFlow, "_place", chatty)
    scene.shop.place(ORDER)
    scene.run()
    assert {word for word, _ in leaks(overheard.texts, PERSONAL)} >= {FIRST, MAIL, STREET}


@pytest.mark.usefixtures("open_gate")
def test_the_control_notices_a_name_in_the_store(scene):
    """Negative control: a name in any column of any table is found, in clear or as bytes."""
    with scene.world.database.connect() as owner:
        owner.execute(
            "INSERT INTO ops.idempotency_key (key, fingerprint, used_at) VALUES ('x', %s, now())", (LAST.encode(),)
        )
    assert leaks(stored(scene), PERSONAL) != []
