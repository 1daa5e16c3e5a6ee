"""The ladder: book rows by price, static under the mouse, one subscription, and words when there is nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from tests.panels.fakes import ACCOUNT, BTC, ES, ETH, NOW, Bench, book_of, order

from bidmere.brokerage.data_port import FeedState
from bidmere.model.market import Book, Side
from bidmere.model.orders import Limit, Market, OrderIntent, OrderState, Stop
from bidmere_terminal.panels.ladder.panel import LadderPanel
from bidmere_terminal.panels.ladder.rows import StaticRows, Traded, depth_of, own_tags, size_text

sizes = st.floats(min_value=0.001, max_value=1_000)


def resting(side: Side, price: str, qty: str, number: int, spec=Limit):
    kind = spec(price=Decimal(price)) if spec is Limit else spec(trigger=Decimal(price))
    intent = OrderIntent(
        instrument=BTC.id, side=side, qty=Decimal(qty), spec=kind, account=ACCOUNT, source="ticket"
    )  # fmt: skip
    return order(intent, OrderState.OPEN, number=number)


@given(
    st.integers(1_000, 200_000),
    st.lists(sizes, min_size=1, max_size=20),
    st.lists(sizes, min_size=1, max_size=20),
    st.sampled_from([1, 2, 5, 10]),
)
def test_grouping_keeps_every_lot_and_never_makes_a_price_look_better(
    best: int, bids: list[float], asks: list[float], group: int
) -> None:
    tick = float(BTC.tick)
    book = Book(
        instrument=BTC.id,
        bids=tuple(((best - n) * tick, size) for n, size in enumerate(bids)),
        asks=tuple(((best + 1 + n) * tick, size) for n, size in enumerate(asks)),
        ts_event=NOW,
        ts_recv=NOW,
    )
    depth = depth_of(book, BTC, group)
    assert sum(depth.bids.values()) == pytest.approx(sum(bids))
    assert sum(depth.asks.values()) == pytest.approx(sum(asks))
    assert depth.best_bid is not None
    assert depth.best_ask is not None
    assert depth.best_bid * group <= best
    assert depth.best_ask * group >= best + 1
    assert depth.best_bid < depth.best_ask
    assert 0 <= depth.imbalance <= 1


def test_rows_of_a_quarter_tick_and_of_coarse_groups_show_true_prices() -> None:
    for group in (1, 2, 5, 10):
        depth = depth_of(book_of(ES, 5_912.375), ES, group)
        assert depth.best_bid is not None
        assert ES.on_tick(ES.price_of(depth.best_bid * group))


def test_u104_static_rows_wait_for_the_mouse_guard() -> None:
    rows = StaticRows()
    rows.resize(40)
    assert rows.follow(1_000.0, 0.0)
    top = rows.top
    assert not rows.follow(1_010.0, 10.0), "inside the middle 60 % nothing moves"
    assert rows.top == top
    rows.note_mouse(20.0)
    assert not rows.follow(1_015.0, 20.5), "the mouse moved half a second ago"
    rows.button_down = True
    assert not rows.follow(1_015.0, 30.0), "a button is down"
    rows.button_down = False
    assert rows.follow(1_015.0, 30.0)
    assert rows.top == (top or 0) + 15


@given(st.integers(1, 80), st.floats(10, 1e6))
def test_centring_puts_the_inside_into_the_middle(count: int, inside: float) -> None:
    rows = StaticRows()
    rows.resize(count)
    rows.centre(inside)
    assert rows.top is not None
    assert abs((rows.top - (count - 1) / 2) - inside) <= 1


def test_own_orders_are_stacked_by_row_and_side() -> None:
    orders = [
        resting(Side.SELL, "65004.5", "0.5", 1),
        resting(Side.SELL, "65004.5", "0.25", 2),
        resting(Side.BUY, "64000.0", "1", 3, Stop),
        order(
            OrderIntent(instrument=BTC.id, side=Side.BUY, qty=Decimal(1), spec=Market(), account=ACCOUNT, source="api")
        ),
    ]
    tags = own_tags(orders, BTC, 1)
    assert {(key[1], tag.qty, tag.count) for key, tag in tags.items()} == {(Side.SELL, "0.75", 2), (Side.BUY, "1", 1)}


def test_traded_volume_survives_regrouping(bench: Bench) -> None:
    traded = Traded()
    bench.tick(BTC, 65_000.0)
    for mid in (65_000.0, 65_000.5, 65_001.0):
        traded.add([bench.model.last_trades[BTC.id]], BTC)
        bench.tick(BTC, mid)
    total = sum(traded._rows.values())
    traded.use_group(10)
    assert sum(traded._rows.values()) == pytest.approx(total)
    assert traded.largest == pytest.approx(total)


@pytest.mark.parametrize(
    ("size", "decimals", "text"), [(1.8071, 3, "1.807"), (120.44, 3, "120.4"), (1_234, 3, "1.2K"), (7, 0, "7")]
)
def test_sizes_fit_their_column(size: float, decimals: int, text: str) -> None:
    assert size_text(size, decimals) == text


@pytest.fixture
def ladder(bench: Bench, qtbot) -> LadderPanel:
    panel = bench.make(LadderPanel)
    panel.resize(300, 420)
    panel.show()
    qtbot.waitUntil(lambda: panel.view.rows.top is not None)
    return panel


def test_shows_the_book_around_the_middle(ladder: LadderPanel, bench: Bench) -> None:
    shown = {price: (bid, ask) for price, bid, ask, _ in ladder.view.shown_rows()}
    book = bench.model.books[BTC.id]
    assert shown["64,998.5"] == (book.bids[0][1], 0.0)
    assert shown["64,999.5"] == (0.0, book.asks[0][1])
    assert ladder.spread.text() == "Spread 1.0 · 0.2 bp"


def test_watches_its_symbol_once_and_lets_it_go(bench: Bench, qtbot) -> None:
    panel = bench.make(LadderPanel, "one")
    assert bench.desk.called("watch") == []
    panel.show()
    assert bench.desk.called("watch") == [((BTC.id,),)]
    bench.group.set_instrument(ETH.id)
    assert bench.desk.called("watch") == [((BTC.id,),), ((ETH.id,),)]
    assert bench.desk.called("unwatch") == [((BTC.id,),)]
    panel.hide()
    panel.show()
    panel.hide()
    assert len(bench.desk.called("watch")) == len(bench.desk.called("unwatch")) == 3


def test_space_and_middle_click_recentre(ladder: LadderPanel, bench: Bench, qtbot) -> None:
    ladder.view.rows.scroll(500)
    qtbot.keyClick(ladder.view, Qt.Key.Key_Space)
    assert any(bid for _, bid, _, _ in ladder.view.shown_rows())
    ladder.view.rows.scroll(-500)
    qtbot.mouseClick(ladder.view, Qt.MouseButton.MiddleButton)
    assert any(ask for _, _, ask, _ in ladder.view.shown_rows())


def test_control_wheel_groups_prices(ladder: LadderPanel) -> None:
    def wheel(delta: int, keys: Qt.KeyboardModifier) -> None:
        where = QPointF(100, 100)
        event = QWheelEvent(
            where, where, QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(ladder.view, event)

    for expected in (2, 5, 10, 10):
        wheel(-120, Qt.KeyboardModifier.ControlModifier)
        assert ladder.view.group == expected
    assert ladder.group_button.text() == "×10"
    assert ladder.save_state()["group"] == 10
    top = ladder.view.rows.top
    wheel(120, Qt.KeyboardModifier.NoModifier)
    assert ladder.view.rows.top == (top or 0) + 2


def test_a_click_trades_nothing(ladder: LadderPanel, bench: Bench, qtbot) -> None:
    for x in (10, 80, 140, 210, 280):
        qtbot.mouseClick(ladder.view, Qt.MouseButton.LeftButton, pos=QPoint(x, 120))
    assert not bench.desk.called("submit")


def test_own_orders_and_position_are_shown(ladder: LadderPanel, bench: Bench) -> None:
    bench.order(resting(Side.BUY, "64996.0", "0.25", 1))
    bench.position(BTC, "0.3", "64100")
    assert ladder.dump()["own"] == ["buy 0.25"]
    assert ladder.position.text() == "Long 0.3 @ 64,100.0"


@pytest.mark.parametrize("state", [FeedState.STALE, FeedState.OFFLINE])
def test_u108_trouble_with_the_feed_is_said_on_the_ladder(ladder: LadderPanel, bench: Bench, state: FeedState) -> None:
    bench.feed(state, "The link is down.")
    assert ladder.trouble.isVisible()
    assert "The link is down." in ladder.trouble.text()
    assert ladder.view.dim
    bench.feed(FeedState.OK)
    assert not ladder.trouble.isVisible()


def test_says_what_it_waits_for(bench: Bench, qtbot) -> None:
    cold = Bench(ready=False)
    cold.model.books = {}
    cold.model.quotes = {}
    panel = cold.make(LadderPanel)
    panel.show()
    assert "starting" in panel.dump()["state"]
    cold.model.set_ready(True)
    assert "Waiting for the book of BTCUSDT.SIM" in panel.dump()["state"]
    cold.tick(BTC, 65_000.0)
    assert panel.stack.currentIndex() == 0
    cold.close()


def test_data_without_a_book_shows_the_best_prices_and_says_so(bench: Bench, qtbot) -> None:
    bench.model.books.clear()
    panel = bench.make(LadderPanel)
    panel.resize(300, 420)
    panel.show()
    qtbot.waitUntil(lambda: panel.view.rows.top is not None)
    shown = {price: (bid, ask) for price, bid, ask, _ in panel.view.shown_rows() if bid or ask}
    assert shown == {"64,998.5": (1.2, 0.0), "64,999.5": (0.0, 0.85)}
    assert "no book" in panel.trouble.text()
    assert not panel.view.dim
    bench.tick(BTC, 65_000.0)
    assert not panel.trouble.isVisible()
