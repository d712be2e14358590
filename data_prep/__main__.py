"""``alignmlm-data VERB``, or ``python -m data_prep VERB``: from text to derived corpora and binarized data."""

from __future__ import annotations

from fairseq_alignmlm.command_line import main


def cli() -> int:
    """Run the verb of the command line."""
    return main("data_prep", "Turn text into derived corpora and binarized data.")


if __name__ == "__main__":
    raise SystemExit(cli())
