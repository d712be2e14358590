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
from ..labelled.checking import check_trees, own_trees
from ..labelled.pair_classification import PAIRS
from ..labelled.tagging import TAGGING
from ..languages.derivation import read_work
from ..languages.syntax.finished_parts import FinishedParts
from ..languages.syntax.parsing import ParserSettings, ensure_models, load_pipeline, make_block_parser, with_gpu
from ..manifest import Step, read_record, run_step
from ..pair import SPLITS as SPLITS_OF_TEXT
from ..pair import Pair
from ..text.line_blocks import read_blocks
from ..text.tokenisation import TOKENISERS
from ..worker_pool import ordered_map
from . import tokenise

SUMMARY = "parse text into dependency trees with stanza"
ORDER = 18
EXAMPLE = "alignmlm-data parse --pair PAIR"
LINES_PER_PART = 500
SPLITS = {"train": "train", "valid": "dev", "test": "test"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--pair",
        type=Path,
        metavar="DIR",
        help="parse text/LANGUAGE of a pair into trees/LANGUAGE, with --task labelled data into trees/labelled/TASK",
    )
    source.add_argument("--text", type=Path, metavar="FILE", help="one sentence a line, words separated by spaces")
    parser.add_argument("--output", type=Path, metavar="FILE", help="CoNLL-U, with --text")
    parser.add_argument("--task", choices=[*TAGGING, *PAIRS], help="with --pair: parse labelled data, for `xtreme`")
    for split, name in SPLITS.items():
        parser.add_argument(
            f"--{name}", dest=split, type=Path, metavar="FILE", help="with --task: labelled data, as `xtreme` reads it"
        )
    parser.add_argument(
        "--tokeniser", choices=TOKENISERS, default="moses", help="with --task xnli or pawsx, as for `xtreme`"
    )
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
    parser.add_argument(
        "--part",
        type=_part,
        metavar="I/N",
        help="parse the I-th of N parts only, on one of N machines that share the folder; once all have ended, the "
        "command without --part puts the result together",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="with --pair: parse nothing, but find out whether all could be: trees that are there, stanza, its models",
    )
    parser.add_argument("--cpu", action="store_true", help="do not use the GPU where there is one")
    parser.add_argument("--gpu", action="store_true", help="refuse to work without a GPU")
    arguments.add_workers(parser)


def _part(text: str) -> tuple[int, int]:
    part, slash, parts = text.partition("/")
    if not slash or not part.isdecimal() or not parts.isdecimal() or not 1 <= int(part) <= int(parts):
        raise argparse.ArgumentTypeError(f"{text}: give I/N, such as 1/4, 2/4, 3/4 and 4/4")
    return int(part) - 1, int(parts)


def run(args: argparse.Namespace) -> int:
    """Parse what is not parsed yet."""
    if args.text is not None and args.output is None:
        raise InputError("--text needs --output FILE")
    labelled = {split: getattr(args, split) for split in SPLITS if getattr(args, split)}
    if bool(labelled) != bool(args.task) or (args.task and args.text):
        raise InputError("labelled data: give --pair, --task, and --train, --dev or --test")
    if args.check:
        return _check(args, labelled)
    if args.text is not None:
        files = [(args.text, args.output)]
    elif args.task:
        files = list(_labelled_files(args, labelled))
    else:
        pair = Pair(args.pair)
        trees = pair.trees(args.language)
        texts = pair.existing(pair.text(args.language))
        files = [(text, trees / f"{split}.conllu") for split, text in texts.items()]
        files = [(text, output) for text, output in files if not _are_given(text, output)]
    if files:
        settings = _settings(args)
        ensure_models(settings, args.offline)
        settings, workers = with_gpu(settings, args.workers, args.gpu, args.cpu)
        for text, output in files:
            _parse_file(text, output, settings, workers, args.part)
    return 0


def _settings(args: argparse.Namespace) -> ParserSettings:
    return ParserSettings(args.parser_language or args.language, args.models, args.longest, args.batch, False)


