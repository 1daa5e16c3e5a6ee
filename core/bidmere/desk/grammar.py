"""Read a typed line: a pure function from text to a Line, or an error that points at a word (U-131, U-134)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from bidmere.desk.lines import (
    BreakEvenLine,
    CancelLine,
    CloseLine,
    ControlLine,
    Distance,
    HelpLine,
    How,
    Line,
    ModifyLine,
    NavLine,
    OrderLine,
    PriceAt,
    ReverseLine,
    Size,
    Target,
)
from bidmere.desk.tokens import LineError, SymbolTable, Token, amount, distance, not_a_number, number, split
from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import TimeInForce
from bidmere.model.timeframe import Timeframe

SIDES: Final = {"B": Side.BUY, "BUY": Side.BUY, "S": Side.SELL, "SELL": Side.SELL}
REFERENCES: Final = ("BID", "ASK", "MID", "LAST", "ENTRY", "HOD", "LOD")
VIEWS: Final = {
    "CHART": "chart",
    "LADDER": "ladder",
    "TICKET": "ticket",
    "WATCHLIST": "watchlist",
    "ORDERS": "orders",
    "POSITIONS": "positions",
    "RISK": "risk",
    "ACCOUNT": "account",
    "STRATEGIES": "strategies",
    "LOG": "log",
}
NOT_HERE: Final = frozenset(
    ("ALERT", "NEWS", "DEPTH", "INFO", "STRAT", "PAUSE", "BT", "REPLAY", "ARM", "DISARM", "LOCK", "MUTE", "TZ", "BRK",
     "WHEN")
)  # fmt: skip
"""Words of the language whose feature this version does not have: named, never taken for anything else."""

HELP: Final = {
    "BUY": "SYMBOL B SIZE [MKT | @ PRICE | STP PRICE [LMT PRICE] | TRAIL DIST | MIT PRICE | LIT PRICE LMT PRICE] "
    "[TIF …] [PO] [RO] [SL …] [TP …] [ICE n] [SLIP dist] [ACC name] [TAG \"text\"] [SEND]",
    "CLOSE": "CLOSE SYMBOL|ALL [n%] [@ PRICE] — reduce only, market unless a price is given",
    "REV": "REV SYMBOL — close the position and open the opposite one",
    "BE": "BE SYMBOL [+2t] — move the stop to break-even",
    "CXL": "CXL ALL | SYMBOL [B|S] | #ID [EXITS] — cancel entries; exits stay unless EXITS is said",
    "MOD": "MOD #ID @ PRICE | QTY n | STP PRICE — change a working order",
    "CHART": "CHART|LADDER|TICKET|… [SYMBOL] [TIMEFRAME] — show a panel",
    "GO": "GO PANEL — show a panel",
    "WS": "WS NAME — switch the workspace",
    "LINK": "LINK A SYMBOL — show a symbol in a link group",
    "KILL": "KILL — hold to stop new orders and cancel all",
    "THEME": "THEME NAME — change the colours",
    "HELP": "HELP [WORD]",
}
_HOW_WORDS = ("MKT", "@", "STP", "TRAIL", "MIT", "LIT")
_RISK = re.compile(r"(\d+(?:\.\d+)?)(%|R|[A-Z]{3,8})", re.IGNORECASE)
_R_MULTIPLE = re.compile(r"(\d+(?:\.\d+)?)R", re.IGNORECASE)
_SIGNED = re.compile(r"([A-Z]+)?([+-])(.+)", re.IGNORECASE)


def parse(line: str, symbols: SymbolTable) -> Line:
    """Return what a line means. Raises LineError."""
    tokens = split(line)
    if not tokens:
        raise LineError("Type a symbol or a command.", Token("", 0, 0))
    return _Parser(tokens, symbols, len(line)).line()


class _Parser:
    def __init__(self, tokens: list[Token], symbols: SymbolTable, length: int) -> None:
        self._tokens = tokens
        self._symbols = symbols
        self._at = 0
        self._end = Token("", length, length)

    # ---- reading
    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, expected: str) -> Token:
        token = self._peek()
        if token is None:
            raise LineError(f"{expected} is missing at the end.", self._end)
        self._at += 1
        return token

    def _take(self, *words: str) -> Token | None:
        token = self._peek()
        if token is not None and token.word in words:
            self._at += 1
            return token
        return None

    def _done(self) -> None:
        token = self._peek()
        if token is not None:
            raise self._unknown(token)

    def _unknown(self, token: Token) -> LineError:
        if token.word in NOT_HERE:
            return LineError(f"{token.word} is not available in this version.", token)
        return LineError(f"“{token.text}” is not understood here. HELP lists what can be typed.", token)

    # ---- lines
    def line(self) -> Line:
        first = self._tokens[0]
        starts: dict[str, Callable[[], Line]] = {
            "CLOSE": self._close,
            "FLAT": self._close,
            "REV": self._reverse,
            "BE": self._break_even,
            "CXL": self._cancel,
            "MOD": self._modify,
            "GO": self._go,
            "WS": self._workspace,
            "LINK": self._link,
            "HELP": self._help,
            "KILL": lambda: self._control("KILL"),
            "THEME": lambda: ControlLine(word="THEME", value=self._rest("A theme")),
        }
        if first.word in starts:
            self._at = 1
            return starts[first.word]()
        if first.word in VIEWS:
            self._at = 1
            return self._view(VIEWS[first.word])
        if first.word in NOT_HERE and not self._symbols.match(first.text):
            raise self._unknown(first)
        return self._symbol_line()

    def _symbol_line(self) -> Line:
        symbol = self._symbols.one(self._next("A symbol"))
        token = self._peek()
        if token is None:
            return NavLine(symbol=symbol)
        if token.word in SIDES:
            self._at += 1
            return self._order(symbol, SIDES[token.word])
        timeframe = _timeframe(token)
        if timeframe is not None:
            self._at += 1
            self._done()
            return NavLine(symbol=symbol, timeframe=timeframe)
        if token.text[0].isdigit():
            raise LineError("Say B or S before the size.", token, (f"B {token.text}", f"S {token.text}"))
        raise self._unknown(token)

    def _order(self, symbol: InstrumentId, side: Side) -> OrderLine:
        size_token = self._next("A size")
        size = self._size(size_token)
        how = self._how()
        options = self._options()
        if size.kind.startswith("risk") and options.get("stop") is None:
            raise LineError("RISK needs SL.", size_token)
        line = OrderLine(symbol=symbol, side=side, size=size, how=how, **options)
        if line.post_only and how.kind != "limit":
            raise LineError("PO needs a limit price: add @ and a price.", self._tokens[-1])
        if line.display is not None and how.kind != "limit":
            raise LineError("ICE needs a limit price: add @ and a price.", self._tokens[-1])
        return line

    def _close(self) -> CloseLine:
        symbol = None if self._take("ALL") else self._symbols.one(self._next("A symbol or ALL"))
        percent = Decimal(100)
        token = self._peek()
        if token is not None and token.text.endswith("%"):
            self._at += 1
            percent = self._percent(token)
        how = self._how()
        send = self._take("SEND") is not None
        self._done()
        return CloseLine(symbol=symbol, percent=percent, how=how, send=send)

    def _percent(self, token: Token) -> Decimal:
        value = number(Token(token.text[:-1], token.start, token.end), "A percentage")
        if not 0 < value <= 100:
            raise LineError("A part of a position is more than 0 % and at most 100 %.", token, ("100%",))
        return value

    def _reverse(self) -> ReverseLine:
        symbol = self._symbols.one(self._next("A symbol"))
        self._done()
        return ReverseLine(symbol=symbol)

    def _break_even(self) -> BreakEvenLine:
        symbol = self._symbols.one(self._next("A symbol"))
        token = self._peek()
        if token is None:
            return BreakEvenLine(symbol=symbol)
        self._at += 1
        match = _SIGNED.fullmatch(token.text)
        if match is None or match[1]:
            raise LineError("A signed distance was expected, for example +2t.", token, (f"+{token.text.strip('+-')}",))
        offset = self._distance(Token(match[3], token.start + 1, token.end))
        self._done()
        return BreakEvenLine(symbol=symbol, sign=1 if match[2] == "+" else -1, offset=offset)

    def _cancel(self) -> CancelLine:
        token = self._next("ALL, a symbol or #id")
        symbol, side, order = None, None, ""
        if token.text.startswith("#"):
            order = self._order_id(token)
        elif token.word != "ALL":
            symbol = self._symbols.one(token)
            taken = self._take(*SIDES)
            side = SIDES[taken.word] if taken is not None else None
        exits = self._take("EXITS") is not None
        self._done()
        return CancelLine(symbol=symbol, side=side, order=order, exits=exits)

    def _modify(self) -> ModifyLine:
        order = self._order_id(self._next("#id"))
        part = self._next("@, QTY or STP")
        if part.word == "QTY":
            line = ModifyLine(order=order, part="qty", qty=number(self._next("A quantity"), "A quantity"))
        elif part.word in ("@", "STP"):
            line = ModifyLine(order=order, part="price" if part.word == "@" else "trigger", price=self._price())
        else:
            raise LineError("Say @ price, QTY size or STP price.", part)
        self._done()
        return line

    def _order_id(self, token: Token) -> str:
        if not re.fullmatch(r"#[A-Za-z0-9-]{1,40}", token.text):
            raise LineError("An order id begins with #, as in the orders table.", token)
        return token.text[1:].upper()

    def _view(self, view: str) -> NavLine:
        symbol: InstrumentId | None = None
        timeframe: Timeframe | None = None
        token = self._peek()
        if token is not None:
            timeframe = _timeframe(token)
            if timeframe is None:
                symbol = self._symbols.one(token)
            self._at += 1
        token = self._peek()
        if token is not None and timeframe is None and (timeframe := _timeframe(token)) is not None:
            self._at += 1
        self._done()
        return NavLine(symbol=symbol, timeframe=timeframe, view=view)

    def _go(self) -> NavLine:
        token = self._next("A panel")
        view = VIEWS.get(token.word)
        if view is None:
            raise LineError(f"There is no panel {token.text}: {', '.join(VIEWS).lower()}.", token)
        self._done()
        return NavLine(view=view)

    def _workspace(self) -> NavLine:
        return NavLine(workspace=self._rest("A workspace name"))

    def _link(self) -> NavLine:
        token = self._next("A group letter")
        if token.word not in tuple("ABCDEFGH"):
            raise LineError("A link group is one of the letters A to H.", token)
        symbol = self._symbols.one(self._next("A symbol"))
        self._done()
        return NavLine(symbol=symbol, group=token.word)

    def _help(self) -> HelpLine:
        token = self._peek()
        if token is None:
            return HelpLine()
        self._at += 1
        self._done()
        return HelpLine(word=token.word)

    def _control(self, word: str) -> ControlLine:
        self._done()
        return ControlLine(word=word)

    def _rest(self, what: str) -> str:
        first = self._next(what)
        words = [first.text, *(token.text for token in self._tokens[self._at :])]
        self._at = len(self._tokens)
        return " ".join(words).strip('"')

    # ---- parts
    def _size(self, token: Token) -> Size:
        word = token.word
        if word == "RISK":
            return self._risk(self._next("An amount at risk"))
        if word == "MAX":
            return Size("max")
        if word == "POS":
            return Size("position", Decimal(100))
        if word.endswith("%EQ"):
            return Size("equity", number(Token(token.text[:-3], token.start, token.end), "A percentage"))
        if word.endswith("%"):
            percent = self._percent(token)
            if self._take("POS") is None:
                raise LineError("A percentage needs POS (of the position) or %EQ (of equity).", token, (word + "EQ",))
            return Size("position", percent)
        money = amount(token)
        if money is not None:
            return Size("notional", *money)
        value = number(token, "A size")
        if value == 0:
            raise LineError("The size must be more than 0.", token)
        return Size("base", value)

    def _risk(self, token: Token) -> Size:
        match = _RISK.fullmatch(token.text)
        if match is None:
            raise LineError("An amount at risk was expected, for example 250USD or 1%.", token)
        unit = match[2].upper()
        if unit == "R":
            raise LineError("How much 1 R is has not been set: write an amount (250USD) or a share (1%).", token)
        if unit == "%":
            return Size("risk-share", Decimal(match[1]))
        return Size("risk-money", Decimal(match[1]), unit)

    def _how(self) -> How:
        token = self._take(*_HOW_WORDS)
        if token is None or token.word == "MKT":
            return How()
        if token.word == "@":
            return How("limit", price=self._price())
        if token.word == "STP":
            trigger = self._price()
            if self._take("LMT") is None:
                return How("stop", trigger=trigger)
            return How("stop-limit", trigger=trigger, price=self._price_or_distance())
        if token.word == "TRAIL":
            offset = self._distance(self._next("A distance"))
            if (limit := self._take("LMT")) is not None:
                raise LineError("A trailing stop with a limit is not available in this version.", limit)
            return How("trailing-stop", offset=offset)
        trigger = self._price()
        if token.word == "MIT":
            return How("market-if-touched", trigger=trigger)
        if self._take("LMT") is None:
            raise LineError("LIT needs LMT and a price.", self._peek() or self._end)
        return How("limit-if-touched", trigger=trigger, price=self._price())

    def _price(self) -> PriceAt:
        token = self._next("A price")
        if token.text[0].isdigit():
            value = number(token, "A price")
            if value == 0:
                raise LineError("The price must be more than 0.", token)
            return PriceAt(value)
        match = _SIGNED.fullmatch(token.text)
        ref = match[1].upper() if match is not None and match[1] else token.word
        if ref not in REFERENCES:
            if token.text[0] in "-,.":
                raise not_a_number(token, "A price")
            raise LineError(f"A price was expected: a number, or one of {', '.join(REFERENCES)}.", token)
        if match is not None:
            offset = self._distance(Token(match[3], token.start + len(ref) + 1, token.end))
            return PriceAt(ref=ref, sign=1 if match[2] == "+" else -1, offset=offset)
        following = self._peek()
        if following is not None and (match := _SIGNED.fullmatch(following.text)) is not None and not match[1]:
            self._at += 1
            offset = self._distance(Token(match[3], following.start + 1, following.end))
            return PriceAt(ref=ref, sign=1 if match[2] == "+" else -1, offset=offset)
        return PriceAt(ref=ref)

    def _distance(self, token: Token) -> Distance:
        found = distance(token)
        if found is None:
            fixes = (f"{token.text}t", f"{token.text}%") if token.text.replace(".", "").isdigit() else ()
            raise LineError("A distance was expected: 5t (ticks), 0.3%, 10bp or 2p (price units).", token, fixes)
        return found

    def _price_or_distance(self) -> PriceAt | Distance:
        token = self._peek()
        found = distance(token) if token is not None else None
        if found is not None:
            self._at += 1
            return found
        return self._price()

    def _options(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        readers: dict[str, Callable[[Token, dict[str, Any]], None]] = {
            "TIF": self._tif,
            "PO": lambda _token, into: into.update(post_only=True),
            "RO": lambda _token, into: into.update(reduce_only=True),
            "SL": lambda _token, into: into.update(stop=self._price_or_distance()),
            "TP": self._target,
            "ICE": lambda _token, into: into.update(display=number(self._next("A quantity"), "A quantity")),
            "SLIP": lambda _token, into: into.update(slip=self._distance(self._next("A distance"))),
            "ACC": lambda _token, into: into.update(account=self._next("An account").text.strip('"')),
            "TAG": lambda _token, into: into.update(tag=self._next("A text").text.strip('"')),
            "SEND": lambda _token, into: into.update(send=True),
        }
        seen: set[str] = set()
        while (token := self._peek()) is not None:
            reader = readers.get(token.word)
            if reader is None:
                raise self._option_error(token)
            if token.word in seen and token.word != "TP":
                raise LineError(f"{token.word} is said twice.", token)
            seen.add(token.word)
            self._at += 1
            reader(token, found)
            if token.word == "SEND":
                self._done()
        return found

    def _option_error(self, token: Token) -> LineError:
        if token.word in _HOW_WORDS:
            return LineError("How to trade is said twice, or too late: it follows the size.", token)
        if token.word in SIDES:
            return LineError("The side is said twice.", token)
        return self._unknown(token)

    def _tif(self, token: Token, into: dict[str, Any]) -> None:
        kind = self._next("A time in force")
        if kind.word not in TimeInForce.__members__:
            names = tuple(TimeInForce.__members__)
            raise LineError(f"A time in force was expected: {', '.join(names)}.", kind, names)
        into["tif"] = TimeInForce[kind.word]
        if kind.word == "GTD":
            into["expire_ns"] = _instant(self._next("A time such as 2026-12-01T16:00Z"))

    def _target(self, token: Token, into: dict[str, Any]) -> None:
        text = self._peek()
        if text is None:
            raise LineError("TP needs a price, a distance or a multiple such as 2R.", self._end)
        body, colon, share_text = text.text.partition(":")
        share = None
        if colon:
            share = self._percent(Token(share_text or "%", text.start + len(body) + 1, text.end))
        inner = Token(body, text.start, text.start + len(body))
        multiple = _R_MULTIPLE.fullmatch(body)
        found = distance(inner)
        if multiple is not None:
            target = Target(multiple=Decimal(multiple[1]), share=share)
            self._at += 1
        elif found is not None:
            target = Target(distance=found, share=share)
            self._at += 1
        else:
            self._tokens[self._at] = inner
            target = Target(price=self._price(), share=share)
        if target.multiple is not None and into.get("stop") is None and not self._says("SL"):
            raise LineError("A target in R needs SL.", text)
        into["targets"] = (*into.get("targets", ()), target)

    def _says(self, word: str) -> bool:
        return any(token.word == word for token in self._tokens[self._at :])


def _timeframe(token: Token) -> Timeframe | None:
    # Case does not count in this language, but 1M is a month: more than one M are minutes.
    text = token.text if token.text == "1M" else token.text.lower()
    try:
        return Timeframe.parse(text)
    except InvalidInput:
        return None


def _instant(token: Token) -> int:
    try:
        moment = datetime.fromisoformat(token.text.upper().replace("Z", "+00:00"))
    except ValueError:
        raise LineError("A time was expected, for example 2026-12-01T16:00Z.", token) from None
    if moment.tzinfo is None:
        raise LineError("Say the zone too: add Z for UTC.", token, (token.text + "Z",))
    seconds = (moment - datetime.fromtimestamp(0, UTC)).total_seconds()
    return int(seconds) * 1_000_000_000
