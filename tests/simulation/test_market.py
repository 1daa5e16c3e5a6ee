"""The simulated market: the same for the same seed, whole across timeframes, and believable."""

from __future__ import annotations

import numpy as np
import pytest

from bidmere.errors import UnknownInstrument
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import InstrumentKind
from bidmere.model.market import Book, Quote, Trade
from bidmere.model.timeframe import Timeframe
from bidmere.simulation.catalogue import ORDER_TYPES, TIFS, VENUE, catalogue, synthetic
from bidmere.simulation.market import DEPTH, SimulatedMarket
from bidmere.simulation.path import STEP_NS, Factor, PricePath, share

NOW = 1_795_271_722_400_000_000  # 2026-11-21 14:35:22.4 UTC
SECOND = 1_000_000_000
BTC = InstrumentId("BTCUSDT", VENUE)


def market(seed: int = 7, start: int = NOW) -> SimulatedMarket:
    return SimulatedMarket(catalogue(), seed, start)


@pytest.fixture(scope="module")
def shared() -> SimulatedMarket:
    return market()


def bars(source: SimulatedMarket, text: str, limit: int, end: int = NOW, which: InstrumentId = BTC) -> BarArray:
    return source.bars(which, Timeframe.parse(text), end, limit)


def test_the_catalogue_is_wide_and_takes_every_order() -> None:
    listings = catalogue()
    assert len(listings) >= 20
    assert len({listing.symbol for listing in listings}) == len(listings)
    assert {listing.instrument.kind for listing in listings} == set(InstrumentKind)
    for listing in listings:
        instrument = listing.instrument
        assert (instrument.order_types, instrument.tifs, instrument.session) == (ORDER_TYPES, TIFS, "24/7")
        assert instrument.tick > 0
        assert instrument.lot > 0
        assert instrument.margin_maintenance <= instrument.margin_initial
    ticks = {listing.symbol: str(listing.instrument.tick) for listing in listings}
    assert ticks["ZN"] == "0.015625"
    inverse = next(listing.instrument for listing in listings if listing.symbol == "BTCUSD-PERP")
    assert (inverse.inverse, inverse.multiplier, inverse.settle) == (True, 100, "BTC")


def test_synthetic_listings_are_as_many_as_asked_for() -> None:
    assert len({listing.symbol for listing in synthetic(500)}) == 500


def test_the_same_seed_gives_the_same_market_however_it_is_walked() -> None:
    straight, jumping = market(), market()
    walked = [straight.observe(BTC, ts - STEP_NS, ts) for ts in range(NOW, NOW + 90 * SECOND, STEP_NS)]
    jumping.observe(BTC, NOW - 5 * SECOND, NOW + 89 * SECOND)
    again = [jumping.observe(BTC, ts - STEP_NS, ts) for ts in range(NOW, NOW + 90 * SECOND, STEP_NS)]
    assert walked == again
    assert market(seed=8).observe(BTC, NOW, NOW) != walked[0]


def test_a_longer_history_begins_with_the_shorter_one() -> None:
    listing = catalogue()[0]
    paths = [PricePath(listing, 3, Factor(3, "f", 17_532)) for _ in range(2)]
    short, long = paths[0].days(20_000), paths[1].days(23_000)
    for name in ("open", "high", "low", "close", "lots"):
        column = getattr(short, name)
        np.testing.assert_array_equal(column, getattr(long, name)[: len(column)])


@pytest.mark.parametrize("which", ["BTCUSDT", "ES", "ZN", "USDJPY"])
def test_quotes_books_and_trades_are_in_order(shared: SimulatedMarket, which: str) -> None:
    name = InstrumentId(which, VENUE)
    tick = float(shared.listings[name].instrument.tick)
    for ts in range(NOW, NOW + 60 * SECOND, 5 * STEP_NS):
        *trades, quote, book = shared.observe(name, ts - 5 * STEP_NS, ts)
        assert isinstance(quote, Quote)
        assert isinstance(book, Book)
        assert len(book.bids) == len(book.asks) == DEPTH
        assert book.bids[0] == (quote.bid, quote.bid_size)
        assert book.asks[0] == (quote.ask, quote.ask_size)
        assert quote.ask - quote.bid >= tick * 0.999
        prices = [price for price, _ in reversed(book.bids)] + [price for price, _ in book.asks]
        assert prices == sorted(set(prices))
        assert min(size for _, size in book.bids + book.asks) > 0
        assert prices[0] > 0
        for trade in trades:
            assert isinstance(trade, Trade)
            assert trade.size > 0
            assert ts - 5 * STEP_NS <= trade.ts_event <= ts


