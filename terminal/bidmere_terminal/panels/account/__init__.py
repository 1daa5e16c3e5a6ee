"""The account panel."""
