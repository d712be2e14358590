"""Transform, cut into pieces and binarize the labelled data of an XTREME task: xtreme/TASK/LANGUAGE of a pair.

Both languages in one go: the original as it is, the derived one in the word order and the symbols of its text. Without
``--derived`` it is the data of one natural language.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from fairseq_alignmlm.errors import InputError

from .. import arguments
from ..labelled import pair_classification, question_answering, tagging
from ..labelled.checking import check_data
from ..labelled.derivation import Derivation, tree_file
from ..labelled.pair_classification import PAIRS, PairTask
from ..labelled.tagged_sentences import FUSED, SPLIT, is_conllu
from ..labelled.tagging import TAGGING, TaggingTask
from ..labelled.writing import write_language
from ..manifest import Step, read_record, run_step
from ..pair import Pair, check_language
from ..text.tokenisation import TOKENISERS
from ..worker_pool import ordered_map

SUMMARY = "transform and binarize the labelled data of a task, in both languages"
ORDER = 40
EXAMPLE = "alignmlm-data xtreme --pair PAIR --task udpos --derived en_trans_inv --train train-en.tsv --dev dev-en.tsv"
QUESTIONS = ("xquad", "mlqa", "tydiqa")
SPLITS = {"train": "train", "valid": "dev", "test": "test"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    parser.add_argument("--task", required=True, choices=[*TAGGING, *PAIRS, *QUESTIONS])
    arguments.add_language(parser)
    parser.add_argument(
        "--derived",
        metavar="NAME",
        help="the derived language, such as en_trans_inv; none: --language is a natural one",
    )
    parser.add_argument(
        "--labels-of",
        type=Path,
        metavar="FILE",
        help="training data that say which labels there are, so that two natural languages have the same "
        "(default: those of --train)",
    )
    arguments.add_transforms(parser, default="those of the derived text")
    parser.add_argument(
        "--tokeniser",
        choices=TOKENISERS,
        default="moses",
        help="xnli, pawsx: how text is cut into words; none: words are separated by spaces already",
    )
    parser.add_argument(
        "--multiword",
        choices=(FUSED, SPLIT),
        help="multiword tokens of CoNLL-U: fused, the form that is written (French du), as in XTREME, or split, the "
        "words of the tree (de le); default: fused, but split where the transformation needs trees",
    )
    for split, name in SPLITS.items():
        parser.add_argument(
            f"--{name}",
            dest=split,
            type=Path,
            metavar="FILE",
            help="`token TAB tag`, CoNLL-U (udpos), `sentence1 TAB sentence2 TAB label`, or SQuAD's JSON (questions)",
        )
        parser.add_argument(
            f"--{name}-trees",
            dest=f"{split}_trees",
            type=Path,
            metavar="FILE",
            help=f"CoNLL-U trees of --{name}, for transformations that need them (default: same name, .conllu)",
        )
    parser.add_argument(
        "--test-of",
        action="append",
        default=[],
        metavar="LANGUAGE=FILE",
        help="test data of a further natural language, prepared in the same go (repeat); needs --labels-of or --train",
    )
    parser.add_argument("--seed", type=int, help="seed of the transformations (default: that of the derived text)")
    parser.add_argument("--check", action="store_true", help="read the data to their end, and write nothing")
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Write the languages that are not up to date."""
    pair = Pair(args.pair)
    check_language(args.language)
    if args.derived and check_language(args.derived) == args.language:
        raise InputError(f"--derived {args.derived}: give the derived language another name than the original")
    data = {split: getattr(args, split) for split in SPLITS if getattr(args, split)}
    if args.task in QUESTIONS and args.derived:
        raise InputError(f"--task {args.task}: answers are parts of text, which --derived reorders; leave it out")
    if not data or not (args.labels_of or "train" in data or args.task in QUESTIONS):
        raise InputError("no labelled data: give --train and --dev, or --labels-of and what there is, such as --test")
    if args.derived and not {"train", "valid"} <= data.keys():
        raise InputError("a derived pair is trained and tested on its own data: give --train and --dev")
    for path in [*data.values(), *filter(None, [args.labels_of])]:
        if not path.is_file():
            raise InputError.at(path, None, "no such file", "check the path of the labelled data")
    if args.check:
        counts = check_data(args.task, data, args.labels_of or data.get("train", Path()), args.language)
        print(f"{args.task}: the data can be read: {', '.join(f'{split} {n:,}' for split, n in counts.items())}")
        return 0
    transform, seed = _recorded(args, pair) if args.derived else ([], 1)
    languages = [Derivation(pair, args.language, (), seed, derived=False)]
    if args.derived:
        languages.append(Derivation(pair, args.derived, transform, seed, derived=True))
    multiword = _multiword(args.multiword, languages)
    further = [_further(given, args.derived) for given in args.test_of]
    kept = {name: getattr(args, name) for name in ("task", "tokeniser", "language", "labels_of")}
    kept |= {f"{split}_trees": getattr(args, f"{split}_trees") for split in SPLITS}
    jobs = [_Job(argparse.Namespace(**kept), language, data, multiword) for language in languages]
    kept["labels_of"] = args.labels_of or data.get("train")
    for name, path in further:
        own = argparse.Namespace(**kept | {"language": name})
        jobs.append(_Job(own, Derivation(pair, name, (), seed, derived=False), {"test": path}, multiword))
    for _ in ordered_map(_make_writer, jobs, min(args.workers, len(jobs))):
        pass
    return 0


