"""The journal writes ahead, claims once, chains its events, and says when something is wrong."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidmere.errors import ContractViolation, DiskFull, JournalCorrupt, StorageError
from bidmere.kernel.lifecycle import Level
from bidmere.model.events import FundingPaid, OrderAccepted, OrderCanceled, OrderClaimed, OrderFilled
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.order_fsm import advance
from bidmere.model.orders import Limit, Order, OrderIntent, OrderState
from bidmere.risk.decision import CheckResult, GateReport, Verdict
from bidmere.storage.journal import JOURNAL_FILE, AuditRow, Entry, Journal, verify
from bidmere.storage.journal_records import append_event
from bidmere.storage.journal_schema import SCHEMA_VERSION, Chain

D = Decimal
BTC = InstrumentId("BTCUSDT", "SIM")


def report(verdict: Verdict = Verdict.PASS) -> GateReport:
    check = CheckResult(code="L-QTY", title="Quantity", verdict=verdict, limit="≥ 0.001", now="0.1", after="0.1")
    return GateReport(checks=(check,), largest_qty=None, ts=10)


def draft(client_id: str = "T1") -> Order:
    intent = OrderIntent(
        instrument=BTC, side=Side.BUY, qty=D("0.1"), spec=Limit(price=D(65_000)), account="A", source="ticket"
    )
    return Order(client_id=client_id, intent=intent, qty=intent.qty, spec=intent.spec, created_ns=10)


def approved(client_id: str = "T1") -> Order:
    return replace(draft(client_id), state=OrderState.APPROVED, approved_ns=11)


def fill(trade_id: str = "t1", qty: str = "0.1", client_id: str = "T1") -> OrderFilled:
    made = Fill(
        trade_id=trade_id, client_id=client_id, venue_id="V1", instrument=BTC, account="A", side=Side.BUY, qty=D(qty),
        price=D(65_000), fee=D("0.26"), fee_currency="USDT", liquidity=Liquidity.MAKER, ts_event=20,
    )  # fmt: skip
    return OrderFilled(client_id=client_id, ts=20, fill=made)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    one = Journal(tmp_path / JOURNAL_FILE, durable=False, ballast_bytes=4096)
    await one.start()
    yield one
    await one.stop()


async def _life(journal: Journal) -> Order:
    """Write one whole life: approved, claimed, accepted, filled."""
    order = approved()
    await journal.write_approved(order, report())
    assert await journal.claim("T1", 12)
    order = advance(order, OrderClaimed(client_id="T1", ts=12))
    for event in (OrderAccepted(client_id="T1", ts=13, venue_id="V1"), fill()):
        order = advance(order, event)
        await journal.append([Entry(event=event, order=order)])
    return order


async def test_r10_intent_approval_and_state_are_one_transaction(journal: Journal, tmp_path: Path) -> None:
    await journal.write_approved(approved(), report())
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as other:
        assert other.execute("SELECT client_id, state FROM orders").fetchall() == [("T1", "approved")]
        (client_id, decision, version, text) = other.execute(
            "SELECT client_id, decision, gate_version, report FROM approvals"
        ).fetchone()
    assert (client_id, decision, version) == ("T1", "approved", 1)
    assert '"code":"L-QTY"' in text
    with pytest.raises(StorageError):
        await journal.write_approved(approved(), report())  # a client id is used once, for ever
    assert [line.step for line in await journal.story("T1")] == ["OrderCreated", "OrderApproved"]


async def test_r11_the_claim_is_one_shot(journal: Journal) -> None:
    await journal.write_approved(approved(), report())
    answers = await asyncio.gather(*(journal.claim("T1", 12) for _ in range(20)))
    assert sorted(answers) == [False] * 19 + [True]
    assert not await journal.claim("T-never-seen", 12)


async def test_r11_a_denied_order_cannot_be_claimed(journal: Journal) -> None:
    order = replace(draft(), state=OrderState.DENIED, code="L-QTY", reason="Too much.", ended_ns=11, cause="risk")
    await journal.write_denied(order, report(Verdict.FAIL))
    assert not await journal.claim("T1", 12)
    assert (await journal.load()).orders == (replace(order, updated_ns=11),)


async def test_only_a_decision_can_be_written_as_one(journal: Journal) -> None:
    with pytest.raises(ContractViolation):
        await journal.write_approved(draft(), report())


async def test_i10_what_is_loaded_is_what_was(journal: Journal, tmp_path: Path) -> None:
    order = await _life(journal)
    paid = FundingPaid(account="A", instrument=BTC, amount=D("-1.5"), currency="USDT", ts=30)
    await journal.append([Entry(event=paid)])
    await journal.post_audit(AuditRow(ts=31, action="kill", data={"level": 2, "limit": D("0.1")}))
    foreign = replace(draft("X9"), state=OrderState.OPEN, venue_id="V9")
    await journal.post_adopted(foreign)
    again = Journal(tmp_path / JOURNAL_FILE, durable=False, ballast_bytes=0)
    await journal.stop()
    await again.start()
    state = await again.load()
    await again.stop()
    assert state.orders == (order, foreign)
    assert state.fills == (fill().fill,)
    assert state.funding == (paid,)
    assert state.audits == (AuditRow(ts=31, action="kill", data={"level": 2, "limit": "0.1"}),)
    found = verify(tmp_path / JOURNAL_FILE)
    assert found.ok, found.problems
    assert (found.events, found.orders, found.fills, found.approvals) == (8, 2, 1, 1)


async def test_r4_a_fill_is_written_once_whatever_channel_brings_it(journal: Journal, tmp_path: Path) -> None:
    order = await _life(journal)
    await journal.append([Entry(event=fill(), order=order)] * 3)
    assert len((await journal.load()).fills) == 1
    await journal.stop()
    assert verify(tmp_path / JOURNAL_FILE).ok


async def test_those_who_wait_share_a_commit_and_keep_their_order(journal: Journal) -> None:
    orders = [approved(f"T{number}") for number in range(100)]
    await asyncio.gather(*(journal.write_approved(order, report()) for order in orders))
    assert [order.client_id for order in (await journal.load()).orders] == [order.client_id for order in orders]
    assert journal.pending == 0


async def test_one_bad_job_does_not_take_its_group_down(journal: Journal) -> None:
    await journal.write_approved(approved(), report())
    results = await asyncio.gather(
        journal.write_approved(approved("T2"), report()),
        journal.write_approved(approved("T1"), report()),
        journal.write_approved(approved("T3"), report()),
        return_exceptions=True,
    )
    assert [isinstance(one, StorageError) for one in results] == [False, True, False]
    assert [order.client_id for order in (await journal.load()).orders] == ["T1", "T2", "T3"]


async def test_a_job_that_fails_half_way_leaves_no_gap_in_the_chain(journal: Journal, tmp_path: Path) -> None:
    await journal.write_approved(approved(), report())

    def half(connection: sqlite3.Connection, chain: Chain) -> None:
        append_event(connection, chain, 1, "", "Audit", {"action": "half", "data": {}})
        raise sqlite3.OperationalError("planted")

    with pytest.raises(StorageError):
        await journal._writer.put(half)
    await journal.post_audit(AuditRow(ts=2, action="whole", data={}))
    await journal.stop()
    found = verify(tmp_path / JOURNAL_FILE)
    assert (found.ok, found.events) == (True, 3), found.problems


async def test_the_hash_is_the_same_for_the_same_run_threaded_or_not(tmp_path: Path) -> None:
    hashes = set()
    for threaded in (True, False):
        one = Journal(tmp_path / f"{threaded}" / JOURNAL_FILE, durable=False, threaded=threaded, ballast_bytes=0)
        await one.start()
        await _life(one)
        hashes.add(await one.last_hash())
        await one.stop()
    assert len(hashes) == 1


async def test_a_changed_report_changes_the_chain(tmp_path: Path) -> None:
    hashes = set()
    for number, verdict in enumerate((Verdict.PASS, Verdict.WARN)):
        one = Journal(tmp_path / f"{number}" / JOURNAL_FILE, durable=False, ballast_bytes=0)
        await one.start()
        await one.write_approved(approved(), report(verdict))
        hashes.add(await one.last_hash())
        await one.stop()
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE events SET payload = replace(payload, '0.1', '0.2') WHERE seq = 1", "Event 1 .* breaks the chain"),
        ("DELETE FROM events WHERE seq = 3", "Event 3 is missing"),
        ("DELETE FROM events WHERE seq = 5", "stored as filled, its events make it open"),
        ("UPDATE events SET ts = ts + 1 WHERE seq = 4", "Event 4 .* breaks the chain"),
        ("UPDATE orders SET state = 'canceled'", "stored as canceled, its events make it filled"),
        ("UPDATE orders SET intent = replace(intent, 'ticket', 'api')", "stored intent is not"),
        ("DELETE FROM orders", "has events but no row"),
        ("UPDATE approvals SET report = replace(report, 'L-QTY', 'L-XXX')", "stored approvals are not those"),
        ("DELETE FROM approvals", "has no approval|stored approvals are not"),
        ("UPDATE fills SET payload = replace(payload, '65000', '66000')", "Fill SIM/A/BTCUSDT/t1"),
        ("DELETE FROM fills", "Fill SIM/A/BTCUSDT/t1"),
        ("INSERT INTO orders SELECT 'T2', account, instrument, source, state, intent, 1, 1 FROM orders", "T2 has a"),
        ("PRAGMA user_version = 9", "The schema is 9"),
    ],
)
async def test_s16_every_edited_row_is_found(journal: Journal, tmp_path: Path, damage: str, told: str) -> None:
    await _life(journal)
    await journal.stop()
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as other:
        other.executescript("DROP TRIGGER events_keep; DROP TRIGGER events_stay; PRAGMA foreign_keys = OFF;")
        other.executescript(damage)
    found = verify(tmp_path / JOURNAL_FILE)
    assert not found.ok
    assert any(re.search(told, problem) for problem in found.problems), found.problems


async def test_events_cannot_be_edited_in_passing(journal: Journal, tmp_path: Path) -> None:
    await _life(journal)
    await journal.stop()
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as other:
        for statement in ("UPDATE events SET ts = 0", "DELETE FROM events"):
            with pytest.raises(sqlite3.IntegrityError, match="events are never"):
                other.execute(statement)


async def _fill_the_disk(journal: Journal, spare_pages: int = 0) -> None:
    """Let SQLite believe that the disk ends here."""

    def limit(connection: sqlite3.Connection, _chain: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + spare_pages}")

    await journal._writer.put(limit)


async def _many_orders(journal: Journal) -> None:
    for number in range(2, 200):
        await journal.write_approved(approved(f"T{number}"), report())


async def test_r10_a_full_disk_refuses_the_order_and_closes_the_gate(journal: Journal) -> None:
    await journal.write_approved(approved(), report())
    await _fill_the_disk(journal)
    with pytest.raises(DiskFull, match="The disk is full"):
        await _many_orders(journal)
    assert not journal.is_well
    assert "disk is full" in journal.problem
    assert journal.health().level is Level.BAD
    assert not await journal.recover()
    await journal._writer.put(lambda connection, _: connection.execute("PRAGMA max_page_count=100000"))
    assert not journal.is_well  # reading or setting something proves nothing
    assert await journal.recover()
    assert journal.is_well
    await journal.write_approved(approved("T-after"), report())


async def test_r51_the_ballast_goes_for_fills_but_not_for_new_orders(journal: Journal, tmp_path: Path) -> None:
    order = approved()
    await journal.write_approved(order, report())
    assert await journal.claim("T1", 12)
    ballast = journal._writer.ballast
    assert ballast.is_there
    await _fill_the_disk(journal)
    with pytest.raises(DiskFull):
        await _many_orders(journal)
    assert ballast.is_there
    freed = ballast.free

    def free() -> None:
        freed()
        connection = journal._writer._connection
        assert connection is not None
        connection.execute("PRAGMA max_page_count=100000")

    ballast.free = free  # type: ignore[method-assign]
    accepted = OrderAccepted(client_id="T1", ts=13, venue_id="V1" * 5000)
    order = advance(advance(order, OrderClaimed(client_id="T1", ts=12)), accepted)
    await journal.append([Entry(event=accepted, order=order)])
    assert not (tmp_path / "journal.ballast").exists()
    assert not journal.is_well
    ended = OrderCanceled(client_id="T1", ts=14, cause="you")
    await journal.append([Entry(event=ended, order=advance(order, ended))])
    assert not journal.is_well  # the room that the ballast gave is not for new orders
    assert await journal.recover()
    assert journal.is_well
    assert ballast.is_there


async def test_a_newer_schema_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    await _life(journal)
    await journal.stop()
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE)) as other:
        other.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    before = (tmp_path / JOURNAL_FILE).read_bytes()
    with pytest.raises(StorageError, match="newer Bidmere"):
        await Journal(tmp_path / JOURNAL_FILE).start()
    assert (tmp_path / JOURNAL_FILE).read_bytes() == before


async def test_a_damaged_file_is_not_written(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(JournalCorrupt, match="damaged"):
        await Journal(tmp_path / JOURNAL_FILE).start()


async def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="cannot be used"):
        await Journal(tmp_path / "file" / JOURNAL_FILE).start()
    with pytest.raises(StorageError):
        verify(tmp_path / "nothing.db")


async def test_a_closed_journal_is_not_well_and_takes_nothing(tmp_path: Path) -> None:
    one = Journal(tmp_path / JOURNAL_FILE, durable=False, ballast_bytes=0)
    assert not one.is_well
    assert one.health().level is Level.OFF
    with pytest.raises(StorageError, match="not open"):
        await one.write_approved(approved(), report())
    await one.stop()


async def test_an_event_that_does_not_fit_is_told_at_load(journal: Journal) -> None:
    await journal.append([Entry(event=OrderCanceled(client_id="T-nobody", ts=1, cause="you"))])
    with pytest.raises(JournalCorrupt, match="does not know"):
        await journal.load()


async def test_the_story_shows_the_gates_report(journal: Journal) -> None:
    await _life(journal)
    await journal.write_change(approved(), report(Verdict.FAIL), approved=False)
    lines = await journal.story("T1")
    assert [line.step for line in lines] == [
        "OrderCreated", "OrderApproved", "OrderClaimed", "OrderAccepted", "OrderFilled", "ChangeJudged",
    ]  # fmt: skip
    assert lines[0].detail == "buy 0.1 BTCUSDT.SIM limit by ticket"
    assert lines[1].detail == "1 checks passed"
    assert lines[1].payload["report"]["checks"][0]["code"] == "L-QTY"
    assert lines[4].detail == "0.1 at 65000 (maker), fee 0.26 USDT"
    assert lines[5].detail == "1 checks, refused by: Quantity"
    assert await journal.story("T-nobody") == ()


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["order", "claim", "fill", "audit"]), max_size=12))
def test_i10_any_history_verifies_and_replays(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    folder = tmp_path_factory.mktemp("journal")

    async def run() -> None:
        one = Journal(folder / JOURNAL_FILE, durable=False, threaded=False, ballast_bytes=0)
        await one.start()
        orders: dict[str, Order] = {}
        for number, step in enumerate(steps):
            name = f"T{number}"
            if step == "order":
                orders[name] = approved(name)
                await one.write_approved(orders[name], report())
            elif step == "claim" and orders:
                name, order = list(orders.items())[-1]
                if await one.claim(name, 12):
                    orders[name] = advance(order, OrderClaimed(client_id=name, ts=12))
            elif step == "fill" and orders:
                name, order = list(orders.items())[-1]
                event = fill(f"t{number}", "0.05", name)
                orders[name] = advance(order, event)
                await one.append([Entry(event=event, order=orders[name])])
            else:
                await one.post_audit(AuditRow(ts=number, action="note", data={"step": step}))
        assert {order.client_id: order.state for order in (await one.load()).orders} == {
            name: order.state for name, order in orders.items()
        }
        await one.stop()

    asyncio.run(run())
    found = verify(folder / JOURNAL_FILE)
    assert found.ok, found.problems


async def test_after_a_failed_event_none_is_written_before_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [AuditRow(ts=number, action=f"k{number}", data={}) for number in range(3)]
    real = journal._writer._transact
    failures = iter([sqlite3.OperationalError("disk I/O error")])

    def flaky(group: object) -> list[object]:
        if (error := next(failures, None)) is not None:
            raise error
        return real(group)  # type: ignore[arg-type]

    monkeypatch.setattr(journal._writer, "_transact", flaky)
    for row in rows[:2]:
        with pytest.raises(StorageError):
            await journal.post_audit(row)
    await journal.flush()
    with pytest.raises(StorageError):
        await journal.post_audit(rows[2])
    assert await journal.recover()
    for row in rows:
        await journal.post_audit(row)
    assert [row.action for row in (await journal.load()).audits] == ["k0", "k1", "k2"]
