"""Every instrument that can be named here, and how a name is understood."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bidmere.errors import UnknownInstrument
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument


class InstrumentBook:
    """Hold the instruments of all sessions."""

    def __init__(self) -> None:
        self._by_id: dict[InstrumentId, Instrument] = {}
        self._by_symbol: dict[str, list[Instrument]] = {}

    def add(self, instruments: Iterable[Instrument]) -> None:
        """Add or renew instruments."""
        for instrument in instruments:
            known = self._by_symbol.setdefault(instrument.id.symbol.upper(), [])
            known[:] = [other for other in known if other.id != instrument.id]
            known.append(instrument)
            self._by_id[instrument.id] = instrument

    def all(self) -> tuple[Instrument, ...]:
        """Return every instrument in the order it was added."""
        return tuple(self._by_id.values())

    def find(self, instrument: InstrumentId) -> Instrument | None:
        """Return an instrument by its id."""
        return self._by_id.get(instrument)

    def get(self, instrument: InstrumentId) -> Instrument:
        """Return an instrument by its id. Raises UnknownInstrument."""
        try:
            return self._by_id[instrument]
        except KeyError:
            raise UnknownInstrument(f"{instrument} is not known here.{self._hint(instrument.symbol)}") from None

    def resolve(self, text: str) -> Instrument:
        """Return the one instrument meant by `BTCUSDT` or `BTCUSDT.SIM`, in any case.

        Raises UnknownInstrument with suggestions, or with the choices when several venues trade the symbol.
        """
        wanted = text.strip().upper().replace("·", ".")
        for instrument_id, instrument in self._by_id.items():
            if str(instrument_id).upper() == wanted:
                return instrument
        matches = self._by_symbol.get(wanted, [])
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = ", ".join(str(match.id) for match in matches)
            raise UnknownInstrument(f"{text} is traded on several venues: write one of {names}.")
        raise UnknownInstrument(f"{text!r} is not a symbol known here.{self._hint(wanted.partition('.')[0])}")

    def search(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Return instruments that match, best first: exact, prefix, part of symbol, part of name."""
        wanted = text.strip().upper()
        if not wanted:
            return self.all()[:limit]
        ranked: list[tuple[int, str, Instrument]] = []
        for instrument in self._by_id.values():
            symbol = instrument.id.symbol.upper()
            rank = (
                0 if symbol == wanted
                else 1 if symbol.startswith(wanted)
                else 2 if wanted in symbol
                else 3 if wanted in instrument.name.upper()
                else 9
            )  # fmt: skip
            if rank < 9:
                ranked.append((rank, symbol, instrument))
        ranked.sort(key=lambda item: item[:2])
        return tuple(instrument for _, _, instrument in ranked[:limit])

    def _hint(self, symbol: str) -> str:
        close = difflib.get_close_matches(symbol.upper(), self._by_symbol, n=3, cutoff=0.5)
        return f" Did you mean {' or '.join(close)}?" if close else ""
