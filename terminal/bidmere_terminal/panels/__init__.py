"""The panels of the desk, one folder each, and what every panel is given."""