def _check(args: argparse.Namespace, labelled: dict[str, Path]) -> int:
    """Check trees that are there against their data; where there are none, that stanza and its models are."""
    if args.text is not None:
        raise InputError("--check: give --pair; --text is parsed at once")
    pair, needed = Pair(args.pair), []
    for split, data in labelled.items():
        trees = own_trees(data)
        if trees is None:
            needed.append(f"{args.task} {split}")
        else:
            count = check_trees(args.task, data, trees, args.language, args.tokeniser)
            print(f"parse: trees of {count:,} sentences fit {data}")
    if not args.task:
        given = (pair.trees(args.language) / f"{split}.conllu" for split in SPLITS_OF_TEXT)
        needed = [f"{args.language} {path.stem}" for path in given if not path.is_file()]
    if needed:
        settings = _settings(args)
        ensure_models(settings, args.offline)
        load_pipeline(settings)
        print(f"parse: stanza and its models are there: {', '.join(needed)} can be parsed")
    return 0


def _labelled_files(args: argparse.Namespace, labelled: dict[str, Path]) -> Iterator[tuple[Path, Path]]:
    """Write the words of labelled data, all of them before any is parsed; yield them and where their trees go."""
    folder = Pair(args.pair).trees_of_task(args.task)
    for split, data in labelled.items():
        if own_trees(data):
            print(f"parse: {data} has trees of its own", flush=True)
            continue
        text = folder / f"{split}.txt"
        run_step(*tokenise.step_for(args.task, data, text, args.language, args.tokeniser))
        yield text, folder / f"{split}.conllu"


def _are_given(text: Path, trees: Path) -> bool:
    """Say whether somebody has put the trees of a text there; then check that there is one for every sentence."""
    if not trees.is_file() or read_record(trees) is not None or FinishedParts.wait_for(trees):
        return False
    number = sum(len(work.trees or ()) for work in track(read_work(text, trees), f"trees of {text}", unit="blocks"))
    print(f"parse: trees are there; not parsed: {trees}: sentences {number:,}", flush=True)
    return True


def _parse_file(
    text: Path, output: Path, settings: ParserSettings, workers: int, share: tuple[int, int] | None
) -> None:
    recorded = {
        "language": settings.language,
        "longest": settings.longest,
        "batch": settings.batch,
        "lines of a part": LINES_PER_PART,
    }
    models = sorted(settings.models.glob(f"{settings.language}/[!.]*/[!.]*.pt"))
    step = Step("parse", [output], [text, *models], settings=recorded, libraries=["stanza", "torch"])

    def parse(parts: FinishedParts, share: tuple[int, int]) -> None:
        missing = (item for item in _line_parts(text) if item[0] not in parts.done and item[0] % share[1] == share[0])
        total = sum(len(line.split()) for _, lines in missing for line in lines)
        waiting = (item for item in _line_parts(text) if item[0] not in parts.done and item[0] % share[1] == share[0])
        numbers: deque[int] = deque()

        def remember(items: Iterator[tuple[int, list[str]]]) -> Iterator[list[str]]:
            for number, lines in items:
                numbers.append(number)
                yield lines

        parsed = ordered_map(partial(make_block_parser, settings), remember(waiting), workers)
        for block in track(parsed, f"parse {text.name}", total, "words", lambda block: block.counts["words"]):
            parts.write(numbers.popleft(), block.conllu, block.counts)

    def build(temporary: list[Path]) -> dict[str, Any]:
        parts = FinishedParts(output, identity)
        parse(parts, (0, 1))
        counts: Counter[str] = Counter(sentences=0, words=0)
        with open(temporary[0], "wb") as handle:
            for path, part_counts in parts.in_order():
                with open(path, "rb") as part:
                    shutil.copyfileobj(part, handle)
                counts.update(part_counts)
        return dict(counts)

    identity = {**recorded, "inputs": [sha256_of(path) for path in (text, *models)]}
    if share is not None and not output.is_file():
        parse(FinishedParts(output, identity), share)
        print(f"parse: part {share[0] + 1} of {share[1]} of {text} is parsed", flush=True)
        return
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
