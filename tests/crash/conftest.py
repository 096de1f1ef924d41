"""One proof a flow and session: its snapshots are taken once."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from crash.harness import Proof
from crash.memory import remember_verdicts
from crash.orders import BACKLOG
from crash.registered import FLOWS

KNOWN = {flow.name: flow for flow in (*FLOWS, BACKLOG)}


@pytest.fixture(scope="session")
def prove(server) -> Iterator[Callable[[str], Proof]]:
    """Return the proof of a registered flow."""
    proofs: dict[str, Proof] = {}
    home = Path(tempfile.mkdtemp(prefix="retail-ops-crash-"))
    patch = pytest.MonkeyPatch()
    remember_verdicts(patch)

    def proof(name: str) -> Proof:
        if name not in proofs:
            proofs[name] = Proof(KNOWN[name], server, home / name)
        return proofs[name]

    try:
        yield proof
    finally:
        patch.undo()
        shutil.rmtree(home)


@pytest.fixture
def orders(prove) -> Proof:
    return prove("orders")


@pytest.fixture
def backlog(prove) -> Proof:
    return prove("backlog")


@pytest.fixture
def tell(capsys, record_property) -> Callable[[object], None]:
    """Show what was counted, also when the test passes; in a distributed run `-rP` shows it."""

    def told(text: object) -> None:
        record_property("counted", str(text))
        with nullcontext() if "PYTEST_XDIST_WORKER" in os.environ else capsys.disabled():
            print(f"\n{text}")  # noqa: T201 - a person wants to see what was counted

    return told
