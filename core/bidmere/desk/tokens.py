"""Words of a typed line with their places, and the errors that point at them (U-134)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bidmere.desk.lines import Distance
from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId

MAX_CHARS = 400
_TOKEN = re.compile(r'"[^"]*"?|@|[^\s@"]+')
_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,12})?)([km])?", re.IGNORECASE)
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,12})?)([km](?=[a-z]{3}))?([a-z]{3,8})", re.IGNORECASE)
_DISTANCE = re.compile(r"(\d{1,15}(?:\.\d{1,12})?)(t|%|bp|p)", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_FACTORS = {"": Decimal(1), "k": Decimal(1_000), "m": Decimal(1_000_000)}


class LineError(InvalidInput):
    """A line that cannot be read: where, what was expected, and what would be right.

    `start` and `end` are offsets into the line; `fixes` replace that part; `choices` are symbols to choose from.
    """

    def __init__(
        self,
        message: str,
        token: Token,
        fixes: tuple[str, ...] = (),
        choices: tuple[InstrumentId, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start, self.end = token.start, token.end
        self.fixes, self.choices = fixes, choices


@dataclass(frozen=True, slots=True)
class Token:
    """One word and where it stands."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in capitals, for keywords."""
        return self.text.upper()


def split(line: str) -> list[Token]:
    """Cut a line into words; `@` stands alone and a quoted text is one word."""
    tokens = [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(line[: MAX_CHARS + 1])]
    if len(line) > MAX_CHARS:
        raise LineError(f"A line may have {MAX_CHARS} characters.", Token("", MAX_CHARS, len(line)))
    return tokens


def number(token: Token, what: str) -> Decimal:
    """Read `0.1`, `2.5k`, `1m`. Raises LineError naming what was expected."""
    match = _NUMBER.fullmatch(token.text)
    if match is None:
        raise not_a_number(token, what)
    return Decimal(match[1]) * _FACTORS[(match[2] or "").lower()]


def amount(token: Token) -> tuple[Decimal, str] | None:
    """Read `500USDT` or `2kUSD`; None when it is no amount."""
    match = _AMOUNT.fullmatch(token.text)
    if match is None:
        return None
    return Decimal(match[1]) * _FACTORS[(match[2] or "").lower()], match[3].upper()


def distance(token: Token) -> Distance | None:
    """Read `5t`, `0.3%`, `10bp`, `2p`; None when it is no distance."""
    match = _DISTANCE.fullmatch(token.text)
    return Distance(Decimal(match[1]), match[2].lower()) if match is not None else None


def not_a_number(token: Token, what: str) -> LineError:
    """Return the error for a word that should have been a number, with what was probably meant."""
    text = token.text
    if _THOUSANDS.fullmatch(text):
        first, joined = text.split(",")[0], text.replace(",", "")
        return LineError(f"{text} is ambiguous: {first} or {joined}?", token, (first, joined))
    if re.fullmatch(r"\d+,\d+", text):
        fixed = text.replace(",", ".")
        return LineError(f"Use a point: {fixed}", token, (fixed,))
    if text.startswith("-"):
        return LineError(f"{what} cannot be negative.", token, (text.lstrip("-"),))
    return LineError(f"{what} was expected here, for example 0.1.", token)


class SymbolTable:
    """Know every symbol: by `BTCUSDT` (possibly on several venues) and by `BTCUSDT.SIM`."""

    def __init__(self, instruments: Iterable[InstrumentId]) -> None:
        self._by_symbol: dict[str, tuple[InstrumentId, ...]] = {}
        self._by_name: dict[str, InstrumentId] = {}
        for instrument in instruments:
            key = instrument.symbol.upper()
            self._by_symbol[key] = (*self._by_symbol.get(key, ()), instrument)
            self._by_name[str(instrument).upper()] = instrument

    def match(self, word: str) -> tuple[InstrumentId, ...]:
        """Return the instruments a word names exactly, whatever its case."""
        key = word.upper().replace("·", ".")
        exact = self._by_name.get(key)
        return (exact,) if exact is not None else self._by_symbol.get(key, ())

    def near(self, word: str) -> tuple[str, ...]:
        """Return up to three symbols that look like a word."""
        return tuple(difflib.get_close_matches(word.upper(), self._by_symbol, n=3, cutoff=0.6))

    def one(self, token: Token) -> InstrumentId:
        """Return the one instrument a word names. Raises LineError with suggestions or choices."""
        word = token.text[4:] if token.word.startswith("SYM:") else token.text
        found = self.match(word)
        if len(found) > 1:
            names = ", ".join(str(one) for one in found)
            fixes = tuple(str(one) for one in found)
            raise LineError(f"{word.upper()} is traded on several venues: {names}. Choose one.", token, fixes, found)
        if not found:
            near = self.near(word)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise LineError(f"There is no symbol {word.upper()}.{hint}", token, near)
        return found[0]
