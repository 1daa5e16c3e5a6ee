"""Strategies at work: the runner that turns a strategy's targets into orders through the gate."""
