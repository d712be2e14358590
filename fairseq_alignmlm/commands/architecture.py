"""Print the options of fairseq-train that build the encoder of a checkpoint, for fine-tuning it."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

SUMMARY = "print the model options that fit a checkpoint, such as one of XLM-R"
ORDER = 50
EXAMPLE = "alignmlm architecture --checkpoint xlmr/model.pt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="checkpoint of multilingual_roberta, roberta or XLM-R"
    )


def run(args: argparse.Namespace) -> int:
    """Print the options in one line; return the exit status."""
    from fairseq_alignmlm.evaluation.architecture import architecture_options

    print(shlex.join(architecture_options(args.checkpoint)))
    return 0
