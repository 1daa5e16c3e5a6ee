"""The only meeting point of the GUI's loop and the engine's loop."""
