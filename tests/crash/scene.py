"""The world at one moment, copied as often as a proof needs it: the store's database, the stand-ins' files.

A `Snapshot` is a database that nobody is connected to and the stand-ins' state files; opening it gives a `Scene` with a
database copied from it and two fresh stand-in processes. Not here: what happens in a scene.
"""

import http.client
import itertools
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crash import forks
from retail_ops.settings import EnvironmentConnections
from standins.odoo.__main__ import main as run_odoo
from standins.shopify.__main__ import main as run_shop
from support.postgres import Database, Server
from support.standins import CONTROL, KEY, Standin
from support.world import World

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Shifted:
    """The machine's clock, moved."""

    offset: timedelta

    def now(self) -> datetime:
        return datetime.now(tz=UTC) + self.offset


@dataclass
class FarSide(Standin):
    """A stand-in that is asked often: without building a client each time."""

    def control(self, path: str, body: Any = None) -> Any:
        headers = {"X-Control-Token": CONTROL}
        return self.send("GET" if body is None else "POST", f"/control/{path}", body, headers)

    def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        """Exchange JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{answer.status} {text[:800]!r}")
        return json.loads(text)


@dataclass
class Scene(World):
    """A world whose store is already set up; lanes run at `clock`.

    Attributes:
        folder: For reports and notes.
    """

    server: Server = None  # type: ignore[assignment]
    folder: Path = field(default_factory=Path)

    def __post_init__(self) -> None:
        self.connections = EnvironmentConnections(self._variables())

    def later(self, **delay: float) -> "Scene":
        """The same scene for a run whose clock is ahead."""
        return replace(self, clock=Shifted(self.clock.offset + timedelta(**delay)))

    def ask_odoo(self, model: str, method: str, *args: Any) -> Any:
        """Call Odoo past the product."""
        user = self._rpc("common", "login", "demo", "integration", KEY)
        return self._rpc("object", "execute_kw", "demo", user, KEY, model, method, list(args))

    def _rpc(self, service: str, method: str, *args: Any) -> Any:
        params = {"service": service, "method": method, "args": args}
        return self.odoo.send("POST", "/jsonrpc", {"jsonrpc": "2.0", "method": "call", "params": params}, {})["result"]

    def wait_until_left(self) -> None:
        """Wait until the server has noticed that everybody is gone: it does so within milliseconds."""

        def alone() -> bool:
            with self.server.admin() as admin:
                query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
                return admin.execute(query, [self.database.name]).fetchone() == (0,)

        forks.until(alone, what=f"the end of all sessions in {self.database.name}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment that can be opened any number of times.

    Attributes:
        day: Days that the shop is ahead of the machine; runs are a day ahead of the shop, so that a change that a
            window misses once is not brought back by the next window's overlap.
    """

    server: Server
    database: Database
    folder: Path
    day: int

    @contextmanager
    def open(self, *, day: int | None = None) -> Iterator[Scene]:
        """Copy everything and serve it, on another day if wanted, until the block ends; the copy is gone then."""
        folder = self.folder.parent / f"scene-{next(_numbers)}"
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            shutil.copytree(self.folder, folder)
            database = self.server._database(self.database.name)
            stack.callback(self.server.drop, database)
            yield stack.enter_context(
                served(self.server, database, folder, day=self.day if day is None else day, end=forks.Child.kill)
            )


def blank(server: Server, folder: Path) -> Snapshot:
    """A store that is installed, an Odoo and a shop that nobody has used."""
    database = server.fresh()
    nowhere = Standin(0)
    World(database, nowhere, nowhere)
    home = folder / f"snapshot-{next(_numbers)}"
    for name in ("odoo", "shop"):
        (home / name).mkdir(parents=True)
    return Snapshot(server, database, home, day=0)


def develop(snapshot: Snapshot, change: Callable[[Scene], object], *, day: int) -> Snapshot:
    """Take the snapshot after `change`; the first one stays as it was."""
    home = snapshot.folder.parent / f"snapshot-{next(_numbers)}"
    shutil.copytree(snapshot.folder, home)
    database = snapshot.server._database(snapshot.database.name)
    with served(snapshot.server, database, home, day=day, end=forks.shut_down) as scene:
        change(scene)
    scene.wait_until_left()
    return Snapshot(snapshot.server, database, home, day)


@contextmanager
def served(
    server: Server, database: Database, folder: Path, *, day: int, end: Callable[[forks.Child], None]
) -> Iterator[Scene]:
    """Serve the files below `folder` as they are until the block ends."""
    with ExitStack() as stack:
        children = [
            forks.serve(lambda: _odoo(folder / "odoo"), folder / "odoo"),
            forks.serve(lambda: _shop(folder / "shop", day), folder / "shop"),
        ]
        for child in children:
            stack.callback(end, child)
        odoo, shop = (FarSide(forks.port_of(child)) for child in children)
        clock = Shifted(timedelta(days=day + 1))
        yield Scene(database, odoo, shop, clock=clock, server=server, folder=folder)


def _odoo(folder: Path) -> None:
    run_odoo([*_common(folder), "--api-key-file", str(_secret(folder, "key", KEY))])


def _shop(folder: Path, day: int) -> None:
    sys.argv = [
        "standins.shopify", *_common(folder), "--token-file", str(_secret(folder, "token", KEY)),
        "--shop-name", "Test Shop", "--currency", "GBP", "--presentment", "GBP,EUR,JPY", "--search-lag", "0",
        "--clock-offset", str(timedelta(days=day).total_seconds()),
    ]  # fmt: skip
    run_shop()


def _common(folder: Path) -> list[str]:
    return [
        "--port", "0", "--port-file", str(folder / "port"), "--state", str(folder / "state.sqlite"), "--latency", "0",
        "--control-token-file", str(_secret(folder, "control", CONTROL)),
    ]  # fmt: skip


def _secret(folder: Path, name: str, value: str) -> Path:
    path = folder / name
    path.write_text(value)
    return path
