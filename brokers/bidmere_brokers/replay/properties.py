"""What a recorded instrument is like: from LEAN's symbol table where it lies near, else from the data itself.

Without a table: the tick is the largest step that all prices are multiples of, the lot follows from the price (about
0.01 of the quote currency for crypto, whole units else). Fees: 0.1 % for crypto spot, 0.02 % maker and 0.05 % taker for
perpetuals, none for equities, FX and futures. Margin: perpetuals 5 %, FX 3⅓ %, futures 10 %.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from bidmere.data.aggregate import MID_BARS
from bidmere.data.importers import ImportResult
from bidmere.errors import InvalidInput
from bidmere.model.bars import Floats
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.money import plain

_TABLE = Path("symbol-properties") / "symbol-properties-database.csv"
_KINDS = {
    "equity": InstrumentKind.EQUITY,
    "forex": InstrumentKind.FX,
    "cfd": InstrumentKind.FX,
    "future": InstrumentKind.FUTURE,
    "cryptofuture": InstrumentKind.PERPETUAL,
}
_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "TRY", "BTC", "ETH", "BNB", "DAI")
_FEES = {
    InstrumentKind.SPOT: (Decimal("0.001"), Decimal("0.001")),
    InstrumentKind.PERPETUAL: (Decimal("0.0002"), Decimal("0.0005")),
}
_MARGINS = {
    InstrumentKind.PERPETUAL: (Decimal("0.05"), Decimal("0.025")),
    InstrumentKind.FX: (Decimal("0.0333"), Decimal("0.0167")),
    InstrumentKind.FUTURE: (Decimal("0.1"), Decimal("0.08")),
}
_MAX_DECIMALS = 10
_SAMPLE = 20_000
ORDER_TYPES = frozenset(
    {"market", "limit", "stop", "stop-limit", "trailing-stop", "market-if-touched", "limit-if-touched"}
)
TIFS = frozenset({"GTC", "DAY", "GTD", "IOC", "FOK"})


def recorded_instrument(
    result: ImportResult, prices: Floats, instrument_id: InstrumentId, *, has_trades: bool, overrides: Mapping[str, Any]
) -> Instrument:
    """Describe the instrument of recorded data. Raises InvalidInput for an override that is no property."""
    symbol = result.symbol.upper().removesuffix(result.contract.upper()) if result.contract else result.symbol.upper()
    kind = _KINDS.get(result.asset, InstrumentKind.SPOT)
    row = _lookup(result.paths, result.asset, result.market, symbol)
    base, quote = _currencies(symbol, kind, row)
    tick = _decimal(row, "minimum_price_variation") or tick_of(prices)
    lot = _decimal(row, "lot_size") or lot_of(float(np.median(prices)), kind)
    maker, taker = _FEES.get(kind, (Decimal(0), Decimal(0)))
    initial, maintenance = _MARGINS.get(kind, (Decimal(1), Decimal(1)))
    instrument = Instrument(
        id=instrument_id,
        kind=kind,
        base=base,
        quote=quote,
        tick=tick,
        lot=lot,
        name=(row or {}).get("description", "") or f"{symbol} (recorded)",
        multiplier=_decimal(row, "contract_multiplier") or Decimal(1),
        inverse=kind is InstrumentKind.PERPETUAL and quote == "USD" and result.market in ("bybit", "binance"),
        min_qty=_decimal(row, "minimum_order_size") or lot,
        maker_fee=maker,
        taker_fee=taker,
        margin_initial=initial,
        margin_maintenance=maintenance,
        order_types=ORDER_TYPES,
        tifs=TIFS,
        tags=("recorded",) if has_trades or kind is InstrumentKind.FX else ("recorded", MID_BARS),
    )
    return _overridden(instrument, overrides)


def tick_of(prices: Floats) -> Decimal:
    """Return the largest step that (nearly) all prices are multiples of."""
    sample = np.unique(prices[np.isfinite(prices) & (prices > 0)][:_SAMPLE])
    if not len(sample):
        return Decimal("0.01")
    for decimals in range(_MAX_DECIMALS + 1):
        scaled = sample * 10.0**decimals
        whole = np.rint(scaled)
        if np.mean(np.abs(scaled - whole) <= 1e-9 * scaled + 1e-7) >= 0.999:
            step = int(np.gcd.reduce(whole.astype(np.int64)))
            # A gcd over few prices says little: 1, 2, 5 and 25 times a power of ten are steps that venues use.
            power = 1
            while step % (power * 10) == 0:
                power *= 10
            factor = next((one for one in (25, 5, 2) if step % (one * power) == 0 and len(sample) >= 20), 1)
            return Decimal(min(power, 1) * factor if len(sample) < 20 else power * factor).scaleb(-decimals)
    return Decimal(1).scaleb(-_MAX_DECIMALS)


def lot_of(price: float, kind: InstrumentKind) -> Decimal:
    """Return a sensible lot: one unit, or for crypto the power of ten worth about 0.01 of the quote currency."""
    if kind not in (InstrumentKind.SPOT, InstrumentKind.PERPETUAL) or not math.isfinite(price) or price <= 0:
        return Decimal(1)
    return Decimal(1).scaleb(max(-8, min(0, math.floor(math.log10(0.01 / price)))))


def _currencies(symbol: str, kind: InstrumentKind, row: Mapping[str, str] | None) -> tuple[str, str]:
    quote = (row or {}).get("quote_currency", "")
    if kind is InstrumentKind.EQUITY:
        return symbol, quote or "USD"
    if kind is InstrumentKind.FUTURE:
        return symbol, quote or "USD"
    if not quote:
        quote = next((one for one in _QUOTES if symbol.endswith(one) and len(symbol) > len(one)), "USD")
    base = symbol.removesuffix(quote)
    return (base or symbol), quote


def _lookup(paths: Sequence[Path], asset: str, market: str, symbol: str) -> dict[str, str] | None:
    """Find the row of LEAN's symbol table, which lies beside the data's folders."""
    if not market or not paths:
        return None
    table = next((one for parent in list(paths[0].parents)[:7] if (one := parent / _TABLE).is_file()), None)
    if table is None:
        return None
    try:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(line for line in file if not line.startswith("#")):
                same = row.get("market") == market and (row.get("type") or "").lower() == asset
                if same and (row.get("symbol") or "").upper() in (symbol, "[*]"):
                    return {key: value or "" for key, value in row.items() if isinstance(value, str)}
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return None


def _decimal(row: Mapping[str, str] | None, name: str) -> Decimal | None:
    text = (row or {}).get(name, "").strip()
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    return Decimal(plain(number)) if number.is_finite() and number > 0 else None


def _overridden(instrument: Instrument, overrides: Mapping[str, Any]) -> Instrument:
    known = {one.name for one in fields(Instrument)} - {"id"}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise InvalidInput(f"An instrument has no property {unknown[0]!r}: it has {', '.join(sorted(known))}.")
    return replace(instrument, **overrides)
