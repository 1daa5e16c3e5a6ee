"""What the simulated market trades. It never closes: every instrument, equities and futures too, has session 24/7."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)

VENUE = "SIM"
ORDER_TYPES = frozenset(
    spec.kind for spec in (Market, Limit, Stop, StopLimit, TrailingStop, MarketIfTouched, LimitIfTouched)
)
TIFS = frozenset(tif.value for tif in TimeInForce)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An instrument and how its market behaves.

    `price` is where it trades at the anchor day, `volatility` its yearly deviation, `factor` and `loading` what it
    shares with others, `spread` the usual spread in ticks, `depth` the usual lots at the touch, `rate` trades per
    minute, `clip` lots of a usual trade. `tracks` names another listing whose path it follows at a constant ratio.
    """

    instrument: Instrument
    price: float
    volatility: float
    factor: str = ""
    loading: float = 0.0
    spread: float = 1.0
    depth: float = 100.0
    rate: float = 40.0
    clip: float = 10.0
    tracks: str = ""

    @property
    def symbol(self) -> str:
        """The instrument's symbol."""
        return self.instrument.id.symbol


def _instrument(
    symbol: str, kind: InstrumentKind, base: str, quote: str, tick: str, lot: str, **more: object
) -> Instrument:
    decimals = {
        name: Decimal(value) if isinstance(value, str) and name in _DECIMAL else value for name, value in more.items()
    }
    return Instrument(
        id=InstrumentId(symbol, VENUE),
        kind=kind,
        base=base,
        quote=quote,
        tick=Decimal(tick),
        lot=Decimal(lot),
        min_qty=Decimal(lot),
        order_types=ORDER_TYPES,
        tifs=TIFS,
        **decimals,  # type: ignore[arg-type]
    )


_DECIMAL = {
    "multiplier", "min_notional", "maker_fee", "taker_fee", "margin_initial", "margin_maintenance", "max_qty"
}  # fmt: skip
_spot = partial(
    _instrument,
    kind=InstrumentKind.SPOT,
    quote="USDT",
    min_notional="5",
    maker_fee="0.0008",
    taker_fee="0.001",
    margin_maintenance="0",
    shortable=False,
)
_perpetual = partial(
    _instrument,
    kind=InstrumentKind.PERPETUAL,
    maker_fee="0.0002",
    taker_fee="0.0005",
    margin_initial="0.05",
    margin_maintenance="0.025",
    funding_interval_hours=8,
)
_fx = partial(
    _instrument,
    kind=InstrumentKind.FX,
    lot="1000",
    maker_fee="0.00002",
    taker_fee="0.00002",
    margin_initial="0.0333",
    margin_maintenance="0.0166",
)
_equity = partial(
    _instrument,
    kind=InstrumentKind.EQUITY,
    quote="USD",
    tick="0.01",
    lot="1",
    maker_fee="0",
    taker_fee="0.0001",
    margin_initial="0.5",
    margin_maintenance="0.25",
)
_future = partial(
    _instrument,
    kind=InstrumentKind.FUTURE,
    quote="USD",
    lot="1",
    maker_fee="0.000004",
    taker_fee="0.000008",
    margin_initial="0.02",
    margin_maintenance="0.016",
)


def _crypto() -> list[Listing]:
    coin = partial(Listing, factor="crypto")
    btc = coin(
        instrument=_spot("BTCUSDT", base="BTC", tick="0.5", lot="0.0001", name="Bitcoin"),
        price=67_412.5, volatility=0.55, loading=0.92, spread=1.2, depth=22_000, rate=90, clip=900,
    )  # fmt: skip
    eth = coin(
        instrument=_spot("ETHUSDT", base="ETH", tick="0.1", lot="0.001", name="Ether"),
        price=3_521.4, volatility=0.7, loading=0.9, spread=1.2, depth=18_000, rate=75, clip=900,
    )  # fmt: skip
    rest = [
        ("SOLUSDT", "SOL", "0.01", "0.01", "Solana", 171.62, 0.85, 0.8, 1.6, 9_000, 55, 500),
        ("XRPUSDT", "XRP", "0.0001", "1", "XRP", 0.6123, 0.8, 0.7, 1.4, 24_000, 45, 1_500),
        ("DOGEUSDT", "DOGE", "0.00001", "1", "Dogecoin", 0.1584, 0.95, 0.75, 1.8, 60_000, 45, 4_000),
        ("ADAUSDT", "ADA", "0.0001", "1", "Cardano", 0.4581, 0.85, 0.75, 1.3, 30_000, 35, 2_000),
        ("AVAXUSDT", "AVAX", "0.01", "0.01", "Avalanche", 36.12, 0.9, 0.75, 1.4, 8_000, 30, 600),
        ("LINKUSDT", "LINK", "0.01", "0.01", "Chainlink", 17.85, 0.85, 0.75, 1.3, 9_000, 30, 700),
    ]
    coins = [
        coin(
            instrument=_spot(symbol, base=base, tick=tick, lot=lot, name=name),
            price=price, volatility=vol, loading=load, spread=spread, depth=depth, rate=rate, clip=clip,
        )
        for symbol, base, tick, lot, name, price, vol, load, spread, depth, rate, clip in rest
    ]  # fmt: skip
    linear = [
        coin(
            instrument=_perpetual(f"{one.symbol}-PERP", base=one.instrument.base, quote="USDT", settle="USDT",
                                  tick=str(one.instrument.tick), lot=lot, min_notional="5",
                                  name=f"{one.instrument.name} perpetual"),
            price=one.price * 1.0003, volatility=one.volatility, spread=1.1, depth=depth, rate=one.rate * 1.3,
            clip=clip, tracks=one.symbol,
        )
        for one, lot, depth, clip in ((btc, "0.001", 9_000, 250), (eth, "0.01", 8_000, 250))
    ]  # fmt: skip
    inverse = [
        coin(
            instrument=_perpetual(f"{one.instrument.base}USD-PERP", base=one.instrument.base, quote="USD",
                                  settle=one.instrument.base, tick=str(one.instrument.tick), lot="1",
                                  multiplier=contract, inverse=True,
                                  name=f"{one.instrument.name} perpetual, inverse"),
            price=one.price * 1.0002, volatility=one.volatility, spread=1.3, depth=6_000, rate=one.rate * 0.6,
            clip=120, tracks=one.symbol,
        )
        for one, contract in ((btc, "100"), (eth, "10"))
    ]  # fmt: skip
    return [btc, eth, *coins, *linear, *inverse]


