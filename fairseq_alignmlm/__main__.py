"""``python -m fairseq_alignmlm VERB``: check the environment, measure, predict, score, report."""

from __future__ import annotations

from fairseq_alignmlm.command_line import main

if __name__ == "__main__":
    raise SystemExit(main("fairseq_alignmlm", "Measure and report what fairseq-train has trained."))
