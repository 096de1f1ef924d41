"""Several workers on one backlog, workers that hang past their lease, workers that are killed in the middle."""

import random
from functools import partial
from pathlib import Path

import pytest

from crash import broken, forks
from crash.boundaries import Watch
from crash.faults import hang
from crash.flow import Violation
from crash.harness import Clean, Point, Proof, Tally, where
from crash.scene import Scene
from retail_ops.flows.orders import publish

SEED = 20_261_004
SAMPLE = 6
PAST_THE_LEASE = {"minutes": 11}


def in_the_erp(name: str) -> bool:
    return "/jsonrpc sale.order." in name


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_that_publish_one_backlog_at_once_lose_and_double_nothing(backlog, workers, monkeypatch, tell):
    monkeypatch.setattr(publish, "BATCH", 3)
    endings, violations = publish_at_once(backlog, workers)
    assert [ending.trouble for ending in endings] == [""] * workers
    done = [ending.report["result"].get("done", 0) for ending in endings]
    tell(f"{workers} workers settled {done} commands, {len(violations)} violations")
    assert violations == []
    assert sum(1 for count in done if count) >= 2, "one worker did it all: nothing was proven"


def test_workers_that_take_each_other_for_dead_are_caught(backlog, monkeypatch):
    """They still double nothing in Odoo, whose own key stands in the way: it is taken away here, too."""
    monkeypatch.setattr(publish, "BATCH", 3)
    broken.create_without_looking(monkeypatch)
    broken.believe_everybody_dead(monkeypatch)
    _, violations = publish_at_once(backlog, 4)
    assert ("doubled", "stand-ins") in {(violation.kind, violation.view) for violation in violations}


@pytest.mark.parametrize("workers", [2, 4])
def test_whole_runs_at_once_lose_and_double_nothing(backlog, workers, tell):
    with backlog.snapshots[0].open() as scene:
        endings = [child.wait() for child in [backlog.start(scene) for _ in range(workers)]]
        assert [ending.trouble for ending in endings] == [""] * workers
        violations = backlog.judge(scene.later(hours=1), backlog.clean(0))
    tell(f"{workers} whole runs at once, {len(violations)} violations")
    assert violations == []


@pytest.mark.parametrize("number", [0, 1])
def test_a_worker_that_hangs_past_its_lease_is_fenced(orders, number, tell):
    points = sorted(random.Random(SEED).sample(list(where(orders.clean(number), in_the_erp)), SAMPLE))
    tally, fenced = hang_each(orders, number, points, f"round {number + 1}, zombies, sample")
    tell(f"{tally}, {fenced} fenced")
    assert not tally.bad, str(tally)
    assert fenced > 0


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("number", [0, 1])
def test_no_moment_in_the_erp_is_a_bad_one_to_hang(orders, number, tell):
    points = list(where(orders.clean(number), in_the_erp))
    tally, fenced = hang_each(orders, number, points, f"round {number + 1}, zombies, every point")
    tell(f"{tally}, {fenced} fenced")
    assert not tally.bad, str(tally)
    assert fenced > 0


def test_without_the_fence_a_zombie_is_caught(orders, monkeypatch):
    broken.settle_without_fence(monkeypatch)
    clean = orders.run_clean(0)
    assert clean.violations == ()
    point = next(where(clean, lambda name: name == "before http POST /jsonrpc sale.order.action_confirm"))
    tally, _ = hang_each(orders, 0, [point], "control 'no fence'", clean=clean)
    assert {("audit", "trail")} <= {(v.kind, v.view) for p in tally.bad for v in p.violations}


