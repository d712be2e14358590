"""Dictionaries of real languages become our dictionary format: words read, segmented, filtered, counted, split."""
