"""Our own CPU for reading orders: fetched, kept encrypted, mapped and staged, beside a client that only downloads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import requests

from benchmarks.ground import Ground, place
from benchmarks.measuring import BenchmarkError, Figure, own_cpu, take_turns
from retail_ops.channels.shopify.config import API_VERSION, MAX_PAGE_SIZE
from retail_ops.channels.shopify.documents import load_document
from retail_ops.flows.orders.stage import STREAM
from support.standins import KEY, Standin

ROUNDS, ORDERS, LINES = 2, 500, 20


def measure(ground: Ground) -> list[Figure]:
    """Stage 500 orders of 20 lines from a shop that answers at once."""
    place(ground.instant_shop, ORDERS, lines=LINES, first=0)
    samples = take_turns({"product": lambda _: _stage(ground), "bare": lambda _: _bare(ground.instant_shop)}, ROUNDS)
    each = samples["product"].per(ORDERS)
    return [
        Figure(
            f"staging, own CPU, orders of {LINES} lines",
            f"{each.median * 1000:.2f} ms/order",
            samples["product"].over(samples["bare"]),
            "download the same pages and parse the JSON",
            "lower",
            {"product CPU s/order": each, "bare CPU s/order": samples["bare"].per(ORDERS)},
        )
    ]


def _stage(ground: Ground) -> float:
    with ground.world(shop=ground.instant_shop) as world, world.lane() as lane:
        # Connections, log-ins and files are opened once a process.
        lane.store.position(world.account, STREAM)
        lane.channel.newest_change(datetime.now(UTC))
        counts: dict[str, int] = {}
        with ground.profiler.watch("staging"):
            seconds = own_cpu(lambda: counts.update(lane.stage()))
        if counts.get("staged") != ORDERS:
            raise BenchmarkError(f"{ORDERS} orders were to be staged: {counts}")
        return seconds


def _bare(shop: Standin) -> float:
    with requests.Session() as session:
        session.headers.update({"X-Shopify-Access-Token": KEY})
        found: list[int] = []
        seconds = own_cpu(lambda: found.append(_download(session, shop)))
    if found != [ORDERS]:
        raise BenchmarkError(f"{found} of {ORDERS} orders were downloaded")
    return seconds


def _download(session: requests.Session, shop: Standin) -> int:
    now = datetime.now(UTC)
    start, end = (
        moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (now - timedelta(days=1), now + timedelta(days=1))
    )
    query = f"updated_at:>='{start}' AND updated_at:<'{end}'"
    variables = {"query": query, "first": MAX_PAGE_SIZE, "after": None}
    count = 0
    while True:
        body = {"query": load_document("orders_page").text, "variables": variables}
        answer = session.post(f"{shop.url}/admin/api/{API_VERSION}/graphql.json", json=body, timeout=60)
        page = json.loads(answer.content)["data"]["orders"]
        count += len(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return count
        variables["after"] = page["pageInfo"]["endCursor"]
