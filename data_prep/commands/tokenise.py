"""Write the words of labelled data one sentence a line, as a parser reads them (`parse --task` does both)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fairseq_alignmlm.progress import track

from .. import arguments
from ..labelled.pair_classification import PAIRS
from ..labelled.parser_input import words_of
from ..labelled.tagging import TAGGING
from ..manifest import Step, run_step
from ..text.tokenisation import TOKENISERS

SUMMARY = "write the words of labelled data one sentence a line, for a parser"
ORDER = 17
EXAMPLE = "alignmlm-data tokenise --task xnli --input train-en.tsv --output train-en.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--task", required=True, choices=[*TAGGING, *PAIRS])
    parser.add_argument("--input", type=Path, required=True, metavar="FILE", help="labelled data, as `xtreme` reads it")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="one sentence a line")
    arguments.add_language(parser)
    parser.add_argument(
        "--tokeniser",
        choices=TOKENISERS,
        default="moses",
        help="xnli, pawsx: how text is cut into words, as for `xtreme`; none: words are separated by spaces already",
    )


def run(args: argparse.Namespace) -> int:
    """Write the sentences unless they are up to date."""
    run_step(*step_for(args.task, args.input, args.output, args.language, args.tokeniser))
    return 0


def step_for(task: str, data: Path, output: Path, language: str, tokeniser: str) -> tuple[Step, Any]:
    """Return the step that writes the sentences of a labelled file, and what does it."""
    settings = {"task": task, "language": language, "tokeniser": tokeniser}
    step = Step("tokenise", [output], [data], settings, libraries=("sacremoses", "sentencex"))

    def build(temporary: list[Path]) -> dict[str, Any]:
        counts = {"sentences": 0, "words": 0}
        with open(temporary[0], "w", encoding="utf-8", newline="\n") as handle:
            sentences = words_of(task, data, language, tokeniser)
            for words in track(sentences, f"words of {data.name}", unit="sentences"):
                handle.write(" ".join(words) + "\n")
                counts["sentences"] += 1
                counts["words"] += len(words)
        return counts

    return step, build
