"""The poll outlives whatever is away, and a run starts only when there is work."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import aclosing

import pytest

from retail_ops.contracts.errors import AuthorisationError, ThrottledError, TransientError
from retail_ops.orchestration.bell import LONGEST_WAIT_S, Bell, Chime, Link, answers


class Scripted:
    """A doorbell that gives the scripted answers in turn, then the last one for ever."""

    def __init__(self, *script: str | Exception | None) -> None:
        self.script = list(script)
        self.opened = 0
        self.closed = 0
        self.threads: set[int] = set()

    def open(self) -> Scripted:
        self.threads.add(threading.get_ident())
        self.opened += 1
        return self

    def ring(self) -> str | None:
        self.threads.add(threading.get_ident())
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed += 1


def listen(doorbell: Scripted, count: int, *, bell: type[Bell] = Bell) -> tuple[list[str | None], list[float]]:
    """Take `count` answers from a poll of 3 s; return them and how long it slept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    async def take() -> list[str | None]:
        heard = []
        async with aclosing(answers(bell(doorbell.open), account="shop", poll_s=3, sleep=sleep)) as stream:
            async for answer in stream:
                heard.append(answer)
                if len(heard) == count:
                    break
        return heard

    return asyncio.run(asyncio.wait_for(take(), 20)), slept


def wait_for(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def check_no_run_without_work(chime: Chime) -> None:
    assert [chime.hear(None) for _ in range(3)] == [None, None, None]


def check_same_work_rings_once_a_sweep(make) -> None:
    now = [0.0]
    chime = make(120, lambda: now[0])
    heard = []
    for now[0] in range(0, 300, 3):
        heard.append(chime.hear("1 due"))
    assert [(3 * at, reason) for at, reason in enumerate(heard) if reason] == [
        (0, "change"),
        (120, "sweep"),
        (240, "sweep"),
    ]


def test_no_work_never_starts_a_run():
    check_no_run_without_work(Chime(1, lambda: 1e9))


def test_unchanged_work_starts_a_run_at_once_and_then_once_a_sweep():
    check_same_work_rings_once_a_sweep(Chime)


def test_the_checks_catch_a_chime_that_always_or_never_rings():
    class Eager(Chime):
        def hear(self, signature):
            return "change"

    class Forgetful(Chime):
        def hear(self, signature):
            reason = super().hear(signature)
            return None if reason == "sweep" else reason

    with pytest.raises(AssertionError):
        check_no_run_without_work(Eager(1, lambda: 0.0))
    with pytest.raises(AssertionError):
        check_same_work_rings_once_a_sweep(Forgetful)


def test_every_new_signature_starts_a_run_and_restarts_the_sweep():
    now = [0.0]
    chime = Chime(120, lambda: now[0])
    assert chime.hear("1 due") == "change"
    now[0] = 100
    assert chime.hear("2 due") == "change"
    now[0] = 219
    assert chime.hear("2 due") is None
    now[0] = 220
    assert chime.hear("2 due") == "sweep"


def test_work_that_went_away_is_new_when_it_is_back():
    chime = Chime(120, lambda: 0.0)
    assert [chime.hear(signature) for signature in ("1 due", None, "1 due")] == ["change", None, "change"]


def test_the_poll_outlives_failures_of_opening_and_of_asking():
    class Stubborn(Scripted):
        def open(self):
            super().open()
            if self.opened == 1:
                raise AuthorisationError("the store refuses the credentials")
            return self

    doorbell = Stubborn(TransientError("away"), OSError("reset"), None, "1 due")
    heard, slept = listen(doorbell, 2)
    assert heard == [None, "1 due"]
    assert slept == [6, 12, 24, 3]


def test_a_doorbell_that_raised_is_closed_and_another_one_is_opened():
    doorbell = Scripted("1 due", TransientError("away"), "1 due")
    listen(doorbell, 2)
    wait_for(lambda: doorbell.closed == 2)
    assert doorbell.opened == 2


def test_waiting_doubles_to_its_limit_and_heals_at_once():
    link = Link("shop", 3)
    waits = [link.failed(TransientError("away")) for _ in range(12)]
    assert waits[:3] == [6, 12, 24]
    assert set(waits[3:]) == {LONGEST_WAIT_S}
    assert link.answered() == 3
    assert link.failed(TransientError("away")) == 6


def test_a_throttled_channel_is_left_alone_as_long_as_it_asks():
    assert Link("shop", 3).failed(ThrottledError("slow down", 90)) == 90


def test_an_outage_is_logged_once_when_it_begins_and_once_when_it_ends(caplog):
    doorbell = Scripted(*[TransientError("away")] * 5, "1 due", "1 due")
    with caplog.at_level(logging.INFO, logger="retail_ops.orchestration.bell"):
        listen(doorbell, 3)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "TransientError: away" in caplog.records[0].message
    assert "after 5 failures" in caplog.records[1].message


def test_the_text_of_a_foreign_error_is_never_logged(caplog):
    with caplog.at_level(logging.INFO, logger="retail_ops.orchestration.bell"):
        listen(Scripted(ValueError("token hunter2 of Jane"), None), 1)
    assert "ValueError" in caplog.text
    assert "hunter2" not in caplog.text


def test_the_doorbell_lives_on_one_thread_that_is_not_the_loops():
    doorbell = Scripted("1 due")
    listen(doorbell, 5)
    wait_for(lambda: doorbell.closed)
    assert len(doorbell.threads) == 1
    assert threading.get_ident() not in doorbell.threads


def test_a_cancelled_poll_does_not_wait_for_the_question_under_way_but_closes_behind_it():
    asked, release = threading.Event(), threading.Event()

    class Slow(Scripted):
        def ring(self):
            asked.set()
            assert release.wait(20)
            return super().ring()

    doorbell = Slow("1 due")

    async def cancel_while_asking() -> None:
        stream = answers(Bell(doorbell.open), account="shop", poll_s=1)
        task = asyncio.ensure_future(anext(stream))
        assert await asyncio.to_thread(asked.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert doorbell.closed == 0
        release.set()

    try:
        asyncio.run(asyncio.wait_for(cancel_while_asking(), 20))
    finally:
        release.set()
    wait_for(lambda: doorbell.closed == 1)


def test_a_doorbell_that_does_not_close_is_named_and_forgotten(caplog):
    class Stuck(Scripted):
        def close(self):
            super().close()
            raise OSError("hunter2")

    heard, _ = listen(Stuck("1 due", TransientError("away"), "2 due"), 2)
    assert heard == ["1 due", "2 due"]
    assert "did not close: OSError" in caplog.text
    assert "hunter2" not in caplog.text
