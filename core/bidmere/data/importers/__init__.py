"""Import market data of other programs: CSV, Binance klines, freqtrade, LEAN."""

from bidmere.data.importers.result import ImportResult, Problem, QuoteTicks, TradeTicks, Values
from bidmere.data.importers.sources import describe, open_data, summary

__all__ = ["ImportResult", "Problem", "QuoteTicks", "TradeTicks", "Values", "describe", "open_data", "summary"]
