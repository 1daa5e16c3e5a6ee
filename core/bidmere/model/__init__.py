"""The domain: pure values, no I/O; stdlib, numpy and msgspec only."""