def test_prices_are_the_floats_nearest_to_the_grid(shared: SimulatedMarket) -> None:
    for listing in catalogue():
        book = shared.observe(listing.instrument.id, NOW, NOW)[-1]
        assert isinstance(book, Book)
        for price, _ in book.bids + book.asks:
            assert float(listing.instrument.to_price(price)) == price


def test_history_never_reaches_beyond_its_end(shared: SimulatedMarket) -> None:
    for text in ("1s", "1m", "5m", "1h", "1d", "1w", "1M"):
        timeframe = Timeframe.parse(text)
        found = bars(shared, text, 50)
        assert len(found) == 50
        assert timeframe.next(int(found.ts[-1])) <= NOW
        assert timeframe.next(timeframe.next(int(found.ts[-1]))) > NOW
        assert [timeframe.next(int(one)) for one in found.ts[:-1]] == found.ts[1:].tolist()
        assert np.all(found.high >= np.maximum(found.open, found.close))
        assert np.all(found.low <= np.minimum(found.open, found.close))
        assert found.low.min() > 0


def test_history_joins_the_live_price(shared: SimulatedMarket) -> None:
    end = NOW // (60 * SECOND) * 60 * SECOND
    quote = shared.observe(BTC, end, end)[-2]
    assert isinstance(quote, Quote)
    last = bars(shared, "1m", 1, end).close[-1]
    assert abs(quote.mid - last) < 30