def _others() -> list[Listing]:
    pairs = [
        ("EURUSD", "EUR", "USD", "0.00001", "Euro", 1.0542, 0.075, 0.8),
        ("GBPUSD", "GBP", "USD", "0.00001", "British pound", 1.2611, 0.085, 0.75),
        ("USDJPY", "USD", "JPY", "0.001", "Japanese yen", 154.31, 0.095, -0.65),
    ]
    fx = [
        Listing(
            instrument=_fx(symbol, base=base, quote=quote, tick=tick, name=name),
            price=price, volatility=vol, factor="dollar", loading=load, spread=5.0, depth=2_500, rate=70, clip=120,
        )
        for symbol, base, quote, tick, name, price, vol, load in pairs
    ]  # fmt: skip
    shares = [
        ("AAPL", "Apple", 228.14, 0.27, 0.75, 1.3, 900, 60, 80),
        ("MSFT", "Microsoft", 441.02, 0.25, 0.78, 2.0, 500, 50, 60),
        ("NVDA", "NVIDIA", 138.77, 0.5, 0.72, 1.2, 1_800, 80, 150),
        ("AMZN", "Amazon", 201.33, 0.32, 0.72, 1.5, 700, 50, 70),
        ("GOOGL", "Alphabet", 176.9, 0.3, 0.7, 1.4, 700, 45, 70),
        ("META", "Meta Platforms", 588.12, 0.36, 0.68, 4.0, 260, 40, 40),
        ("TSLA", "Tesla", 341.7, 0.58, 0.6, 3.0, 500, 70, 60),
        ("SPY", "S&P 500 fund", 588.02, 0.16, 0.985, 1.1, 2_400, 80, 180),
        ("QQQ", "Nasdaq 100 fund", 502.91, 0.21, 0.95, 1.2, 1_600, 70, 140),
    ]
    equities = [
        Listing(
            instrument=_equity(symbol, base=symbol, name=name),
            price=price, volatility=vol, factor="stocks", loading=load, spread=spread, depth=depth, rate=rate,
            clip=clip,
        )
        for symbol, name, price, vol, load, spread, depth, rate, clip in shares
    ]  # fmt: skip
    contracts = [
        ("ES", "E-mini S&P 500", "0.25", "50", 5_912.25, 0.16, "", 0.0, 1.1, 160, 90, 4, "SPY"),
        ("NQ", "E-mini Nasdaq 100", "0.25", "20", 20_688.5, 0.21, "", 0.0, 2.0, 40, 80, 2, "QQQ"),
        ("CL", "Crude oil", "0.01", "1000", 71.08, 0.36, "", 0.0, 1.2, 60, 55, 3, ""),
        ("GC", "Gold", "0.1", "100", 2_688.4, 0.16, "dollar", 0.35, 1.4, 40, 50, 2, ""),
        ("ZN", "10-year note", "0.015625", "1000", 110.28125, 0.06, "dollar", 0.3, 1.0, 900, 35, 15, ""),
    ]
    futures = [
        Listing(
            instrument=_future(symbol, base=symbol, tick=tick, multiplier=contract, name=name),
            price=price, volatility=vol, factor=factor, loading=load, spread=spread, depth=depth, rate=rate, clip=clip,
            tracks=tracks,
        )
        for symbol, name, tick, contract, price, vol, factor, load, spread, depth, rate, clip, tracks in contracts
    ]  # fmt: skip
    return [*fx, *equities, *futures]


def catalogue() -> list[Listing]:
    """Return the listings every simulated session has."""
    return [*_crypto(), *_others()]


def synthetic(count: int) -> list[Listing]:
    """Return `count` more equities, SYN001 onwards, for load: like any other, with prices from 10 to 500."""
    return [
        Listing(
            instrument=_equity(f"SYN{number:03d}", base=f"SYN{number:03d}", name=f"Synthetic {number}"),
            price=10 + (number * 7919 % 49_000) / 100,
            volatility=0.2 + number % 7 * 0.06,
            factor="stocks",
            loading=0.4 + number % 5 * 0.1,
            spread=1 + number % 3,
            depth=300 + number % 11 * 100,
            rate=20 + number % 9 * 10,
            clip=30 + number % 4 * 20,
        )
        for number in range(1, count + 1)
    ]
