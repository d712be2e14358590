"""Datasets: binarized text in, masked and collated batches out."""
