"""Derived languages: word orders and scripts."""
