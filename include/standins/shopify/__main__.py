"""Runs one shop: `python -m standins.shopify --port 0 --state FILE --port-file FILE ...`. NOT here: what it serves."""

import argparse
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from standins.shopify.config import ALL_SCOPES, PLANS, Clock, ShopConfig
from standins.shopify.server import ShopServer


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m standins.shopify", description="One Shopify shop on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--shop-name", required=True)
    parser.add_argument("--currency", default="GBP")
    parser.add_argument("--presentment", help="comma-separated; the shop's currency is always one")
    taxes = parser.add_mutually_exclusive_group()
    taxes.add_argument("--taxes-included", dest="taxes_included", action="store_true", default=True)
    taxes.add_argument("--taxes-excluded", dest="taxes_included", action="store_false")
    parser.add_argument("--timezone", default="Europe/London")
    parser.add_argument("--plan", choices=sorted(PLANS), default="standard")
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--control-token-file", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--search-lag", type=float, default=2.0, help="seconds")
    parser.add_argument("--latency", type=float, default=1.0, help="1 is 0.12 s a call, 0 is none")
    parser.add_argument("--clock-offset", type=float, default=0.0, help="seconds")
    parser.add_argument("--scopes", default=",".join(ALL_SCOPES), help="comma-separated")
    parser.add_argument("--deny-protected", action="store_true", help="personal data answers null with an error")
    return parser


def read_config(arguments: Sequence[str] | None = None) -> tuple[ShopConfig, int, Path]:
    """Settings, port and port file of a command line."""
    given = build_parser().parse_args(arguments)
    currencies = [given.currency, *(given.presentment or "").split(",")]
    config = ShopConfig(
        name=given.shop_name,
        state=given.state,
        token=given.token_file.read_text(encoding="utf-8").strip(),
        control_token=given.control_token_file.read_text(encoding="utf-8").strip(),
        currency=given.currency,
        presentment=tuple(dict.fromkeys(code for code in currencies if code)),
        taxes_included=given.taxes_included,
        timezone=given.timezone,
        plan=given.plan,
        seed=given.seed,
        search_lag_s=given.search_lag,
        latency_factor=given.latency,
        clock=Clock(given.clock_offset),
        scopes=tuple(scope for scope in given.scopes.split(",") if scope),
        deny_protected=given.deny_protected,
    )
    return config, given.port, given.port_file


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    config, port, port_file = read_config()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ShopServer(config, port=port) as server:
        waiting = port_file.with_suffix(".part")
        waiting.write_text(str(server.port), encoding="utf-8")
        waiting.replace(port_file)
        stop.wait()


if __name__ == "__main__":
    main()
