"""The composition root: builds and starts everything for a mode."""
