"""Pieces, symbols, dictionaries and binarized data."""
