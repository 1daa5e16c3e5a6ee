"""Names of instruments: what a text means, and what is said when it means nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.desk.instruments import InstrumentBook
from bidmere.errors import UnknownInstrument
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind


def one(symbol: str, venue: str = "SIM", name: str = "", tick: str = "0.01") -> Instrument:
    return Instrument(
        id=InstrumentId(symbol, venue), kind=InstrumentKind.SPOT, base=symbol[:3], quote="USD", tick=Decimal(tick),
        lot=Decimal(1), name=name,
    )  # fmt: skip


@pytest.fixture
def book() -> InstrumentBook:
    made = InstrumentBook()
    made.add([one("BTCUSDT", name="Bitcoin"), one("ETHUSDT", name="Ether"), one("AAPL", name="Apple")])
    made.add([one("AAPL", "NYSE", "Apple"), one("BTC", name="Bitcoin fund")])
    return made


@pytest.mark.parametrize("text", ["BTCUSDT", "btcusdt", " BtcUsdt ", "BTCUSDT.SIM", "btcusdt.sim", "BTCUSDT·SIM"])
def test_a_name_is_understood_however_it_is_written(book: InstrumentBook, text: str) -> None:
    assert str(book.resolve(text).id) == "BTCUSDT.SIM"


def test_a_symbol_of_two_venues_asks_which(book: InstrumentBook) -> None:
    with pytest.raises(UnknownInstrument, match=r"^AAPL is traded on several venues: write one of AAPL.SIM, AAPL.NYSE"):
        book.resolve("AAPL")
    assert book.resolve("aapl.nyse").id.venue == "NYSE"


@pytest.mark.parametrize(("text", "meant"), [("BTCUSD", "BTCUSDT"), ("ethusd", "ETHUSDT"), ("APL.SIM", "AAPL")])
def test_a_slip_gets_a_suggestion(book: InstrumentBook, text: str, meant: str) -> None:
    with pytest.raises(UnknownInstrument, match=f"is not a symbol known here. Did you mean .*{meant}.*\\?"):
        book.resolve(text)


@pytest.mark.parametrize("text", ["", "   ", "!!!", "QQQQQQQQQ", "x" * 10_000, "\0", "日本"])
def test_nonsense_gets_a_sentence(book: InstrumentBook, text: str) -> None:
    with pytest.raises(UnknownInstrument, match="is not a symbol known here"):
        book.resolve(text)


def test_an_unknown_id_is_refused_with_a_suggestion(book: InstrumentBook) -> None:
    assert book.find(InstrumentId("ETHUSD", "SIM")) is None
    with pytest.raises(UnknownInstrument, match=r"ETHUSD.SIM is not known here. Did you mean ETHUSDT"):
        book.get(InstrumentId("ETHUSD", "SIM"))


def test_adding_again_renews_and_keeps_the_place(book: InstrumentBook) -> None:
    book.add([one("BTCUSDT", tick="0.5")])
    assert book.resolve("BTCUSDT").tick == Decimal("0.5")
    assert str(book.all()[0].id) == "BTCUSDT.SIM"
    assert len(book.all()) == 5


def test_search_gives_the_best_match_first(book: InstrumentBook) -> None:
    found = [str(instrument.id) for instrument in book.search("btc", 10)]
    assert found == ["BTC.SIM", "BTCUSDT.SIM"]
    assert [str(instrument.id) for instrument in book.search("apple", 10)] == ["AAPL.SIM", "AAPL.NYSE"]
    assert len(book.search("", 3)) == 3
    assert book.search("zzz", 10) == ()


@given(st.lists(st.text("ABC", min_size=1, max_size=3), min_size=1, unique=True), st.text("ABC", max_size=3))
def test_every_symbol_resolves_to_itself_and_is_found_by_each_of_its_parts(symbols: list[str], part: str) -> None:
    made = InstrumentBook()
    made.add(one(symbol) for symbol in symbols)
    for symbol in symbols:
        assert made.resolve(symbol.lower()).id.symbol == symbol
    found = {instrument.id.symbol for instrument in made.search(part, 100)}
    assert found == {symbol for symbol in symbols if part in symbol}
    assert len(made.search(part, 1)) <= 1
