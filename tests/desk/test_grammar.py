"""The order language: the vectors of the manual, errors that point, and the way back from an intent (U-131…U-134)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidmere.desk.grammar import parse
from bidmere.desk.line_orders import Surroundings, draft_close, draft_order
from bidmere.desk.line_text import order_chips, order_line
from bidmere.desk.lines import (
    BreakEvenLine,
    CancelLine,
    CloseLine,
    ControlLine,
    Distance,
    ModifyLine,
    NavLine,
    OrderLine,
    Target,
)
from bidmere.desk.tokens import LineError, SymbolTable
from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Quote, Side
from bidmere.model.orders import (
    Bracket,
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    OrderIntent,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)
from bidmere.model.timeframe import Timeframe

BTC = InstrumentId("BTCUSDT", "SIM")
IDS = [BTC, *(InstrumentId(name, "SIM") for name in ("AAPL", "ES", "ETHUSDT", "EURUSD", "GO"))]
IDS += [InstrumentId("BTCUSD", "SIM"), InstrumentId("BTCUSD", "OTHER")]
SYMBOLS = SymbolTable(IDS)
D = Decimal


def instrument(symbol: str = "BTCUSDT", tick: str = "0.5", lot: str = "0.0001", quote: str = "USDT") -> Instrument:
    return Instrument(
        id=InstrumentId(symbol, "SIM"),
        kind=InstrumentKind.SPOT,
        base=symbol.removesuffix("USDT").removesuffix("USD"),
        quote=quote,
        tick=D(tick),
        lot=D(lot),
    )


def around(one: Instrument | None = None, bid: float = 64_990.0, ask: float = 65_000.0, **more: object) -> Surroundings:
    one = one or instrument()
    quote = Quote(one.id, bid, ask, 1.0, 1.0, 1, 1)
    return replace(Surroundings(instrument=one, account="paper-1", currency=one.quote, quote=quote, last=ask), **more)


def order(text: str) -> OrderLine:
    line = parse(text, SYMBOLS)
    assert isinstance(line, OrderLine)
    return line


def intent(text: str, where: Surroundings | None = None) -> OrderIntent:
    return draft_order(order(text), where or around()).intent


def test_a_limit_order_however_it_is_spaced_or_cased() -> None:
    first = intent("BTCUSDT B 0.1 @ 65000 TIF GTC")
    assert (first.side, first.qty, first.spec, first.tif) == (
        Side.BUY,
        D("0.1"),
        Limit(price=D(65000)),
        TimeInForce.GTC,
    )
    assert intent("btcusdt b 0.1@65000") == first
    assert intent("BTCUSDT.SIM BUY 0.1 @65000") == first
    assert first.source == "palette"
    assert first.account == "paper-1"


def test_stop_limit_by_ticks() -> None:
    aapl = around(instrument("AAPL", "0.01", "1", "USD"), 180.5, 180.51)
    assert intent("AAPL S 100 STP 180 LMT 5t", aapl).spec == StopLimit(trigger=D(180), price=D("179.95"))
    assert intent("AAPL B 100 STP 181 LMT 5t", aapl).spec == StopLimit(trigger=D(181), price=D("181.05"))


def test_risk_size_and_targets() -> None:
    line = order("ES B RISK 250USD @ BID SL 8t TP 2R:50% TP 4R:50%")
    assert line.targets == (Target(multiple=D(2), share=D(50)), Target(multiple=D(4), share=D(50)))
    es = around(replace(instrument("ES", "0.25", "1", "USD"), multiplier=D(50)), 5000.0, 5000.25)
    with pytest.raises(InvalidInput, match="One target"):
        draft_order(line, es)
    made = intent("ES B RISK 250USD @ BID SL 8t TP 2R", es)
    assert made.qty == 2
    assert made.bracket == Bracket(stop_loss=D("4998.00"), take_profit=D("5004.00"))


def test_notional_with_a_cap() -> None:
    eth = around(instrument("ETHUSDT", "0.01", "0.001"), 2499.0, 2500.0)
    made = intent("ETHUSDT B 500USDT MKT SLIP 0.3%", eth)
    assert (made.qty, made.spec, made.slippage_cap) == (D("0.200"), Market(), D("0.003"))


def test_good_till_date_post_only_far_from_the_market() -> None:
    eur = around(instrument("EURUSD", "0.00001", "1000", "USD"), 1.05, 1.0501)
    made = draft_order(order("EURUSD S 1m @ ASK+2p TIF GTD 2026-12-01T16:00Z PO"), eur)
    assert made.intent.qty == 1_000_000
    assert made.intent.spec == Limit(price=D("3.05010"), post_only=True)
    assert made.intent.expire_ns == 1_796_140_800_000_000_000
    assert "price units" in made.warnings[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("CLOSE BTCUSDT 50%", CloseLine(symbol=BTC, percent=D(50))),
        ("flat all", CloseLine(symbol=None)),
        ("CXL BTCUSDT B", CancelLine(symbol=BTC, side=Side.BUY)),
        ("CXL ALL EXITS", CancelLine(exits=True)),
        ("CXL #T01ab", CancelLine(order="T01AB")),
        ("MOD #T01 QTY 2", ModifyLine(order="T01", part="qty", qty=D(2))),
        ("BE ES +2t", BreakEvenLine(symbol=IDS[2], sign=1, offset=Distance(D(2), "t"))),
        ("BTCUSDT 15m", NavLine(symbol=BTC, timeframe=Timeframe(15, "m"))),
        ("btcusdt 1M", NavLine(symbol=BTC, timeframe=Timeframe(1, "M"))),
        ("CHART ETHUSDT 1h", NavLine(symbol=IDS[3], timeframe=Timeframe(1, "h"), view="chart")),
        ("GO orders", NavLine(view="orders")),
        ("WS My desk", NavLine(workspace="My desk")),
        ("LINK B ETHUSDT", NavLine(symbol=IDS[3], group="B")),
        ("sym:GO", NavLine(symbol=IDS[5])),
        ("KILL", ControlLine(word="KILL")),
    ],
)
def test_lines_that_are_no_orders(text: str, line: object) -> None:
    assert parse(text, SYMBOLS) == line


def test_closing_half_is_reduce_only_and_market() -> None:
    line = parse("CLOSE BTCUSDT 50%", SYMBOLS)
    assert isinstance(line, CloseLine)
    made = draft_close(line, around(position=D("-0.5"))).intent
    assert (made.side, made.qty, made.spec, made.reduce_only) == (Side.BUY, D("0.2500"), Market(), True)
    with pytest.raises(InvalidInput, match="no position"):
        draft_close(line, around())


@pytest.mark.parametrize(
    ("text", "at", "message", "fixes"),
    [
        ("BTCUSDT B 0,1 @ 65000", "0,1", "Use a point: 0.1", ("0.1",)),
        ("BTCUSDT B 1,000 MKT", "1,000", "1,000 is ambiguous: 1 or 1000?", ("1", "1000")),
        ("BTCUSDT B RISK 1% @ 65000", "RISK", "RISK needs SL.", ()),
        ("BTCUSDT 0.1 @ 65000", "0.1", "Say B or S before the size.", ("B 0.1", "S 0.1")),
        ("BTCUSD B 0.1", "BTCUSD", "several venues", ("BTCUSD.SIM", "BTCUSD.OTHER")),
        ("BTCUSTD B 1", "BTCUSTD", "There is no symbol BTCUSTD. Did you mean", ()),
        ("BTCUSDT B 1 @ 65,000.5", "65,000.5", "ambiguous", ("65", "65000.5")),
        ("BTCUSDT B 1 MKT SEND now", "now", "not understood", ()),
        ("BTCUSDT B 1 MKT banana", "banana", "not understood", ()),
        ("BTCUSDT B 1 @ 65000 @ 66000", "@", "twice", ()),
        ("BTCUSDT B 1 TIF WEEK", "WEEK", "time in force", tuple(TimeInForce.__members__)),
        ("BTCUSDT B -1", "-1", "cannot be negative", ("1",)),
        ("BTCUSDT B 1 SL 5", "", "", ()),
        ("ALERT BTCUSDT > 70000", "ALERT", "not available in this version", ()),
        ("ARM", "ARM", "not available in this version", ()),
        ("BT sma BTCUSDT 1h", "BT", "not available in this version", ()),
        ("BTCUSDT B 1 BRK scalp", "BRK", "not available in this version", ()),
        ("BTCUSDT B 1 MKT PO", "PO", "PO needs a limit price", ()),
        ("buy bitcoin please", "buy", "There is no symbol", ()),
    ],
)
def test_u134_errors_point_at_the_word_and_offer_a_fix(
    text: str, at: str, message: str, fixes: tuple[str, ...]
) -> None:
    if not message:
        assert order(text).stop is not None
        return
    with pytest.raises(LineError) as caught:
        parse(text, SYMBOLS)
    assert text[caught.value.start : caught.value.end] == at
    assert message in caught.value.message
    if fixes:
        assert caught.value.fixes[: len(fixes)] == fixes


WORDS = ["BTCUSDT", "B", "S", "0.1", "@", "65000", "MKT", "SEND", "CLOSE", "ALL", "CXL", "TIF", "GTC", "PO", "SL", "5t"]
WORDS += ["TP", "2R", "RISK", "1%", "hello", "MAX", "STP", "LMT", "TRAIL", "0,1", "GO", "#1", "", '"', "15m", "BID+1t"]


@settings(max_examples=400, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=9), noise=st.text(max_size=8))
def test_any_text_is_a_line_or_an_error_that_points_inside_it(words: list[str], noise: str) -> None:
    text = " ".join([*words, noise])
    line: object = None
    try:
        line = parse(text, SYMBOLS)
    except LineError as error:
        pointed = (error.start, error.end, error.message)
    if line is None:
        assert 0 <= pointed[0] <= pointed[1] <= len(text)
        assert pointed[2]
    if isinstance(line, OrderLine):
        sides = {word.upper() for word in words[1:2]}
        assert sides <= {"B", "S"}
        assert line.send == ("SEND" in words)


def grid(step: str) -> st.SearchStrategy[Decimal]:
    return st.integers(1, 500_000).map(lambda lots: lots * D(step))


PRICE, QTY = grid("0.5"), grid("0.0001")
SPECS = st.one_of(
    st.just(Market()),
    st.builds(Limit, price=PRICE, post_only=st.booleans(), display_qty=st.none() | QTY),
    st.builds(Stop, trigger=PRICE),
    st.builds(StopLimit, trigger=PRICE, price=PRICE),
    st.builds(TrailingStop, offset=PRICE),
    st.builds(MarketIfTouched, trigger=PRICE),
    st.builds(LimitIfTouched, trigger=PRICE, price=PRICE),
)


@settings(max_examples=200, deadline=None)
@given(
    side=st.sampled_from(Side),
    qty=QTY,
    spec=SPECS,
    tif=st.sampled_from(TimeInForce),
    expire=st.integers(1, 4_000_000_000),
    reduce=st.booleans(),
    slip=st.none() | grid("0.0001"),
    tag=st.text(st.characters(whitelist_categories=("L", "N", "Zs"), max_codepoint=500), max_size=20),
    exits=st.booleans(),
)
def test_u131_an_intent_reads_back_from_its_own_line(
    side: Side, qty: Decimal, spec: object, tif: TimeInForce, expire: int, reduce: bool, slip: Decimal | None, tag: str,
    exits: bool,
) -> None:  # fmt: skip
    entry = getattr(spec, "price", None) or getattr(spec, "trigger", None) or D(65_000)
    step = D("0.5") * side.sign
    bracket = Bracket(take_profit=entry + step, stop_loss=entry - step) if exits and entry > 1 else None
    made = OrderIntent(
        instrument=BTC, side=side, qty=qty, spec=spec, account="paper-1", source="palette", tif=tif, reduce_only=reduce,
        expire_ns=expire * 1_000_000_000 if tif is TimeInForce.GTD else None, reason=tag, slippage_cap=slip,
        bracket=bracket,
    )  # fmt: skip
    assert intent(order_line(made), around(bid=65_000.0)) == made


def test_chips_say_what_was_understood() -> None:
    chips = order_chips(intent("BTCUSDT B 0.1 @ 65000 PO SL 64000"), instrument())
    assert chips == ("BTCUSDT·SIM", "BUY", "0.1 BTC", "LIMIT 65,000.0", "GTC", "post-only", "SL 64,000.0")


def test_sizes_from_equity_and_from_the_position() -> None:
    where = around(equity=D(100_000), buying_power=D(50_000), position=D("0.4"))
    assert intent("BTCUSDT B 10%EQ", where).qty == D("0.1538")
    assert intent("BTCUSDT S POS", where).qty == D("0.4")
    assert intent("BTCUSDT S 25% POS", where).qty == D("0.1")
    assert intent("BTCUSDT B MAX", where).qty <= D(50_000) / 65_000
    with pytest.raises(InvalidInput, match="rate"):
        intent("BTCUSDT B 500JPY", where)


def test_a_stop_on_the_wrong_side_is_refused() -> None:
    with pytest.raises(InvalidInput, match="must be below"):
        intent("BTCUSDT B 1 @ 65000 SL 66000")