@pytest.mark.parametrize(
    ("fine", "coarse"), [("1s", "1m"), ("1m", "5m"), ("1m", "1h"), ("1h", "1d"), ("1d", "1w"), ("1d", "1M")]
)
@pytest.mark.parametrize("which", ["BTCUSDT", "ETHUSD-PERP"])
def test_coarse_bars_are_made_of_fine_ones(shared: SimulatedMarket, fine: str, coarse: str, which: str) -> None:
    name, timeframe = InstrumentId(which, VENUE), Timeframe.parse(coarse)
    wide = bars(shared, coarse, 3, which=name)
    narrow = bars(shared, fine, 3 * timeframe.ns // Timeframe.parse(fine).ns * 2 + 4_000 * (fine == "1s"), which=name)
    for index, opened in enumerate(wide.ts):
        inside = (narrow.ts >= opened) & (narrow.ts < timeframe.next(int(opened)))
        assert inside.any()
        assert narrow.open[inside][0] == wide.open[index]
        assert narrow.close[inside][-1] == wide.close[index]
        assert narrow.high[inside].max() == wide.high[index]
        assert narrow.low[inside].min() == wide.low[index]
        if which == "BTCUSDT":
            assert narrow.volume[inside].sum() == pytest.approx(wide.volume[index])


def test_trades_of_a_minute_add_up_to_its_bar() -> None:
    fresh, start = market(), NOW // (60 * SECOND) * 60 * SECOND
    traded = 0.0
    for ts in range(start, start + 60 * SECOND, STEP_NS):
        traded += sum(one.size for one in fresh.observe(BTC, ts - STEP_NS, ts) if isinstance(one, Trade))
    assert traded == pytest.approx(bars(fresh, "1m", 1, start + 60 * SECOND).volume[-1])


@pytest.mark.parametrize(("text", "limit"), [("1m", 20_000), ("1h", 1_400), ("1d", 2_500)])
def test_volatility_clusters_and_tails_are_fat(shared: SimulatedMarket, text: str, limit: int) -> None:
    returns = np.diff(np.log(bars(shared, text, limit).close))
    returns = returns - returns.mean()
    assert np.mean(returns**4) / np.mean(returns**2) ** 2 > 3.2
    size = np.abs(returns) - np.abs(returns).mean()
    lagged = [float(np.mean(size[lag:] * size[:-lag]) / np.mean(size**2)) for lag in range(1, 6)]
    assert np.mean(lagged) > 0.02


def test_spread_widens_with_volatility(shared: SimulatedMarket) -> None:
    which, spreads, ranges = InstrumentId("EURUSD", VENUE), [], []
    minutes = bars(shared, "1m", 600, which=which)
    for opened, high, low in zip(minutes.ts[::5], minutes.high[::5], minutes.low[::5], strict=True):
        touches = [shared.market(which).touch(int(opened) // STEP_NS + step) for step in range(0, 600, 60)]
        spreads.append(np.mean([ask - bid for bid, ask in touches]))
        ranges.append(high - low)
    assert np.corrcoef(spreads, ranges)[0, 1] > 0.5


def test_aggressors_lean_with_the_price(shared: SimulatedMarket) -> None:
    flow, moves = [], []
    for minute in range(240):
        start, signed = NOW - minute * 60 * SECOND, 0.0
        first, last = (shared.mark(BTC, start + gap) for gap in (0, 10 * SECOND))
        for datum in shared.observe(BTC, start, start + 10 * SECOND):
            signed += (1 if datum.side == "buy" else -1) if isinstance(datum, Trade) else 0
        flow.append(signed)
        moves.append(float(last - first))
    assert np.corrcoef(flow, moves)[0, 1] > 0.1


def test_crypto_moves_together_and_perpetuals_track_their_spot(shared: SimulatedMarket) -> None:
    def moves(symbol: str) -> np.ndarray:
        return np.diff(np.log(bars(shared, "1d", 1_000, which=InstrumentId(symbol, VENUE)).close))

    assert np.corrcoef(moves("BTCUSDT"), moves("ETHUSDT"))[0, 1] > 0.6
    assert abs(np.corrcoef(moves("BTCUSDT"), moves("CL"))[0, 1]) < 0.2
    spot, perpetual = shared.mark(BTC, NOW), shared.mark(InstrumentId("BTCUSDT-PERP", VENUE), NOW)
    assert abs(perpetual / spot - 1) < 0.001


def test_a_clock_that_starts_at_zero_has_a_market_too() -> None:
    early = market(start=0)
    assert len(bars(early, "1h", 100, end=0)) == 0 or bars(early, "1h", 100, end=0).ts[-1] < 0
    assert isinstance(early.observe(BTC, 0, SECOND)[-1], Book)
    assert 20_000 < float(early.mark(BTC, SECOND)) < 200_000


def test_an_unknown_symbol_is_refused(shared: SimulatedMarket) -> None:
    with pytest.raises(UnknownInstrument):
        shared.observe(InstrumentId("NOPE", VENUE), NOW, NOW)


def test_shares_add_up() -> None:
    parts = share(1_000, np.array([0.1, 0.0, 3.0, 2.2]))
    assert parts.sum() == 1_000
    assert parts.min() >= 0


def test_no_hour_of_a_day_stands_still() -> None:
    listing = catalogue()[0]
    path = PricePath(listing, 5, Factor(5, listing.factor, 17_532))
    for day in range(20_740, 20_780):
        minutes = path.minutes(day)
        high, low = (values.reshape(24, 60) for values in (minutes.high, minutes.low))
        reach = high.max(axis=1) - low.min(axis=1)
        assert reach.min() > 0.08 * np.median(reach)


def test_no_minute_carries_the_whole_reach_of_its_day() -> None:
    listing = catalogue()[0]
    path = PricePath(listing, 1, Factor(1, listing.factor, 17_532))
    days = path.days(20_780)
    for day in range(20_740, 20_780):
        minutes, index = path.minutes(day), day - path.first_day
        assert minutes.high.max() == pytest.approx(days.high[index], abs=1e-9)
        assert minutes.low.min() == pytest.approx(days.low[index], abs=1e-9)
        body_top, body_bottom = np.maximum(minutes.open, minutes.close), np.minimum(minutes.open, minutes.close)
        assert max((minutes.high - body_top).max(), (body_bottom - minutes.low).max()) < 0.012
