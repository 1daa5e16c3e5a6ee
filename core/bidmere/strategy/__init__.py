"""Strategies: one pure function of the bars, the same in backtest, replay, paper and live."""
