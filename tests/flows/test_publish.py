"""The publish flow by itself: what is looked up, what is called, what goes alone, and what stops the lane."""

from dataclasses import replace

import pytest

from flows.fakes import ROUTING, FakeErp, command, flow, paid_order, payment, risky, settle_one
from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    ThrottledError,
    TransientError,
)
from retail_ops.flows.orders.publish import POISON_CRASHES, SUSPECT_CRASHES
from retail_ops.governance.routing import NEWER_VERSION_RECHECK_S, Failure
from retail_ops.ports.erp import Problem
from retail_ops.ports.store import FollowUp

GONE = {"cancelled_at": paid_order().placed_at}
ORDER = paid_order()
ID = ORDER.external_id
AWAY = Problem("deferred", "", "away")


def confirm(order=ORDER, number=1, **changes):
    return command(order, number, action="order.confirm", state="quotation", reference="7", **changes)


def test_a_first_revision_is_placed_and_its_confirmation_follows():
    erp = FakeErp()
    settlement = settle_one(command(ORDER), erp)
    assert erp.calls == [("place", [ID])]
    assert (settlement.status, settlement.state, settlement.published, settlement.reference) == (
        "done",
        "quotation",
        True,
        f"ref-{ID}",
    )
    assert settlement.follow == (FollowUp("order.confirm"),)


@pytest.mark.parametrize(
    ("order", "state", "reason", "follow"),
    [
        (risky(ORDER), "review", "high_risk", ()),
        (paid_order(payments=()), "held", "not_paid", ()),
        (paid_order(units=9), "held", "short_stock", (FollowUp("order.confirm", 600),)),
    ],
)
def test_a_decision_becomes_a_state_and_a_follow_up(order, state, reason, follow):
    settlement = settle_one(command(order), FakeErp(free={"TS-001": 8}))
    assert (settlement.state, settlement.reason, settlement.follow) == (state, reason, follow)
    assert (settlement.case is not None) == (state == "review")


def test_a_revision_with_a_newer_one_behind_it_is_placed_and_held():
    settlement = settle_one(command(ORDER, newest=False))
    assert (settlement.state, settlement.reason, settlement.follow) == (
        "held",
        "newer_version_on_its_way",
        (FollowUp("order.confirm", NEWER_VERSION_RECHECK_S),),
    )


def test_what_the_erp_already_has_is_amended_whatever_the_store_says():
    erp = FakeErp({ID: "quotation"})
    settlement = settle_one(command(ORDER), erp)
    assert erp.calls == [("amend", [ID])]
    assert (settlement.state, settlement.reference) == ("quotation", f"ref-{ID}")


@pytest.mark.parametrize("state", ["staged", "held", "review", "conflict", "quarantined", "released"])
def test_a_confirmed_order_follows_the_channel_whatever_the_store_says(state):
    settlement = settle_one(command(risky(ORDER), state=state, reference="7"), FakeErp({ID: "confirmed"}))
    assert (settlement.state, settlement.reason, settlement.follow, settlement.case) == (
        "released",
        "follows the channel",
        (),
        None,
    )


@pytest.mark.parametrize("state", ["review", "conflict", "held"])
def test_a_quotation_is_decided_again_and_held_back_while_the_reason_persists(state):
    persists = settle_one(command(risky(ORDER), state=state, reference="7"), FakeErp({ID: "quotation"}))
    assert (persists.state, persists.follow) == ("review", ())
    gone = settle_one(command(ORDER, state=state, reference="7"), FakeErp({ID: "quotation"}))
    assert (gone.state, gone.follow) == ("quotation", (FollowUp("order.confirm"),))


def test_an_order_that_is_cancelled_in_the_erp_and_wanted_on_the_channel_is_a_conflict():
    erp = FakeErp({ID: "cancelled"})
    settlement = settle_one(command(ORDER, state="held", reference="7"), erp)
    assert (settlement.status, settlement.state, settlement.published) == ("parked", "conflict", False)
    assert settlement.case is not None
    assert (settlement.case.kind, settlement.case.code) == ("conflict", "changed_after_cancel")
    assert erp.calls == []


@pytest.mark.parametrize("known", [{}, {ID: "cancelled"}])
def test_what_nobody_wants_and_nobody_has_needs_no_write(known):
    erp = FakeErp(dict(known))
    settlement = settle_one(command(ORDER.model_copy(update=GONE)), erp)
    assert (settlement.status, settlement.state, settlement.published, erp.calls) == ("done", "cancelled", True, [])


@pytest.mark.parametrize("state", ["quotation", "confirmed"])
def test_what_the_channel_cancelled_is_cancelled_and_keeps_its_state_until_then(state):
    erp = FakeErp({ID: state})
    settlement = settle_one(command(ORDER.model_copy(update=GONE), state="released", reference="7"), erp)
    assert (settlement.state, settlement.follow, erp.calls) == (None, (FollowUp("order.cancel"),), [])


def test_an_order_that_was_deleted_in_the_erp_is_not_placed_again():
    erp = FakeErp(refusals={"amend": Problem("not_placed", "", "gone")})
    settlement = settle_one(command(ORDER, state="held", reference="7"), erp)
    assert [what for what, _ in erp.calls] == ["amend"]
    assert (settlement.status, settlement.state) == ("parked", "review")


@pytest.mark.parametrize("action", ["order.confirm", "order.cancel"])
def test_a_follow_up_of_an_older_revision_is_void(action):
    settlement = settle_one(command(ORDER, action=action, newest=False, reference="7"))
    assert settlement.status == "superseded"


