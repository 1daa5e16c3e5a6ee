"""The positions panel."""
