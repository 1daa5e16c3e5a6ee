"""An order's way from intent to venue, and everything that can stop it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.manager import START, Desk, S, running

from bidmere.brokerage.approval import ApprovedOrder, ForgedApproval, issue_order
from bidmere.errors import DiskFull, InvalidInput
from bidmere.execution.events import AlarmRaised
from bidmere.model.market import Side
from bidmere.model.orders import Limit, Market, OrderState, Stop
from bidmere.storage.journal import JOURNAL_FILE, verify
from bidmere.testing.fakes import RecordingExecution

D = Decimal


async def test_an_order_travels_gate_journal_claim_venue(desk: Desk) -> None:
    order = await desk.limit()
    assert order.state is OrderState.OPEN
    assert [one.client_id for one in desk.venue.submitted] == [order.client_id]
    desk.venue.fill(order.client_id, D("0.04"))
    assert desk.order(order.client_id).state is OrderState.PARTIAL
    desk.venue.fill(order.client_id, D("0.06"))
    assert desk.order(order.client_id).state is OrderState.FILLED
    assert desk.position() == D("0.1")
    assert desk.oms.accounts()[0].balance("USDT") == D(100_000) - D("0.1") * 65_000
    states = [event.order.state.value for event in desk.events if hasattr(event, "order")]
    assert states == ["approved", "pending-submit", "open", "partial", "filled"]


async def test_u50_every_stage_is_stamped(desk: Desk) -> None:
    desk.venue.gate = asyncio.Event()
    sending = desk.tasks.spawn(desk.limit(), "send")
    await desk.settle()
    desk.clock.advance_to(START + 40_000_000)
    desk.venue.gate.set()
    order = await sending
    assert (order.created_ns, order.approved_ns, order.submitted_ns) == (START, START, START)
    assert order.accepted_ns == START + 40_000_000
    assert desk.oms.latency().p50_ms == 40.0


async def test_r10_the_row_is_on_file_before_the_bytes_leave(desk: Desk, tmp_path: Path) -> None:
    seen = []

    def look(approved: ApprovedOrder) -> None:
        with closing(sqlite3.connect(f"file:{tmp_path / JOURNAL_FILE}?mode=ro", uri=True)) as other:
            seen.append(
                other.execute(
                    "SELECT orders.state, approvals.decision FROM orders JOIN approvals USING (client_id) "
                    "WHERE client_id = ?",
                    (approved.order.client_id,),
                ).fetchall()
            )

    desk.venue.on_submit = look
    await desk.limit()
    assert seen == [[("pending-submit", "approved")]]


async def test_a_denial_is_a_value_with_a_reason_and_a_row(desk: Desk) -> None:
    result = await desk.oms.submit(desk.intent(qty="9"))
    assert result.is_denied
    assert result.order.state is OrderState.DENIED
    assert result.order.code.startswith("L-")
    assert result.order.reason
    assert not desk.venue.submitted
    steps = [line.step for line in await desk.oms.story(result.order.client_id)]
    assert steps == ["OrderCreated", "OrderDenied"]


async def test_u61_the_largest_size_told_passes_and_one_lot_more_does_not(desk: Desk) -> None:
    largest = (await desk.oms.submit(desk.intent(qty="9"))).report.largest_qty
    assert largest is not None
    assert not (await desk.oms.submit(desk.intent(qty=str(largest + D("0.001"))))).report.passed
    assert (await desk.oms.submit(desk.intent(qty=str(largest)))).report.passed


async def test_a_refusal_by_the_venue_is_rejected_with_its_words(desk: Desk) -> None:
    desk.venue.mode = "refuse"
    order = await desk.limit()
    assert (order.state, order.code, order.raw, order.cause) == (OrderState.REJECTED, "V-NO", "-2010", "venue")


async def test_r3_what_provably_never_left_is_refused_not_unknown(desk: Desk) -> None:
    desk.venue.mode = "not-sent"
    order = await desk.limit()
    assert (order.state, order.code) == (OrderState.REJECTED, "E-NOT-SENT")


@pytest.mark.parametrize("mode", ["lose", "vanish", "raise"])
async def test_r12_no_answer_means_unknown_and_never_a_second_send(desk: Desk, mode: str) -> None:
    desk.venue.mode = mode
    desk.venue.answers_questions = False
    sending = desk.tasks.spawn(desk.limit(), "send")
    await desk.settle()
    await desk.pass_time(6)
    order = await sending
    assert order.state is OrderState.UNKNOWN
    await desk.pass_time(120)
    assert len(desk.venue.submitted) == 1
    assert desk.order(order.client_id).state is OrderState.UNKNOWN


async def test_r14_an_unknown_order_that_is_there_is_found_with_its_fills(desk: Desk) -> None:
    desk.venue.mode = "lose"
    sending = desk.tasks.spawn(desk.limit(), "send")
    await desk.settle()
    client_id = desk.venue.submitted[0].client_id
    desk.venue.fill(client_id, D("0.03"), tell=False)
    await desk.pass_time(6)
    await sending
    await desk.pass_time(3)
    order = desk.order(client_id)
    assert (order.state, order.filled_qty) == (OrderState.PARTIAL, D("0.03"))
    assert desk.position() == D("0.03")


async def test_r14_absent_is_believed_only_late_and_from_two_questions(desk: Desk) -> None:
    desk.venue.mode = "vanish"
    sending = desk.tasks.spawn(desk.limit(), "send")
    await desk.settle()
    await desk.pass_time(6)
    order = await sending
    await desk.pass_time(12)
    assert desk.order(order.client_id).state is OrderState.UNKNOWN
    await desk.pass_time(60)
    ended = desk.order(order.client_id)
    assert (ended.state, ended.code) == (OrderState.REJECTED, "E3-ABSENT")


async def test_a_late_answer_is_evidence(desk: Desk) -> None:
    desk.venue.gate = asyncio.Event()
    desk.venue.answers_questions = False
    sending = desk.tasks.spawn(desk.limit(), "send")
    await desk.settle()
    await desk.pass_time(6)
    order = await sending
    assert order.state is OrderState.UNKNOWN
    desk.venue.gate.set()
    await desk.settle()
    assert desk.order(order.client_id).state is OrderState.OPEN
    assert len(desk.venue.submitted) == 1


async def test_r31_a_forged_approval_is_refused_before_anything_is_touched(desk: Desk) -> None:
    order = await desk.limit()
    with pytest.raises(ForgedApproval):
        ApprovedOrder(order, b"x" * 32)
    forged = object.__new__(ApprovedOrder)
    object.__setattr__(forged, "order", replace(order, qty=D(50)))
    object.__setattr__(forged, "mac", issue_order(order).mac)
    with pytest.raises(ForgedApproval):
        await desk.oms._sender.submit(desk.venue, forged)
    assert len(desk.venue.submitted) == 1


async def test_r11_an_approval_is_sent_once_whoever_holds_it(desk: Desk) -> None:
    order = await desk.limit()
    for _ in range(3):
        await desk.oms._sender.submit(desk.venue, issue_order(order))
    assert len(desk.venue.submitted) == 1


async def test_an_approval_is_not_good_for_another_account(desk: Desk) -> None:
    order = await desk.limit()
    with pytest.raises(ForgedApproval, match="another account"):
        await desk.oms._sender.submit(RecordingExecution(desk.clock, "OTHER"), issue_order(order))


async def test_r10_what_cannot_be_written_down_is_denied_and_the_gate_closes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise DiskFull("The disk is full: journal.db takes no new orders until there is room.")

    monkeypatch.setattr(desk.journal, "write_approved", full)
    result = await desk.oms.submit(desk.intent())
    assert (result.order.state, result.order.code) == (OrderState.DENIED, "L-JOURNAL")
    assert result.is_denied
    assert not desk.venue.submitted
    assert "journal" in [alarm.key for alarm in desk.of(AlarmRaised)]
    assert not desk.oms.orders()[0].state.is_working


async def test_r11_a_claim_that_cannot_be_written_sends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> bool:
        raise DiskFull("full")

    monkeypatch.setattr(desk.journal, "claim", full)
    order = (await desk.oms.submit(desk.intent())).order
    assert (order.state, order.cause) == (OrderState.DEAD, "storage")
    assert not desk.venue.submitted


async def test_r51_events_that_cannot_be_written_wait_in_memory_and_block_new_orders(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    order = await desk.limit()
    real = desk.journal._writer._transact

    def broken(group: object) -> list[object]:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(desk.journal._writer, "_transact", broken)
    desk.venue.fill(order.client_id, D("0.1"))
    await desk.settle()
    assert desk.position() == D("0.1")  # what is known is kept
    refused = await desk.oms.submit(desk.intent(qty="0.02", price="64000"))
    assert "L-JOURNAL" in [check.code for check in refused.report.failed]
    monkeypatch.setattr(desk.journal._writer, "_transact", real)
    await desk.pass_time(3)
    assert (await desk.oms.submit(desk.intent(qty="0.03", price="64000"))).report.passed
    await desk.oms.settle()
    await desk.journal.stop()
    found = verify(tmp_path / JOURNAL_FILE)
    assert (found.ok, found.fills) == (True, 1), found.problems
    await desk.journal.start()


async def test_the_same_dedup_key_gives_the_first_result_again(desk: Desk) -> None:
    intent = desk.intent(dedup_key="bar-1", source="strategy:x", strategy="x-1")
    first, second = await asyncio.gather(desk.oms.submit(intent), desk.oms.submit(intent))
    third = await desk.oms.submit(intent)
    assert first.order.client_id == second.order.client_id == third.order.client_id
    assert len(desk.venue.submitted) == 1
    other = await desk.oms.submit(replace(intent, dedup_key="bar-2", qty=D("0.02")))
    assert other.order.client_id != first.order.client_id


async def test_a_failed_first_try_leaves_the_dedup_key_free(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    intent = desk.intent(dedup_key="k")
    place = desk.oms._placing.place

    async def broken(_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(desk.oms._placing, "place", broken)
    with pytest.raises(RuntimeError):
        await desk.oms.submit(intent)
    monkeypatch.setattr(desk.oms._placing, "place", place)
    assert (await desk.oms.submit(intent)).report.passed


async def test_r30_the_same_order_twice_within_two_seconds_is_a_slip(desk: Desk) -> None:
    await desk.limit()
    twice = await desk.oms.submit(desk.intent())
    assert [check.code for check in twice.report.failed] == ["L-DUPLICATE"]
    await desk.pass_time(3)
    assert (await desk.oms.submit(desk.intent())).report.passed


async def test_i9_orders_on_their_way_count_in_each_others_limits(desk: Desk) -> None:
    """Ten orders at once, each fine alone: together they stay within the position limit."""
    desk.venue.gate = asyncio.Event()
    intents = [desk.intent(qty="0.14", price=str(64_990 - number), source=f"hotkey:{number}") for number in range(10)]
    sending = [desk.tasks.spawn(desk.oms.submit(intent), "send") for intent in intents]
    await desk.settle()
    desk.venue.gate.set()
    results = [await task for task in sending]
    passed = [one for one in results if one.report.passed]
    worth = sum(one.order.qty * 65_000 for one in passed)
    assert 0 < len(passed) < 10
    assert worth <= 50_000 < worth + D("0.14") * 65_000


async def test_an_unknown_account_or_order_is_a_sentence(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="no account"):
        await desk.oms.submit(replace(desk.intent(), account="NOBODY"))
    with pytest.raises(InvalidInput, match="no order"):
        await desk.oms.cancel("T-none", "table")
    with pytest.raises(InvalidInput, match="no account"):
        desk.oms.valuation("NOBODY")


async def test_settle_returns_when_nothing_is_under_way(desk: Desk) -> None:
    desk.tasks.spawn(desk.oms.submit(desk.intent()), "send")
    await asyncio.sleep(0)
    await desk.oms.settle()
    assert desk.oms.in_flight == 0
    assert desk.oms.orders()[0].state is OrderState.OPEN


async def test_the_same_run_gives_the_same_journal_hash(tmp_path: Path) -> None:
    hashes = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with running(folder) as desk:
            order = await desk.limit()
            desk.venue.fill(order.client_id, D("0.05"))
            await desk.pass_time(40)
            await desk.oms.cancel(order.client_id, "table")
            await desk.oms.settle()
            hashes.append(await desk.journal.last_hash())
    assert hashes[0] == hashes[1]


Action = tuple[str, str, str]
actions = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "close", "cancel", "replace", "time"]),
        st.sampled_from(["0.01", "0.05", "0.1", "0.5"]),
        st.sampled_from(["accept", "refuse", "not-sent", "raise", "fill"]),
    ),
    max_size=10,
)


@settings(max_examples=25)
@given(actions)
def test_i5_whatever_reaches_the_venue_was_approved_and_claimed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Action]
) -> None:
    folder = tmp_path_factory.mktemp("desk")

    async def run() -> None:
        async with running(folder) as desk:
            for number, (what, qty, mode) in enumerate(steps):
                await _act(desk, number, what, qty, mode)
                await desk.settle()
            sent = {order.client_id for order in desk.venue.submitted}
            changed = len(desk.venue.replaced)
            assert len(sent) == len(desk.venue.submitted)
            await desk.oms.settle()
        found = verify(folder / JOURNAL_FILE)
        assert found.ok, found.problems
        with closing(sqlite3.connect(folder / JOURNAL_FILE)) as other:
            rows = "SELECT client_id FROM approvals WHERE decision = 'approved' AND kind = 'submit'"
            approved = {row[0] for row in other.execute(rows)}
            claims = [row[0] for row in other.execute("SELECT client_id FROM events WHERE type = 'OrderClaimed'")]
            replaces = other.execute("SELECT count(*) FROM approvals WHERE kind = 'replace' AND decision = 'approved'")
            assert changed <= replaces.fetchone()[0]
        assert sent <= approved
        assert sent <= set(claims)
        assert len(claims) == len(set(claims))

    asyncio.run(run())


async def _act(desk: Desk, number: int, what: str, qty: str, mode: str) -> None:
    desk.venue.mode = "accept" if mode == "fill" else mode
    desk.venue.auto_fill = lambda _order: mode == "fill"
    working = [order for order in desk.oms.orders() if order.state in (OrderState.OPEN, OrderState.PARTIAL)]
    if what in ("buy", "sell"):
        side = Side.BUY if what == "buy" else Side.SELL
        specs = [Market(), Limit(price=D(64_990) if side is Side.BUY else D(65_010)), Stop(trigger=D(65_500))]
        await desk.oms.submit(desk.intent(side, qty, spec=specs[number % 3], source=f"hotkey:{number}"))
    elif what == "close":
        await desk.oms.close_position(desk.intent().instrument, "PAPER-1", source="table")
    elif what == "cancel" and working:
        await desk.oms.cancel(working[0].client_id, "table")
    elif what == "replace" and working and isinstance(working[0].spec, Limit):
        await desk.oms.replace(working[0].client_id, source="table", price=D(64_900) + number)
    elif what == "time":
        desk.clock.advance_to(desk.clock.now_ns() + 3 * S)
