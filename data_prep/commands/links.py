"""Link the words of translated sentences, for realignment: PAIR/links/NAME/.

Links come from one of these: the derivation of a derived language (``--gold``), a bilingual dictionary, a file in
Pharaoh format, as FastAlign, AWESOME-align and ``alignmlm align`` write it, or an aligner of another package. Kept are
links whose two words have no other link and differ, and sentence pairs that have one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track

from .. import arguments
from ..links.aligners import ALIGNERS, align, require
from ..links.dictionary import LinkDictionary
from ..links.folder import LinkedWriter
from ..links.gold import RecordedDerivation
from ..links.linking import LinkSettings, make_block_linker
from ..links.sentence_pairs import SentencePair, read_batches
from ..manifest import Step, run_step
from ..pair import SPLITS, Pair, language_list
from ..pair_identity import identity_of_pair
from ..text.sentences import is_valid
from ..text.tokenisation import TOKENISERS
from ..vocabulary.dictionaries import formats
from ..worker_pool import Workers

SUMMARY = "link the words of translated sentences, for realignment"
ORDER = 37
EXAMPLE = "alignmlm-data links --pair PAIR --gold"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    parser.add_argument("--languages", metavar="L1,L2", help="the two languages (default: those of the pair)")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--gold", action="store_true", help="of a derived language: the true links, by deriving its text again"
    )
    source.add_argument(
        "--dictionary",
        type=Path,
        metavar="FILE",
        help="link translations: a dictionary.PERCENT.tsv of this package, or words in a format that `translations` "
        "reads, compared in lower case",
    )
    source.add_argument("--links", type=Path, metavar="FILE", help="links i-j of the text, a line for every pair")
    source.add_argument("--aligner", choices=sorted(ALIGNERS), help="an aligner of another package")
    parser.add_argument(
        "--reverse",
        type=Path,
        metavar="FILE",
        help="dictionary of words from L2 to L1 (default: the entries of --dictionary, turned round)",
    )
    parser.add_argument(
        "--format", choices=("auto", *formats.names()), default="auto", help="of a dictionary of words (default: auto)"
    )
    parser.add_argument(
        "--input",
        nargs=2,
        type=Path,
        metavar=("L1_FILE", "L2_FILE"),
        help="line-aligned text (default: the text of a derived pair)",
    )
    parser.add_argument(
        "--tokeniser",
        choices=TOKENISERS,
        default="none",
        help="how text is cut into words (default: none, words are separated by spaces already)",
    )
    parser.add_argument("--trees", type=Path, metavar="DIR", help="as of `derive` (default: trees/L1 of the pair)")
    parser.add_argument(
        "--most-pieces", type=arguments.positive, default=96, metavar="N", help="longest sentence (default: 96)"
    )
    parser.add_argument("--limit", type=arguments.positive, metavar="N", help="take the first N pairs only")
    parser.add_argument(
        "--wrong",
        type=arguments.share,
        default=0.0,
        metavar="F",
        help="exchange this share of the links among each other, to see what wrong links do (default: 0)",
    )
    parser.add_argument(
        "--valid-every",
        type=arguments.positive,
        default=100,
        metavar="N",
        help="with --input, one pair of N is for validation (default: 100)",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="(default: links/NAME of the pair)")
    arguments.add_seed(parser)
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Write the folder unless it is up to date."""
    pair = Pair(args.pair)
    identity = identity_of_pair(pair)
    languages = language_list(args.languages) if args.languages else list(identity.languages)
    if len(languages) != 2:
        raise InputError(f"--languages {','.join(languages) or 'missing'}: links are of two, such as en,fr")
    sides = (languages[0], languages[1])
    if unknown := [name for name in sides if identity.languages and name not in identity.languages]:
        raise InputError(f"--languages: {unknown[0]} is not one of the pair's, {','.join(identity.languages)}")
    texts = _texts(args, pair, sides)
    derivation = RecordedDerivation.read(pair, sides[1]) if args.gold else None
    trees: dict[str, Path | None] = dict.fromkeys(texts)
    if derivation and derivation.transformation().needs_trees:
        trees = {split: (args.trees or pair.trees(sides[0])) / f"{split}.conllu" for split in texts}
    settings = {"languages": languages, "identity": identity.as_json(), **_settings(args, derivation)}
    tables = _tables(pair, identity.languages, sides)
    given = [args.dictionary, args.reverse, args.links, *trees.values(), *tables]
    models = derivation.transformation().input_files if derivation else ()
    inputs = [*dict.fromkeys(path for files in texts.values() for path in files), pair.model, pair.symbols, *models]
    libraries = [pair.segmenting_library, *(["sacremoses"] if args.tokeniser == "moses" else [])]
    if args.aligner:
        require(args.aligner)
        libraries.append(args.aligner)
    output = args.output or pair.root / "links" / _name(args)
    step = Step("links", [output], [*inputs, *filter(None, given)], settings, args.seed, libraries, True)

    def build(folders: list[Path]) -> dict[str, Any]:
        writer = LinkedWriter(folders[0], pair.symbols, sides, identity)
        found: dict[str, Any] = {}
        entries: Counter[str] = Counter()
        if args.dictionary:
            LinkDictionary.read(args.dictionary, args.reverse, identity, entries, args.format)
            found |= {"left out of the dictionary": dict(entries)} if entries else {}
        for split, files in texts.items():
            with tempfile.TemporaryDirectory() as temporary:
                links: Path | None = args.links
                if args.aligner:
                    links = Path(temporary) / "links"
                    align(args.aligner, files, links, Path(temporary))
                source = derivation or links or (args.dictionary, args.reverse)
                chosen = LinkSettings(
                    sides,
                    args.tokeniser,
                    pair.model,
                    tables,
                    pair.symbols,
                    source,
                    files,
                    identity,
                    args.most_pieces,
                    args.wrong,
                    args.seed,
                    args.format,
                )
                batches: Iterable[list[SentencePair]] = read_batches(files, links, trees[split], args.limit)
                if args.input:
                    batches = _of_split(batches, split, args.seed, args.valid_every)
                with Workers(partial(make_block_linker, chosen), args.workers) as workers:
                    blocks = track(workers.map(batches), f"links, {split}", unit="batches")
                    counts, dropped = writer.write(split, blocks)
            if not counts["pairs"]:
                why = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items() if number)
                remedy = "give more text, or another source of links"
                raise InputError.at(files[0], None, f"no linked pair for {split} ({why or 'no text'})", remedy)
            found[split] = {**counts, "dropped": {reason: number for reason, number in dropped.items() if number}}
        return found

    run_step(step, build)
    return 0


