"""Measurements: alignment of embeddings, retrieval, span F1, prediction files and their signatures."""