class _Job(NamedTuple):
    """A language to write, one process each."""

    args: argparse.Namespace
    language: Derivation
    data: dict[str, Path]
    multiword: str


def _make_writer() -> Callable[[_Job], None]:
    return lambda job: _write(*job)


def _further(given: str, derived: str | None) -> tuple[str, Path]:
    """Read ``LANGUAGE=FILE``."""
    name, equals, path = given.partition("=")
    if not equals or derived:
        raise InputError(f"--test-of {given}: " + ("leave --derived out" if derived else "give LANGUAGE=FILE"))
    if not Path(path).is_file():
        raise InputError.at(path, None, "no such file", "check --test-of")
    return check_language(name), Path(path)


def _multiword(given: str | None, languages: Sequence[Derivation]) -> str:
    """Return what becomes of multiword tokens, the same in all languages."""
    trees = any(language.transformation().needs_trees for language in languages)
    if given == FUSED and trees:
        raise InputError("--multiword fused: the transformation moves words of trees, which are split; leave it out")
    return given or (SPLIT if trees else FUSED)


def _write(args: argparse.Namespace, language: Derivation, data: dict[str, Path], multiword: str) -> None:
    trees: dict[str, Path | None] = {split: getattr(args, f"{split}_trees") for split in data}
    tree_files = [
        tree_file(path, trees[split], language.parsed(args.task, split), language.transformation())
        for split, path in data.items()
    ]
    identity = language.identity()
    settings: dict[str, Any] = {"task": args.task, "transform": list(language.transform), "splits": list(data)}
    settings["identity"] = identity.as_json()
    labels_of = args.labels_of or data.get("train", Path())
    write: Any
    labels: dict[str, int]
    if args.task in TAGGING:
        tagging_task = TaggingTask(args.task, TAGGING[args.task], multiword, args.language)
        if any(is_conllu(path) for path in (*data.values(), labels_of)):
            settings["multiword"] = multiword
        labels = tagging.read_tag_counts(tagging_task, labels_of)
        write = partial(write_language, tagging_task)
    elif args.task in QUESTIONS:
        labels, write = {}, lambda of, files, _trees, _labels, to, _: question_answering.write_language(of, files, to)
    else:
        pair_task = PairTask(args.task, args.language, args.tokeniser)
        labels = pair_classification.read_label_counts(pair_task, labels_of)
        write = partial(write_language, pair_task)
        settings["tokeniser"] = args.tokeniser
    step = Step(
        "xtreme",
        [language.pair.labelled(args.task, language.language)],
        [*data.values(), *filter(None, [*tree_files, args.labels_of]), *language.input_files],
        settings,
        language.seed if language.transform else None,
        ("sacremoses", language.pair.segmenting_library, "sentencex"),
        folder=True,
    )
    run_step(
        step, lambda folders: {"labels": len(labels), **write(language, data, trees, labels, folders[0], labels_of)}
    )


def _recorded(args: argparse.Namespace, pair: Pair) -> tuple[list[str], int]:
    """Return the transformations and their seed: as given, else as the derived text was made."""
    record = read_record(pair.text(args.derived)) or {}
    known = record.get("settings", {}).get("transform")
    transform = args.transform if args.transform is not None else known
    if transform is None:
        raise InputError.at(
            pair.text(args.derived),
            None,
            f"unknown language {args.derived!r}: no record of how it is derived",
            "run `derive` first, or give --transform",
        )
    return transform, args.seed if args.seed is not None else record.get("seed", 1)