def _settings(args: argparse.Namespace, derivation: RecordedDerivation | None) -> dict[str, Any]:
    """Return the options that decide what is written."""
    found: dict[str, Any] = {"links": _name(args)}
    found |= {name: getattr(args, name) for name in ("tokeniser", "most_pieces", "limit", "wrong")}
    found |= {"valid_every": args.valid_every} if args.input else {}
    found |= {"format": args.format} if args.dictionary else {}
    if derivation:
        found |= {"transform": list(derivation.specifications), "derivation_seed": derivation.seed}
    return found


def _texts(args: argparse.Namespace, pair: Pair, sides: tuple[str, str]) -> dict[str, tuple[Path, Path]]:
    """Return the two files of every split."""
    if args.reverse and not args.dictionary:
        raise InputError("--reverse belongs to --dictionary")
    if (args.links or args.aligner) and args.tokeniser != "none":
        raise InputError(f"--tokeniser {args.tokeniser}: links count the words of the text as it is; leave it out")
    if args.input:
        if args.gold:
            raise InputError("--gold links the text of a derived pair; leave out --input")
        return dict.fromkeys(SPLITS, (args.input[0], args.input[1]))
    if args.links:
        raise InputError("--links FILE needs --input L1_FILE L2_FILE, the text that it links")
    first, second = (pair.existing(pair.text(language)) for language in sides)
    if not args.gold:
        RecordedDerivation.read(pair, sides[1])  # line i of natural languages' text is no translation of line i
    return {split: (first[split], second[split]) for split in first}


def _tables(pair: Pair, languages: tuple[str, ...], sides: tuple[str, str]) -> tuple[Path | None, Path | None]:
    """Return the symbols of every piece on either side, None where pieces are symbols."""
    derived = pair.counterparts if pair.counterparts.is_file() else None
    first = (languages or sides)[0]
    found = [pair.own_symbols(name) or (derived if name != first else None) for name in sides]
    return found[0], found[1]


def _name(args: argparse.Namespace) -> str:
    kinds = {"gold": args.gold, "dictionary": args.dictionary, "pharaoh": args.links, args.aligner: args.aligner}
    name = next(kind for kind, given in kinds.items() if given)
    return f"{name}.wrong{args.wrong:g}" if args.wrong else name


def _of_split(batches: Iterable[list[SentencePair]], split: str, seed: int, every: int) -> Iterator[list[SentencePair]]:
    for batch in batches:
        if chosen := [pair for pair in batch if is_valid(pair.line - 1, seed, every, 0.0) == (split == "valid")]:
            yield chosen
