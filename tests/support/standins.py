"""The stand-ins as processes on loopback, with the few calls to their control surface that tests need."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from support.processes import CHECKOUT, running

KEY, CONTROL = "key-of-a-test-on-loopback", "control-of-a-test-on-loopback"


@dataclass
class Standin:
    """One running stand-in."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def control(self, path: str, body: Any = None) -> Any:
        """Post to the control surface, or read from it when there is no body."""
        headers = {"X-Control-Token": CONTROL}
        url = f"{self.url}/control/{path}"
        answer = (
            httpx.get(url, headers=headers) if body is None else httpx.post(url, headers=headers, json=body, timeout=60)
        )
        if answer.is_error:
            raise RuntimeError(f"{answer.status_code} {answer.text[:800]}")
        return answer.json()


@contextmanager
def odoo_standin(folder: Path, *, latency: float = 0.0) -> Iterator[Standin]:
    """Run an Odoo below `folder` until the block ends."""
    arguments = ["--database", "demo", "--login", "integration", "--api-key-file", str(_secret(folder, "key", KEY))]
    with _standin("odoo", folder, arguments, latency) as standin:
        yield standin


@contextmanager
def shopify_standin(folder: Path, *, latency: float = 0.0, **options: str) -> Iterator[Standin]:
    """Run a shop below `folder` until the block ends; options are the command line's, `_` for `-`."""
    chosen = {"shop_name": "Test Shop", "currency": "GBP", "presentment": "GBP,EUR,JPY", "search_lag": "0", **options}
    arguments = ["--token-file", str(_secret(folder, "token", KEY))]
    for name, value in chosen.items():
        arguments += [f"--{name.replace('_', '-')}"] if value == "yes" else [f"--{name.replace('_', '-')}", value]
    with _standin("shopify", folder, arguments, latency) as standin:
        yield standin


@contextmanager
def _standin(module: str, folder: Path, arguments: list[str], latency: float) -> Iterator[Standin]:
    port_file = folder / "port"
    command = [
        sys.executable, "-m", f"standins.{module}", "--port", "0", "--port-file", str(port_file),
        "--state", str(folder / "state.sqlite"), "--control-token-file", str(_secret(folder, "control", CONTROL)),
        "--latency", str(latency), *arguments,
    ]  # fmt: skip
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT / "include")}

    def ready() -> bool:
        return port_file.exists() and port_file.read_text().strip().isdigit()

    with running(command, log=folder / "log", ready=ready, env=env):
        yield Standin(int(port_file.read_text()))


def _secret(folder: Path, name: str, value: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(value)
    path.chmod(0o600)
    return path
