"""Checks on whether this account, venue and machine may send anything at all."""

from __future__ import annotations

from decimal import Decimal

from bidmere.model.money import plain
from bidmere.model.orders import OrderState
from bidmere.risk.case import Case, percent, result
from bidmere.risk.decision import CheckResult
from bidmere.risk.state import TradingState

_NS_PER_MS = 1_000_000
_MB = 1_000_000


def check_kill(case: Case) -> CheckResult:
    """New orders are blocked while the kill switch is up."""
    level = case.snapshot.kill_level
    return result(
        case, "L-KILL", "Kill switch", level > 0, limit="off", now=f"level {level}" if level else "off", after="–",
        message=f"The kill switch is up ({case.snapshot.kill_reason}): only orders that reduce are sent.",
    )  # fmt: skip


def check_trading_state(case: Case) -> CheckResult:
    """REDUCING takes only what reduces; HALTED takes that only from a person."""
    state, reason = case.snapshot.trading, case.snapshot.trading_reason
    by_machine = case.intent.source.startswith(("strategy:", "api", "ai:"))
    halted = state is TradingState.HALTED and by_machine
    return result(
        case, "L-STATE", "Trading state", state is not TradingState.ACTIVE, limit="active", now=state.value, after="–",
        message=f"Trading is {state.value}: {reason or 'it was set so'}.",
        physical=halted,
    )  # fmt: skip


def check_armed(case: Case) -> CheckResult:
    """A live account must be armed in this session (U-4)."""
    live, armed = case.snapshot.is_live, case.snapshot.is_armed
    now = "armed" if armed else "disarmed" if live else "paper"
    return result(
        case, "L-ARMED", "Arming", live and not armed, limit="armed when live", now=now, after="–",
        message="This live account is not armed: arm it before you open anything.",
    )  # fmt: skip


def check_data_mode(case: Case) -> CheckResult:
    """No live order on simulated or replayed prices (U-2)."""
    simulated, live = case.snapshot.is_simulated_data, case.snapshot.is_live and case.snapshot.account is not None
    return result(
        case, "L-DATA-MODE", "Data mode", simulated and live, limit="live data for live orders",
        now="simulated" if simulated else "live", after="–",
        message="The prices are simulated or replayed: a live order on them is never sent.", physical=True,
    )  # fmt: skip


def check_account(case: Case) -> CheckResult:
    """The account must be known and every currency in it valued."""
    valuation = case.snapshot.valuation
    known = case.snapshot.account is not None
    if not known:
        return result(
            case, "L-ACCOUNT", "Account", True, limit="known", now="unknown", after="–", physical=True,
            message=f"Account {case.intent.account} is not known here: choose one of the connected accounts.",
        )  # fmt: skip
    equity = case.equity
    rates = [name for name in (valuation.missing if valuation is not None else ()) if "/" in name]
    bad = equity is None or equity <= 0
    why = f"no rate for {', '.join(rates)}" if rates else "its equity is not positive"
    missing_marks = valuation is not None and bool(valuation.missing) and not rates
    return result(
        case, "L-ACCOUNT", "Account", bad, limit="valued", now=case.intent.account, after="–", warned=missing_marks,
        message=f"Account {case.intent.account} cannot be valued fully: {why}."
        if bad
        else f"No price yet for {', '.join(valuation.missing if valuation is not None else ())}: valued at cost.",
    )  # fmt: skip


def check_venue(case: Case) -> CheckResult:
    """The venue must be in step with the journal (R-20)."""
    synced = case.snapshot.is_synced
    return result(
        case, "L-VENUE", "Venue", not synced, limit="in step", now="in step" if synced else "not in step", after="–",
        message=f"The venue is not in step yet: {case.snapshot.sync_reason or 'it is being reconciled'}.",
    )  # fmt: skip


def check_unknown(case: Case) -> CheckResult:
    """While an order of the instrument is UNKNOWN, only a person may reduce (R-14)."""
    unknown = [
        order.client_id
        for order in case.snapshot.orders
        if order.state is OrderState.UNKNOWN and order.intent.instrument == case.intent.instrument
    ]
    return result(
        case, "L-UNKNOWN", "Unknown orders", bool(unknown), limit="0", now=str(len(unknown)), after="–",
        message=f"Order {unknown[0] if unknown else ''} got no answer and is being checked: wait until it is resolved.",
        physical=bool(unknown) and case.intent.source.startswith("strategy:"),
    )  # fmt: skip


