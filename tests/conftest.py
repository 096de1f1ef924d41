"""Fixtures for every test: one PostgreSQL server a session, one database a test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["plugins.skip_guard"]


@pytest.fixture(scope="session")
def server() -> Iterator["object"]:
    """A PostgreSQL server of this session's own."""
    from support.postgres import postgres_server

    # Not pytest's folder: it is private to root, and the server runs as another user.
    home = Path(tempfile.mkdtemp(prefix="retail-ops-test-"))
    Path(home).chmod(0o755)
    try:
        with postgres_server(home / "postgres") as running:
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(server) -> Iterator["object"]:
    """A migrated store of this test's own."""
    fresh = server.fresh()
    try:
        yield fresh
    finally:
        server.drop(fresh)
