"""The triggers under Airflow's own machinery: serialised, shared, asked through its channel to the supervisor."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import msgspec
import pytest
from airflow.jobs.triggerer_job_runner import TriggerCommsDecoder
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ConnectionResult, _RequestFrame, _ResponseFrame
from airflow.sdk.module_loading import import_string
from airflow.serialization.encoders import encode_trigger
from airflow.triggers.base import BaseEventTrigger
from airflow.triggers.shared_stream import SharedStreamManager

from retail_ops.contracts.errors import TransientError
from retail_ops.orchestration import triggers
from retail_ops.orchestration.triggers import OrdersTrigger

POLL_S = 0.005


class House:
    """All doorbells of a test, by account."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.work: dict[str, object] = {}

    def open_doorbell(self, account: str) -> Doorbell:
        self.opened.append(account)
        return Doorbell(self, account)


class Doorbell:
    def __init__(self, house: House, account: str) -> None:
        self.house, self.account = house, account

    def ring(self) -> str | None:
        work = self.house.work.get(self.account)
        if isinstance(work, Exception):
            raise work
        return work

    def close(self) -> None:
        self.house.closed.append(self.account)


@pytest.fixture
def house(monkeypatch) -> House:
    house = House()
    monkeypatch.setattr(triggers, "open_doorbell", house.open_doorbell)
    return house


def trigger(account: str = "shopify_uk", *, sweep_s: int = 1000) -> OrdersTrigger:
    return OrdersTrigger(account, poll_s=POLL_S, sweep_s=sweep_s)


def eventually(check) -> None:
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_trigger_survives_serialisation_and_carries_no_credential():
    path, arguments = OrdersTrigger("shopify_uk", poll_s=3, sweep_s=120).serialize()
    assert arguments == {"account": "shopify_uk", "poll_s": 3, "sweep_s": 120}
    copy = import_string(path)(**json.loads(json.dumps(arguments)))
    assert isinstance(copy, BaseEventTrigger)
    assert copy.serialize() == (path, arguments)


def test_equal_triggers_are_one_row_for_airflow_and_others_are_not():
    def row(**arguments) -> int:
        encoded = encode_trigger(OrdersTrigger(**arguments))
        return BaseEventTrigger.hash(encoded["classpath"], encoded["kwargs"])

    given = {"account": "shopify_uk", "poll_s": 3, "sweep_s": 120}
    assert row(**given) == row(**given)
    assert row(**given) != row(**{**given, "account": "shopify_us"})


def subscribe(manager: SharedStreamManager, number: int, one: OrdersTrigger):
    return one.filter_shared_stream(manager.subscribe(trigger_id=number, trigger=one, key=one.shared_stream_key()))


def test_triggers_of_one_account_share_one_poll_and_each_fires(house):
    house.work = {"shopify_uk": "1 due", "shopify_us": "2 due"}
    listeners = [trigger(), trigger(sweep_s=7), trigger("shopify_us")]

    async def first_events() -> list[dict[str, object]]:
        manager = SharedStreamManager()
        streams = [subscribe(manager, number, one) for number, one in enumerate(listeners)]
        events = [await anext(stream) for stream in streams]
        for number, one in enumerate(listeners):
            await manager.unsubscribe(number, one.shared_stream_key())
        return [event.payload for event in events]

    payloads = asyncio.run(asyncio.wait_for(first_events(), 20))
    assert payloads == [
        {"account": "shopify_uk", "reason": "change", "signature": "1 due"},
        {"account": "shopify_uk", "reason": "change", "signature": "1 due"},
        {"account": "shopify_us", "reason": "change", "signature": "2 due"},
    ]
    assert sorted(house.opened) == ["shopify_uk", "shopify_us"]
    eventually(lambda: sorted(house.closed) == ["shopify_uk", "shopify_us"])


def test_a_failing_poll_does_not_end_the_shared_stream(house):
    house.work = {"shopify_uk": TransientError("away")}

    async def fires_after_the_outage() -> dict[str, object]:
        manager = SharedStreamManager()
        stream = subscribe(manager, 1, trigger())
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.to_thread(eventually, lambda: len(house.opened) >= 3)
        assert not waiting.done()
        house.work["shopify_uk"] = "1 due"
        event = await waiting
        await manager.stop_all()
        return event.payload

    assert asyncio.run(asyncio.wait_for(fires_after_the_outage(), 20))["signature"] == "1 due"


def test_a_trigger_runs_alone_where_streams_are_not_shared(house):
    house.work = {"shopify_uk": "1 due"}

    async def first_event() -> dict[str, object]:
        stream = trigger().run()
        event = await anext(stream)
        await stream.aclose()
        return event.payload

    assert asyncio.run(asyncio.wait_for(first_event(), 20))["reason"] == "change"
    eventually(lambda: house.closed == ["shopify_uk"])


class Supervisor(threading.Thread):
    """The other end of a triggerer's channel: knows one connection and takes note of what must be masked."""

    def __init__(self, channel: socket.socket) -> None:
        super().__init__(daemon=True)
        self.channel = channel
        self.asked: list[str] = []
        self.masked: list[object] = []

    def run(self) -> None:
        decoder = msgspec.msgpack.Decoder(_RequestFrame)
        stream = self.channel.makefile("rb")
        while head := stream.read(4):
            frame = decoder.decode(stream.read(int.from_bytes(head, "big")))
            self.channel.sendall(_ResponseFrame(id=frame.id, body=self.answer(frame.body)).as_bytes())

    def answer(self, question: dict[str, object]) -> dict[str, object] | None:
        if question["type"] == "MaskSecret":
            self.masked.append(question["value"])
            return None
        assert question["type"] == "GetConnection"
        self.asked.append(question["conn_id"])
        known = {"conn_type": "shopify", "host": "uk.example", "password": "hunter2-long"}
        unknown = dict.fromkeys(("schema", "login", "port", "extra"))
        return ConnectionResult(conn_id=question["conn_id"], **known, **unknown).model_dump(by_alias=True)


def test_a_doorbell_asks_for_connections_through_the_triggerers_channel(monkeypatch):
    """The poll of a shared stream may not ask in its event loop; its thread may."""
    ours, theirs = socket.socketpair()
    supervisor = Supervisor(theirs)
    supervisor.start()

    class Asking:
        def __init__(self, connections) -> None:
            self.connections = connections

        def ring(self) -> str:
            facts = self.connections.get("shopify_uk")
            return f"{facts.host} {facts.password.get_secret_value()}"

        def close(self) -> None:
            pass

    monkeypatch.setattr(triggers, "order_doorbell", lambda account, connections: Asking(connections))

    async def ask() -> str:
        reader, writer = await asyncio.open_connection(sock=ours)
        channel = TriggerCommsDecoder(socket=ours, async_writer=writer, async_reader=reader)
        await channel.start_reader()
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", channel, raising=False)
        manager = SharedStreamManager()
        event = await anext(subscribe(manager, 1, trigger()))
        await manager.stop_all()
        return event.payload["signature"]

    with theirs:
        assert asyncio.run(asyncio.wait_for(ask(), 20)) == "uk.example hunter2-long"
    assert set(supervisor.asked) == {"shopify_uk"}
    assert "hunter2-long" in supervisor.masked
