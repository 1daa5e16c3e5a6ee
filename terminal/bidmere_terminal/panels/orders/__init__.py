"""The orders and history panel."""
