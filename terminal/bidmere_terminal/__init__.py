"""The desktop terminal: a window on the engine, nothing more."""
