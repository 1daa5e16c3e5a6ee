"""Market data: in, checked, kept, aggregated, recorded, imported."""
