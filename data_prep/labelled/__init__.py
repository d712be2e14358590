"""Labelled data of XTREME tasks: read, reordered with its labels, cut into pieces and binarized."""
