"""What a typed line needs to know, asked from the desk."""

from __future__ import annotations

from bidmere.desk.api import DeskApi
from bidmere.desk.line_orders import Surroundings
from bidmere.model.ids import InstrumentId
from bidmere.model.money import ZERO


def surroundings(desk: DeskApi, instrument: InstrumentId, account: str) -> Surroundings:
    """Gather prices, the position and the account's means for staging a line in one instrument."""
    value = desk.valuation(account)
    day = desk.day_stats(instrument)
    held = next(
        (one for one in desk.positions() if one.instrument.id == instrument and one.account == account), None
    )
    return Surroundings(
        instrument=desk.instrument(instrument),
        account=account,
        currency=value.currency,
        quote=desk.quote(instrument),
        last=day.last if day is not None else None,
        high=day.high if day is not None else None,
        low=day.low if day is not None else None,
        equity=value.equity,
        buying_power=value.buying_power,
        position=held.qty if held is not None else ZERO,
        entry=held.avg_price if held is not None else ZERO,
        convert=lambda amount, source, target: (
            None if (rate := desk.rate(source, target)) is None else amount * rate
        ),
    )
