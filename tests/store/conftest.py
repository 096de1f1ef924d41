"""One installed store a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store.making import Store


@pytest.fixture
def store(database) -> Iterator[Store]:
    made = Store(database)
    try:
        yield made
    finally:
        made.open.close()
