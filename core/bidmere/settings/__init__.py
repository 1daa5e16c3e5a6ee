"""What the user chose: typed values in JSON files that are written whole or not at all."""