def test_a_late_amendment_over_a_newer_revision_does_not_stay_unseen(orders):
    """Odoo has no conditional write: a worker that hangs between its last look and its write writes when it wakes.

    The fence keeps the store right; that Odoo is not is for `verify` to say.
    """
    with orders.snapshots[1].open(day=3) as scene:
        then = scene.later(days=-1)
        zombie = orders.start(then, act=hang, at="before http POST /jsonrpc sale.order.write")
        try:
            assert zombie.wait_until_stopped()
            forks.start(lambda: publish_only(then.later(**PAST_THE_LEASE)), scene.folder / "rival", Watch()).wait()
            edited = scene.shop.control("orders")["orders"][0]["number"]
            scene.shop.control(f"orders/{edited}/edit", {"units": [{"line": 0, "current_units": 0}]})
            assert orders.start(then.later(minutes=1)).wait().trouble == ""
            assert orders.flow.check(scene) == []
            zombie.proceed()
            assert zombie.wait().report["result"]["publish"]["fenced"] == 3
        finally:
            zombie.kill()
        assert {("wrong", "stand-ins"), ("wrong", "verify")} <= {(v.kind, v.view) for v in orders.flow.check(scene)}


def test_the_commands_of_a_killed_worker_go_on_at_once(orders):
    point = next(where(orders.clean(0), lambda name: name == "sent http POST /jsonrpc sale.order.load"))
    with orders.snapshots[0].open() as scene:
        worker = orders.start(scene, act=hang, at=point)
        try:
            assert worker.wait_until_stopped()
            held = scene.rows(
                "SELECT outbox_id FROM ops.outbox WHERE status = 'running' AND lease_until > %s", later(scene)
            )
        finally:
            worker.kill()
        assert held
        scene.wait_until_left()
        assert orders.judge(scene, orders.clean(0)) == []
        crashed = scene.rows("SELECT outbox_id FROM ops.outbox WHERE crashes = 1 AND attempt = 2 ORDER BY 1")
        assert crashed == sorted(held)


@pytest.mark.parametrize("method", ["load", "action_confirm"])
def test_commands_that_killed_three_workers_go_on_one_by_one_and_end_as_they_should(orders, method):
    moment = f"before http POST /jsonrpc sale.order.{method}"
    point = orders.crash(0, moment, moment, moment)
    assert point.died == (moment, moment, moment)
    assert not point.violations, str(point)


def later(scene: Scene) -> object:
    return scene.later(minutes=5).clock.now()


def publish_at_once(proof: Proof, workers: int) -> tuple[list[forks.Ending], list[Violation]]:
    """Let several workers publish what is staged and judged; then run once more, and return what is wrong."""
    with proof.snapshots[0].open() as scene:
        prepare(scene)
        go = scene.folder / "go"
        folders = [scene.folder / f"worker-{number}" for number in range(workers)]
        children = [forks.start(partial(publish_when, go, folder, scene), folder, Watch()) for folder in folders]
        forks.until(lambda: all((folder / "ready").exists() for folder in folders), what="workers to be ready")
        go.touch()
        endings = [child.wait() for child in children]
        return endings, proof.judge(scene.later(hours=1), proof.clean(0))


def prepare(scene: Scene) -> None:
    with scene.lane() as lane:
        lane.stage()
        lane.judge()


def publish_only(scene: Scene) -> dict[str, int]:
    with scene.lane() as lane:
        return lane.publish()


def publish_when(go: Path, folder: Path, scene: Scene) -> dict[str, int]:
    with scene.lane() as lane:
        lane.check()
        (folder / "ready").touch()
        forks.until(go.exists, what="the word to go")
        return lane.publish()


def hang_each(
    proof: Proof, number: int, points: list[int], title: str, *, clean: Clean | None = None
) -> tuple[Tally, int]:
    """Hang at each point until another run, past the lease, has done the work; then go on."""
    tally, fenced = Tally(title, len(proof.clean(number).boundaries), SEED), 0
    for at in points:
        with proof.snapshots[number].open() as scene:
            zombie, after = proof.start(scene, act=hang, at=at), scene.later(**PAST_THE_LEASE)
            try:
                assert zombie.wait_until_stopped(), "the run ended before the point"
                rival = proof.start(after).wait()
                assert rival.code == 0, rival.trouble
                zombie.proceed()
                ending = zombie.wait()
                assert ending.code == 0, ending.trouble
            finally:
                zombie.kill()
            found = proof.judge(after, clean or proof.clean(number))
            ((count,),) = scene.rows("SELECT count(*) FROM ops.audit_entry WHERE action = 'command.fenced'")
            fenced += count
            tally.points.append(Point((at,), (zombie.note,), tuple(found)))
    return tally, fenced
