"""Identity: what an instrument, an account and an order are called."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Self

from bidmere.errors import InvalidInput

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True, order=True)
class InstrumentId:
    """Name one instrument on one venue; `str()` gives `BTCUSDT.SIM`, the only key used anywhere."""

    symbol: str
    venue: str

    def __str__(self) -> str:
        return f"{self.symbol}.{self.venue}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `SYMBOL.VENUE`; the symbol itself may contain dots. Raises InvalidInput."""
        symbol, dot, venue = text.strip().rpartition(".")
        if not dot or not symbol or not venue:
            raise InvalidInput(f"{text!r} is not an instrument: write it as SYMBOL.VENUE, for example BTCUSDT.SIM.")
        return cls(symbol, venue)


def ulid(ts_ns: int, rng: random.Random) -> str:
    """Return a 26-character ULID (48 bits of milliseconds, 80 random bits), sortable by time."""
    value = ((ts_ns // 1_000_000) & ((1 << 48) - 1)) << 80 | rng.getrandbits(80)
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


class OrderIdFactory:
    """Make client order ids (R-1): `T` and a ULID, never twice, reproducible from a seed.

    Without a seed the random part comes from the operating system.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._rng: random.Random = random.SystemRandom() if seed is None else random.Random(seed)

    def __call__(self, ts_ns: int) -> str:
        return "T" + ulid(ts_ns, self._rng)
