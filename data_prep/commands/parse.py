"""Parse text into trees (CoNLL-U) with stanza: one tree a sentence, for transformations that need them.

Trees of a pair that this verb has not made, but somebody has put there, stay as they are.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections import Counter, deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.storage import sha256_of

from .. import arguments
from ..languages.derivation import read_work
from ..languages.syntax.finished_parts import FinishedParts
from ..languages.syntax.parsing import ParserSettings, ensure_models, make_block_parser
from ..manifest import Step, read_record, run_step
from ..pair import Pair
from ..text.line_blocks import read_blocks
from ..worker_pool import ordered_map

SUMMARY = "parse text into dependency trees with stanza"
ORDER = 18
EXAMPLE = "alignmlm-data parse --pair PAIR"
LINES_PER_PART = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--pair", type=Path, metavar="DIR", help="parse text/LANGUAGE of a pair into trees/LANGUAGE")
    source.add_argument("--text", type=Path, metavar="FILE", help="one sentence a line, words separated by spaces")
    parser.add_argument("--output", type=Path, metavar="FILE", help="CoNLL-U, with --text")
    arguments.add_language(parser)
    parser.add_argument("--parser-language", metavar="CODE", help="stanza's code (default: --language)")
    parser.add_argument(
        "--models",
        type=Path,
        default=Path(os.environ.get("STANZA_RESOURCES_DIR", "~/stanza_resources")).expanduser(),
        metavar="DIR",
        help="folder of stanza models; missing ones are downloaded (default: %(default)s)",
    )
    parser.add_argument("--offline", action="store_true", help="never download models")
    parser.add_argument(
        "--longest",
        type=arguments.positive,
        default=120,
        metavar="WORDS",
        help="longer sentences get a tree that keeps their order, and are counted (default: 120)",
    )
    parser.add_argument(
        "--batch", type=arguments.positive, default=3000, metavar="WORDS", help="parsed at a time (default: 3000)"
    )
    parser.add_argument("--gpu", action="store_true", help="work on a GPU; take --workers 1")
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Parse what is not parsed yet."""
    if args.text is not None and args.output is None:
        raise InputError("--text needs --output FILE")
    if args.text is not None:
        files = [(args.text, args.output)]
    else:
        pair = Pair(args.pair)
        trees = pair.trees(args.language)
        texts = pair.existing(pair.text(args.language))
        files = [(text, trees / f"{split}.conllu") for split, text in texts.items()]
        files = [(text, output) for text, output in files if not _are_given(text, output)]
    if files:
        settings = ParserSettings(
            args.parser_language or args.language, args.models, args.longest, args.batch, args.gpu
        )
        ensure_models(settings, args.offline)
        for text, output in files:
            _parse_file(text, output, settings, args.workers)
    return 0


def _are_given(text: Path, trees: Path) -> bool:
    """Say whether somebody has put the trees of a text there; then check that there is one for every sentence."""
    if not trees.is_file() or read_record(trees) is not None or FinishedParts.wait_for(trees):
        return False
    number = sum(len(work.trees or ()) for work in track(read_work(text, trees), f"trees of {text}", unit="blocks"))
    print(f"parse: trees are there; not parsed: {trees}: sentences {number:,}", flush=True)
    return True


def _parse_file(text: Path, output: Path, settings: ParserSettings, workers: int) -> None:
    recorded = {
        "language": settings.language,
        "longest": settings.longest,
        "batch": settings.batch,
        "lines of a part": LINES_PER_PART,
    }
    models = sorted(settings.models.glob(f"{settings.language}/[!.]*/[!.]*.pt"))
    step = Step("parse", [output], [text, *models], settings=recorded, libraries=["stanza", "torch"])

    def build(temporary: list[Path]) -> dict[str, Any]:
        hashes = [sha256_of(path) for path in (text, *models)]
        parts = FinishedParts(output, {**recorded, "inputs": hashes})
        counts: Counter[str] = Counter(sentences=0, words=0)
        waiting = (item for item in _line_parts(text) if item[0] not in parts.done)
        numbers: deque[int] = deque()

        def remember(items: Iterator[tuple[int, list[str]]]) -> Iterator[list[str]]:
            for number, lines in items:
                numbers.append(number)
                yield lines

        parsed = ordered_map(partial(make_block_parser, settings), remember(waiting), workers)
        what = f"parse {text.name}, parts of {LINES_PER_PART} lines"
        for block in track(parsed, what, unit="parts"):
            parts.write(numbers.popleft(), block.conllu, block.counts)
        with open(temporary[0], "wb") as handle:
            for path, part_counts in parts.in_order():
                with open(path, "rb") as part:
                    shutil.copyfileobj(part, handle)
                counts.update(part_counts)
        return dict(counts)

    run_step(step, build)
    FinishedParts.remove(output)


def _line_parts(text: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield a text in numbered parts of whole lines."""
    number = 0
    part: list[str] = []
    for block in read_blocks(text):
        for line in block.lines():
            part.append(line)
            if len(part) == LINES_PER_PART:
                yield number, part
                number, part = number + 1, []
    if part:
        yield number, part
