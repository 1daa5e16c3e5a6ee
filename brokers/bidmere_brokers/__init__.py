"""Connectors to venues; each folder holds one, found by name through `BUILT_IN`."""

BUILT_IN: tuple[tuple[str, str], ...] = (
    ("simulated", "bidmere_brokers.simulated.plugin:PLUGIN"),
    ("replay", "bidmere_brokers.replay.plugin:PLUGIN"),
)
