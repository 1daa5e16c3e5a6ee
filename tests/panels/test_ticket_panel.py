"""The ticket through its real widgets: type, click, and look at the intent that left."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from tests.panels.fakes import AAPL, ACCOUNT, ETH, Bench, order, too_large

from bidmere.brokerage.data_port import FeedState
from bidmere.model.market import Side
from bidmere.model.orders import Limit, Market, OrderIntent, OrderState, Stop, TimeInForce
from bidmere_terminal.panels.ticket.order_types import TicketType
from bidmere_terminal.panels.ticket.panel import TicketPanel


class Hand:
    """A person at the ticket; time for the guards is set by hand."""

    def __init__(self, bench: Bench, qtbot) -> None:
        self.bench, self.bot = bench, qtbot
        self.panel = bench.make(TicketPanel)
        self.now = self.panel.sending.seconds()
        self.panel.sending.seconds = lambda: self.now
        self.panel.resize(300, 430)
        self.panel.show()
        self.later()
        qtbot.waitUntil(lambda: bench.desk.previews > 0)

    def later(self, seconds: float = 1.0) -> None:
        """Let time pass for the guards."""
        self.now += seconds
        self.panel._refresh_button()

    def find(self, name: str):
        found = self.panel.findChild(object, name)
        assert found is not None, name
        return found

    def click(self, name: str) -> None:
        self.bot.mouseClick(self.find(name), Qt.MouseButton.LeftButton)

    def type(self, name: str, text: str) -> None:
        field = self.find(name)
        field.setFocus()
        field.selectAll()
        self.bot.keyClicks(field, text)

    def send(self) -> OrderIntent:
        self.later()
        before = len(self.bench.desk.intents)
        self.click("ticket.submit")
        assert len(self.bench.desk.intents) > before, self.panel.view.result.text()
        return self.bench.desk.intents[before]


@pytest.fixture
def hand(bench: Bench, qtbot) -> Hand:
    return Hand(bench, qtbot)


def test_u160_first_run_is_one_click_from_a_paper_order(hand: Hand) -> None:
    assert hand.panel.view.submit.isEnabled()
    intent = hand.send()
    assert (intent.side, intent.spec, intent.account, intent.source) == (Side.BUY, Market(), ACCOUNT, "ticket")
    assert intent.qty == Decimal("0.020")
    assert intent.slippage_cap == Decimal("0.005")
    assert hand.panel.view.result.text() == "Filled 0.02 @ 65,001.2 · 18 ms"


def test_u84_button_says_what_is_sent(hand: Hand) -> None:
    hand.click("ticket.type.limit")
    hand.type("ticket.size.input", "0.1")
    hand.type("ticket.price.input", "64980.0")
    assert hand.panel.view.submit.text() == "BUY 0.100 BTCUSDT LIMIT 64,980.0 — PAPER"
    assert hand.send().spec == Limit(price=Decimal("64980.0"))
    assert len({intent.dedup_key for intent in hand.bench.desk.intents}) == 1


def test_every_press_is_a_new_order_and_a_double_click_is_one(hand: Hand) -> None:
    hand.later()
    hand.click("ticket.submit")
    hand.click("ticket.submit")
    assert len(hand.bench.desk.intents) == 1
    hand.send()
    assert len({intent.dedup_key for intent in hand.bench.desk.intents}) == 2


def test_u88_comma_disables_and_offers_two_readings(hand: Hand) -> None:
    hand.type("ticket.size.input", "1,000")
    assert not hand.panel.view.submit.isEnabled()
    assert hand.panel.view.hints["size"].text() == "Did you mean 1 or 1000?"
    hand.click("ticket.size.hint.fix1")
    assert hand.panel.view.fields["size"].text() == "1"


def test_u89_off_tick_is_fixed_by_one_click(hand: Hand) -> None:
    hand.click("ticket.type.limit")
    hand.type("ticket.price.input", "64980.3")
    assert not hand.panel.view.submit.isEnabled()
    hand.click("ticket.price.hint.fix1")
    assert hand.panel.view.fields["price"].text() == "64980.5"
    assert hand.panel.view.submit.isEnabled()


def test_u61_largest_size_that_passes_is_one_click_away(hand: Hand) -> None:
    hand.bench.desk.report = too_large("0.153")
    hand.type("ticket.size.input", "1")
    hand.bot.waitUntil(lambda: not hand.panel.view.submit.isEnabled())
    assert "more than the limit" in hand.panel.view.whatif.failure()
    hand.click("ticket.whatif.fix")
    assert hand.panel.view.fields["size"].text() == "0.153"


def test_u85_symbol_change_clears_prices_and_rests(hand: Hand) -> None:
    hand.click("ticket.side.sell")
    hand.click("ticket.type.limit")
    hand.type("ticket.price.input", "64980.0")
    hand.bench.group.set_instrument(ETH.id)
    assert hand.panel.draft.side is Side.SELL
    assert hand.panel.view.fields["price"].text() != "64980.0"
    assert not hand.panel.view.submit.isEnabled()
    hand.panel.submit()
    assert not hand.bench.desk.intents
    hand.later(0.5)
    assert hand.panel.view.submit.isEnabled()


def test_u86_press_right_after_a_side_change_is_ignored(hand: Hand) -> None:
    hand.click("ticket.side.sell")
    hand.later(0.1)
    hand.panel.view.submit.setEnabled(True)
    hand.click("ticket.submit")
    assert not hand.bench.desk.intents
    assert "just changed" in hand.panel.view.result.text()


def test_u86_price_shown_at_mouse_down_is_sent(hand: Hand) -> None:
    hand.click("ticket.type.limit")
    hand.type("ticket.price.input", "64980.0")
    hand.later()
    button = hand.find("ticket.submit")
    hand.bot.mousePress(button, Qt.MouseButton.LeftButton)
    hand.panel.view.fields["price"].put("70000.0")
    hand.bot.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert hand.bench.desk.intents[0].spec == Limit(price=Decimal("64980.0"))


def test_u98_keyboard_only_order(hand: Hand) -> None:
    hand.panel.setFocus()
    focus = hand.panel.view.sides[Side.BUY]
    hand.bot.keyClick(focus, Qt.Key.Key_S)
    assert hand.panel.draft.side is Side.SELL
    hand.later()
    hand.bot.keyClick(hand.panel.view.sides[Side.SELL], Qt.Key.Key_Return)
    assert not hand.bench.desk.intents
    assert "Enter sends" in hand.panel.view.result.text()
    hand.later()
    hand.bot.keyClick(hand.panel.view.submit, Qt.Key.Key_Return)
    assert hand.bench.desk.intents[0].side is Side.SELL


@pytest.mark.parametrize("name", ["ticket.size.input", "ticket.tif.combo", "ticket.flag.reduceonly"])
def test_u98_enter_reviews_from_every_field(hand: Hand, name: str) -> None:
    hand.bot.keyClick(hand.find(name), Qt.Key.Key_Return)
    assert not hand.bench.desk.intents
    assert "Enter sends" in hand.panel.view.result.text()
    hand.bot.keyClick(hand.panel.view.submit, Qt.Key.Key_Escape)
    assert hand.panel.view.result.text() == ""


def test_u98_letters_in_a_field_are_text(hand: Hand) -> None:
    hand.type("ticket.size.input", "s")
    assert hand.panel.draft.side is Side.BUY
    assert hand.panel.view.hints["size"].text()


def test_escape_clears(hand: Hand) -> None:
    hand.click("ticket.type.limit")
    hand.type("ticket.size.input", "7")
    hand.bot.keyClick(hand.find("ticket.size.input"), Qt.Key.Key_Escape)
    assert hand.panel.view.fields["size"].text() == "0.020"
    assert not hand.panel.view.fields["price"].text()


def test_oco_pair_goes_out_as_two_orders_of_one_group(hand: Hand) -> None:
    hand.panel.choose_type(TicketType.OCO)
    hand.later()
    hand.click("ticket.submit")
    first, second = hand.bench.desk.intents
    assert isinstance(first.spec, Limit)
    assert isinstance(second.spec, Stop)
    assert first.oco_group == second.oco_group != ""
    assert first.dedup_key != second.dedup_key


def test_a_refused_second_leg_takes_the_first_back(hand: Hand) -> None:
    hand.panel.choose_type(TicketType.OCO)
    hand.later()
    submit = hand.bench.desk.submit

    async def second_refused(intent: OrderIntent):
        hand.bench.desk.outcome = OrderState.REJECTED if hand.bench.desk.intents else OrderState.OPEN
        return await submit(intent)

    hand.bench.desk.submit = second_refused
    hand.click("ticket.submit")
    assert len(hand.bench.desk.called("cancel")) == 1
    assert "Rejected" in hand.panel.view.result.text()


def test_bracket_is_offered_and_sent(hand: Hand) -> None:
    hand.click("ticket.bracket.on")
    intent = hand.send()
    assert intent.bracket is not None
    assert intent.bracket.stop_loss < Decimal(65_000) < intent.bracket.take_profit


def test_gtd_asks_for_an_end_and_sends_it(hand: Hand) -> None:
    hand.click("ticket.type.limit")
    combo = hand.find("ticket.tif.combo")
    combo.setCurrentIndex(combo.findText("GTD"))
    combo.activated.emit(combo.currentIndex())
    assert hand.panel.view.until.isVisible()
    intent = hand.send()
    assert intent.tif is TimeInForce.GTD
    assert intent.expire_ns is not None


def test_types_the_venue_lacks_are_off_with_the_reason(hand: Hand) -> None:
    hand.panel.set_instrument(AAPL.id)
    trailing = hand.find("ticket.type.trailing-stop")
    assert not trailing.isEnabled()
    assert "AAPL" in trailing.toolTip()
    assert not hand.panel.view.more_actions[TicketType.MIT].isEnabled()


@pytest.mark.parametrize("state", [FeedState.STALE, FeedState.OFFLINE])
def test_u20_stale_prices_stop_new_orders_but_not_reducing_ones(hand: Hand, state: FeedState) -> None:
    hand.bench.feed(state)
    assert not hand.panel.view.submit.isEnabled()
    assert state.value in hand.panel.view.submit.text()
    hand.click("ticket.flag.reduceonly")
    assert hand.panel.view.submit.isEnabled()


def test_a_click_on_the_bid_takes_its_price(hand: Hand) -> None:
    hand.click("ticket.quote.bid")
    assert hand.panel.draft.kind is TicketType.LIMIT
    assert hand.panel.view.fields["price"].text() == "64998.5"


@pytest.mark.parametrize(("chip", "price"), [("join", "64998.5"), ("mid", "64999.0"), ("cross", "64999.5")])
def test_price_chips(hand: Hand, chip: str, price: str) -> None:
    hand.click("ticket.type.limit")
    hand.click(f"ticket.price.{chip}")
    assert Decimal(hand.panel.view.fields["price"].text()) == Decimal(price)


def test_max_is_what_the_gate_passes(hand: Hand) -> None:
    hand.click("ticket.size.max")
    assert hand.panel.view.fields["size"].text() == "0.153"
    hand.click("ticket.size.half")
    assert hand.panel.view.fields["size"].text() == "0.076"


def test_staged_intent_fills_the_ticket_and_sends_nothing(hand: Hand) -> None:
    intent = OrderIntent(
        instrument=ETH.id,
        side=Side.SELL,
        qty=Decimal("1.5"),
        spec=Limit(price=Decimal("3600.00"), post_only=True),
        account=ACCOUNT,
        source="palette",
    )
    hand.panel.stage_intent(intent)
    assert not hand.bench.desk.intents
    staged = hand.panel.draft_intent()
    assert staged is not None
    assert (staged.instrument, staged.side, staged.qty, staged.spec) == (ETH.id, Side.SELL, intent.qty, intent.spec)


def test_u91_typing_asks_for_one_preview_of_the_newest_draft(hand: Hand) -> None:
    hand.bot.wait(60)
    before = hand.bench.desk.previews
    hand.type("ticket.size.input", "0.123")
    hand.bot.waitUntil(lambda: hand.panel.previewer.intents[:1] == (hand.panel.draft_intent(),))
    assert hand.bench.desk.previews - before <= 3


def test_u92_missing_inputs_are_named(hand: Hand) -> None:
    hand.bench.desk.missing = ("the rate BTC/USD",)
    hand.type("ticket.size.input", "0.05")
    hand.bot.waitUntil(lambda: "BTC/USD" in str(hand.panel.dump()["what_if"]))


def test_reject_reason_stays_in_words(hand: Hand) -> None:
    hand.bench.desk.outcome = OrderState.OPEN
    intent = hand.send()
    assert hand.panel.view.result.text() == "Working · 18 ms"
    hand.bench.order(order(intent, OrderState.REJECTED, code="V-TICK", reason="Price is off the tick.", cause="venue"))
    assert hand.panel.view.result.text() == "Rejected (venue): Price is off the tick. — V-TICK"


def test_starts_without_an_engine_and_fills_when_it_answers(bench: Bench, qtbot) -> None:
    cold = Bench(ready=False)
    cold.model.instruments, quotes = {}, cold.model.quotes
    cold.model.quotes = {}
    panel = cold.make(TicketPanel)
    panel.show()
    assert panel.view.submit.text() == "The engine is starting…"
    cold.model.instruments, cold.model.quotes = dict(cold.desk.all), quotes
    cold.model.set_ready(True)
    assert panel.view.submit.text().startswith("BUY 0.020 BTCUSDT MARKET")
    cold.close()


def test_u250_every_control_has_a_name_and_none_is_cut_off(hand: Hand) -> None:
    for width, height in ((300, 430), (360, 520)):
        hand.panel.resize(width, height)
        for kind in TicketType:
            hand.panel.choose_type(kind)
            hand.bot.wait(1)
            view = hand.panel.view
            assert view.submit.geometry().bottom() <= height
            assert view.submit.geometry().top() > view.whatif.geometry().bottom()
            for button in hand.panel.findChildren(QPushButton):
                assert button.objectName().startswith("ticket.")
                if button.isVisible() and button is not view.submit:
                    assert button.width() >= button.minimumSizeHint().width(), button.objectName()
                    assert button.geometry().right() < width, button.objectName()
