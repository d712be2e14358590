"""``python -m data_prep VERB``: from text to derived corpora and binarized data."""

from __future__ import annotations

from fairseq_alignmlm.command_line import main

if __name__ == "__main__":
    raise SystemExit(main("data_prep", "Turn text into derived corpora and binarized data."))
