"""``alignmlm VERB``, or ``python -m fairseq_alignmlm VERB``: run experiments, measure, predict, score, report."""

from __future__ import annotations

from fairseq_alignmlm.command_line import main


def cli() -> int:
    """Run the verb of the command line."""
    return main("fairseq_alignmlm", "Run experiments with fairseq-train, and measure and report what it has trained.")


if __name__ == "__main__":
    raise SystemExit(cli())
