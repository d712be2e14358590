"""A synthetic language: English function words, invented content words, trees, tags, names and inference."""