def test_a_publish_behind_a_published_newer_one_is_void():
    assert settle_one(command(ORDER, stale=True, newest=False)).status == "superseded"


def test_a_confirmation_is_decided_again_right_before_it():
    erp = FakeErp({ID: "quotation"}, free={"TS-001": 0})
    settlement = settle_one(confirm(), erp)
    assert (settlement.status, settlement.state, settlement.reason, settlement.delay_s) == (
        "deferred",
        "held",
        "short_stock",
        600,
    )
    assert erp.calls == []


def test_what_is_confirmed_already_is_not_held_for_its_own_reservation():
    erp = FakeErp({ID: "confirmed"}, free={"TS-001": 0})
    settlement = settle_one(confirm(), erp)
    assert (settlement.status, settlement.state, erp.calls) == ("done", "released", [("confirm", [ID])])


def test_the_last_unit_goes_to_the_first_order_only():
    orders = [paid_order(str(number), units) for number, units in enumerate((2, 2, 1))]
    publish, erp, store = flow(
        *(confirm(order, number) for number, order in enumerate(orders)), erp=FakeErp(free={"TS-001": 3})
    )
    publish.run()
    assert erp.calls == [("confirm", [orders[0].external_id, orders[2].external_id])]
    assert {settlement.command.outbox_id: settlement.state for settlement in store.settled} == {
        0: "released",
        1: "held",
        2: "released",
    }


def test_goods_that_are_not_stocked_are_never_used_up():
    orders = [paid_order(str(number), 5, "SERVICE") for number in range(3)]
    publish, erp, _ = flow(*(confirm(order, number) for number, order in enumerate(orders)))
    publish.run()
    assert erp.calls == [("confirm", [order.external_id for order in orders])]


def test_velocity_is_asked_and_decides():
    settlement = settle_one(command(ORDER), velocity=lambda _order: 10)
    assert (settlement.state, settlement.reason) == ("review", "many_orders_of_one_buyer")


@pytest.mark.parametrize(
    "error", [TransientError("away"), AmbiguousError("unknown"), ThrottledError("slow down", 99.0)]
)
def test_an_erp_that_takes_nothing_is_an_error_of_the_run(error):
    publish, _, store = flow(command(ORDER, attempt=2), erp=FakeErp(error=error))
    with pytest.raises(TransientError, match="they stay due"):
        publish.run()
    (settlement,) = store.settled
    wait = 99.0 if isinstance(error, ThrottledError) else 15
    assert (settlement.status, settlement.state, settlement.delay_s) == ("deferred", None, wait)


def test_one_taken_command_is_enough():
    erp = FakeErp({"x": "quotation"}, refusals={"confirm": AWAY})
    publish, _, store = flow(confirm(), command(paid_order("2"), 2), erp=erp)
    publish.run()
    assert sorted(settlement.status for settlement in store.settled) == ["deferred", "done"]


def test_an_old_revision_that_is_void_does_not_hide_that_the_erp_is_away():
    void = command(paid_order("2"), 2, stale=True)
    publish, _, _ = flow(void, confirm(), erp=FakeErp(refusals={"confirm": AWAY}))
    with pytest.raises(TransientError):
        publish.run()


def test_data_that_is_tried_again_does_not_look_like_an_outage():
    steps = {**ROUTING.steps, "place": Failure(otherwise="retry", retry_s=77)}
    routing = ROUTING.model_copy(update={"steps": steps})
    erp = FakeErp(refusals={"place": Problem("odd", "", "odd")})
    settlement = settle_one(command(ORDER), erp, routing=routing)
    assert (settlement.status, settlement.delay_s) == ("deferred", 77)
    assert settlement.case is not None


@pytest.mark.parametrize("error", [AuthorisationError("refused"), ConfigurationError("missing")])
def test_a_lane_that_must_stop_gives_its_commands_back(error):
    publish, _, store = flow(command(ORDER), command(paid_order("2"), 2), erp=FakeErp(error=error))
    with pytest.raises(type(error)):
        publish.run()
    assert (store.given_back, store.settled) == ([([1, 2], type(error).__name__)], [])


def test_a_command_that_workers_died_with_goes_alone():
    suspects = [
        command(paid_order(str(number)), number, crashes=SUSPECT_CRASHES if number == 2 else 1) for number in (1, 2, 3)
    ]
    publish, erp, store = flow(*suspects)
    publish.run()
    placed = [ids for what, ids in erp.calls if what == "place"]
    assert placed == [[suspects[1].order.external_id], [suspects[0].order.external_id, suspects[2].order.external_id]]
    assert store.given_back == [([1, 3], "a suspect goes alone")]


def test_a_command_that_killed_too_many_workers_is_parked_untried():
    erp = FakeErp()
    settlement = settle_one(command(ORDER, crashes=POISON_CRASHES), erp)
    assert (settlement.status, settlement.state, erp.calls) == ("parked", "review", [])
    assert settlement.case is not None
    assert settlement.case.kind == "poison"


def test_the_counters_name_every_action():
    publish, _, _ = flow(
        confirm(), command(paid_order("2"), 2), command(paid_order("3"), 3, action="order.cancel", reference="7")
    )
    counts = publish.run()
    assert counts == {"order.confirm": 1, "order.publish": 1, "order.cancel": 1}


def test_a_payment_alone_changes_what_is_decided():
    part = paid_order(payments=(payment("sale", 1),))
    assert (
        settle_one(replace(command(part), state="held", reference="7"), FakeErp({ID: "quotation"})).reason == "not_paid"
    )