def check_halt(case: Case) -> CheckResult:
    """An instrument whose position or orders contradict the venue is halted (R-24)."""
    halted = case.snapshot.halted
    return result(
        case, "L-HALT", "Instrument halt", bool(halted), limit="none", now="halted" if halted else "none", after="–",
        message=f"{case.intent.instrument} is halted: {halted}",
    )  # fmt: skip


def check_clock(case: Case) -> CheckResult:
    """The clock must be right; live trading needs it measured (R-40)."""
    error, limit = case.snapshot.clock_error_ns, case.limits.clock_error_ns
    bad = case.snapshot.is_live if error is None else abs(error) > limit
    now = "not measured" if error is None else f"{abs(error) / _NS_PER_MS:.0f} ms"
    return result(
        case, "L-CLOCK", "Clock", bad, limit=f"{limit / _NS_PER_MS:.0f} ms", now=now, after="–",
        message=f"The clock error is {now}: set the machine's clock.",
    )  # fmt: skip


def check_journal(case: Case) -> CheckResult:
    """Nothing is sent that cannot be written down first (R-10)."""
    well = case.snapshot.is_journal_ok
    return result(
        case, "L-JOURNAL", "Journal", not well, limit="writable", now="writable" if well else "not writable", after="–",
        message=f"The order journal cannot be written: {case.snapshot.journal_reason or 'it is not open'}.",
    )  # fmt: skip


def check_disk(case: Case) -> CheckResult:
    """The disk must have room for what follows an order (R-51)."""
    free, limits = case.snapshot.disk_free, case.limits
    bad = free is None or free < limits.disk_free_bytes
    now = "unknown" if free is None else f"{free // _MB:,} MB"
    return result(
        case, "L-DISK", "Disk", bad, limit=f"≥ {limits.disk_free_bytes // _MB} MB", now=now, after="–",
        warned=free is not None and free < limits.disk_warn_bytes,
        message=f"Free disk space is {now}: make room.",
    )  # fmt: skip


def check_daily_loss(case: Case) -> CheckResult:
    """The day's loss must be within its limit (U-58, U-60)."""
    account, pnl = case.snapshot.account, case.snapshot.day_pnl
    if account is None or pnl is None:
        return result(
            case, "L-DAILY-LOSS", "Daily loss", True, limit=f"{plain(case.limits.daily_loss_pct)} %", now="unknown",
            after="–", message="The day's profit is not known yet: wait for prices.",
        )  # fmt: skip
    limit = account.day_start_equity * case.limits.daily_loss_pct / Decimal(100)
    loss = max(Decimal(0), -pnl)
    now = f"{pnl:+,.2f} {account.currency}"
    return result(
        case, "L-DAILY-LOSS", "Daily loss", loss >= limit, limit=f"{limit:,.2f} {account.currency}", now=now, after=now,
        warned=loss >= limit * case.limits.warn_share,
        message=f"Today's loss is {loss:,.2f} of {limit:,.2f} {account.currency}"
        + (": new positions are locked until tomorrow (UTC)." if loss >= limit else "."),
    )  # fmt: skip


def check_drawdown(case: Case) -> CheckResult:
    """The fall from the highest equity must be within its limit."""
    equity, peak = case.equity, case.snapshot.peak_equity
    if equity is None or peak <= 0:
        return result(
            case, "L-DRAWDOWN", "Drawdown", equity is None, limit=f"{plain(case.limits.drawdown_pct)} %", now="unknown",
            after="–", message="The account's value is not known: wait for prices.",
        )  # fmt: skip
    limit = peak * case.limits.drawdown_pct / Decimal(100)
    fall = max(Decimal(0), peak - equity)
    now = percent(fall, peak)
    return result(
        case, "L-DRAWDOWN", "Drawdown", fall >= limit, limit=f"{plain(case.limits.drawdown_pct)} %", now=now, after=now,
        warned=fall >= limit * case.limits.warn_share,
        message=f"Equity is {now} below its peak of {peak:,.2f} {case.currency}.",
    )  # fmt: skip
