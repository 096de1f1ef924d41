"""Keeping messages encrypted and once, beside plain INSERTs of the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg

from benchmarks.ground import Ground, read_messages
from benchmarks.measuring import BenchmarkError, Figure, chunks, take_turns, wall
from retail_ops.ports.channel import RawMessage
from retail_ops.ports.store import OrderStore
from retail_ops.store.keyring import Keyring, new_key, seal

ROUNDS, MESSAGES, PAGE = 5, 1_000, 200
_INSERT = (
    "INSERT INTO bench.message (account, kind, external_id, source_at, body, received_at)"
    " VALUES (%s, %s, %s, %s, %s, now())"
)


def measure(ground: Ground) -> list[Figure]:
    """Receive 1,000 messages of orders of 3 lines, 200 a page and a commit."""
    with ground.world() as world, world.lane() as lane, world.database.connect() as conn:
        templates = [message for message in read_messages(world) if message.external_id]
        conn.execute("CREATE SCHEMA bench")
        conn.execute(
            "CREATE TABLE bench.message (message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " account text NOT NULL, kind text NOT NULL, external_id text NOT NULL, source_at timestamptz,"
            " body bytea NOT NULL, received_at timestamptz NOT NULL, UNIQUE (account, kind, external_id))"
        )
        conn.commit()
        store, keys, account = lane.store, lane.keys, world.account
        samples = take_turns(
            {
                "product": lambda n: wall(lambda: _receive(store, account, _messages(templates, n))),
                "bare": lambda n: wall(lambda: _insert(conn, account, _messages(templates, n))),
                "encryption": lambda n: wall(lambda: _encrypt(keys, account, _messages(templates, n))),
            },
            ROUNDS,
        )
    each = {f"{name} s/message": found.per(MESSAGES) for name, found in samples.items()}
    share = samples["encryption"].over(samples["product"]).median
    return [
        Figure(
            "inbox, receive encrypted",
            f"{MESSAGES / samples['product'].median:,.0f} messages/s",
            samples["bare"].over(samples["product"]),
            "plain INSERTs of the same bytes, as many commits",
            "higher",
            each,
            note=f"digest, key, seal and wrap are {share:.0%} of it",
        )
    ]


def _messages(templates: Sequence[RawMessage], number: int) -> list[RawMessage]:
    """Return messages that were never seen: a template under an id of its own."""
    made = []
    for position in range(MESSAGES):
        template = templates[position % len(templates)]
        old = template.external_id or ""
        new = f"gid://shopify/Order/{number + 1}{position:06}"
        made.append(replace(template, external_id=new, body=template.body.replace(old.encode(), new.encode())))
    return made


def _receive(store: OrderStore, account: str, messages: Sequence[RawMessage]) -> None:
    new = sum(store.receive(account, page) for page in chunks(messages, PAGE))
    if new != MESSAGES:
        raise BenchmarkError(f"{new} of {MESSAGES} messages were new")


def _insert(conn: psycopg.Connection[Any], account: str, messages: Sequence[RawMessage]) -> None:
    for page in chunks(messages, PAGE):
        for message in page:
            conn.execute(_INSERT, (account, message.kind, message.external_id, message.source_at, message.body))
        conn.commit()


def _encrypt(keys: Keyring, account: str, messages: Sequence[RawMessage]) -> None:
    for message in messages:
        key, digest = new_key(), keys.body_digest(account, message.kind, message.body)
        seal(message.body, key, f"message/{account}/{message.kind}/{message.external_id}/{digest}")
        keys.wrap_by_ring(key)
