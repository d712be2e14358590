"""Cut the text of both languages into pieces and transliterate the derived one.

Writes counterparts.tsv, pieces/LANGUAGE/{train,valid}.txt, line by line as the text, bin/dict.txt and beside it
identity.json, what it is made from. Of natural languages (``--languages``) there are no counterparts; they share the
symbols of the vocabulary, or the first has them and the others have symbols of their own (``--symbols separate``),
which symbols.LANGUAGE.tsv lists.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME, Identity, hash_file, hash_symbols
from fairseq_alignmlm.lexicon.counterparts import write_counterparts
from fairseq_alignmlm.lexicon.vocabulary import read_symbols, write_symbols
from fairseq_alignmlm.progress import track

from .. import arguments
from ..languages.transliteration import counterparts_of
from ..manifest import Step, run_step
from ..pair import Pair, check_language, language_list
from ..pair_identity import transformation_of
from ..text.line_blocks import read_blocks
from ..vocabulary.bpe import UNKNOWN, load, pieces_of
from ..vocabulary.encoding import EncodedBlock, LanguageBlock, LanguageSymbols, make_block_encoder
from ..worker_pool import Workers

SUMMARY = "cut text into pieces and transliterate the derived language"
ORDER = 28
EXAMPLE = "alignmlm-data encode --pair PAIR --derived en_trans_inv"
SHARED, SEPARATE = "shared", "separate"
SAME, APART = "same", "apart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    arguments.add_language(parser)
    second = parser.add_mutually_exclusive_group(required=True)
    second.add_argument("--derived", metavar="NAME", help="the derived language, such as en_trans_inv")
    second.add_argument(
        "--languages", metavar="NAME,NAME", help="natural languages, such as en,fr; in place of --language"
    )
    parser.add_argument(
        "--symbols",
        choices=(SHARED, SEPARATE),
        default=SHARED,
        help="natural languages: equal pieces are one symbol, as in mBERT and XLM-R (shared, default), or every "
        "language but the first has its name in front of its symbols, so that nothing is shared (separate)",
    )
    parser.add_argument(
        "--overlap",
        type=arguments.share,
        default=0.0,
        metavar="F",
        help="share of the tokens that keep their script (default: 0)",
    )
    parser.add_argument(
        "--halves",
        choices=(SAME, APART),
        help="train on half of the lines: the same in both languages, or the odd lines of the one and the even ones of "
        "the other (apart), so that no sentence is there in both (default: all lines)",
    )
    arguments.add_seed(parser)
    arguments.add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Do the steps that are not up to date."""
    pair = Pair(args.pair)
    languages = language_list(args.languages) if args.languages else [args.language, check_language(args.derived)]
    if args.halves and not args.derived:
        raise InputError("--halves wants --derived: lines of natural languages are not the same text")
    for language in languages:
        pair.existing(pair.text(language))
    tables: dict[str, Path | None] = dict.fromkeys(languages)
    if args.derived:
        _make_counterparts(pair, (languages[0], languages[1]), args.overlap, args.seed)
        tables[args.derived] = pair.counterparts
    else:
        for language in languages[1:]:
            tables[language] = _make_symbol_table(pair, languages[0], language, args.symbols)
    symbols = LanguageSymbols(pair.model, tables)
    with Workers(partial(make_block_encoder, symbols), args.workers) as workers:
        for number, language in enumerate(languages):
            parity = None if args.halves is None else (1 + number * (args.halves == APART)) % 2
            _encode(pair, language, symbols, workers, parity)
    _make_symbols(pair, symbols, transformation_of(pair, args.derived))
    return 0


def _make_counterparts(pair: Pair, languages: tuple[str, str], overlap: float, seed: int) -> None:
    derived = languages[1]

    def build(paths: list[Path]) -> dict[str, Any]:
        pieces = [piece for piece in pieces_of(load(pair.model)) if piece != UNKNOWN]
        pairs = counterparts_of(pieces, derived, overlap, seed)
        kept = sum(source == target for source, target in pairs)
        joint = hash_symbols(dict.fromkeys(symbol for side in zip(*pairs, strict=True) for symbol in side))
        comments = [
            Identity(joint, sentencepiece=hash_file(pair.model), languages=languages).comment(),
            f"every token of the vocabulary and its counterpart in {derived}",
            f"overlap: {overlap:g} ({kept:,} of {len(pairs):,} tokens keep their script), seed: {seed}",
        ]
        write_counterparts(paths[0], pairs, comments)
        return {"tokens": len(pairs), "tokens that keep their script": kept}

    settings = {"languages": languages, "overlap": overlap}
    run_step(Step("encode", [pair.counterparts], [pair.model], settings, seed, (pair.segmenting_library,)), build)


def _make_symbol_table(pair: Pair, first: str, language: str, symbols: str) -> Path | None:
    """Write the table of a natural language's own symbols; where symbols are shared, see that there is none."""
    path = pair.symbol_table(language)
    if symbols == SHARED:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.manifest.json").unlink(missing_ok=True)
        return None
    identity = Identity(sentencepiece=hash_file(pair.model), languages=(first, language))

    def build(paths: list[Path]) -> dict[str, Any]:
        pieces = [piece for piece in pieces_of(load(pair.model)) if piece != UNKNOWN]
        write_counterparts(
            paths[0],
            counterparts_of(pieces, language, 0.0, 0),
            [identity.comment(), f"every piece of spm.model and its symbol in {language}"],
        )
        return {"tokens": len(pieces)}

    run_step(Step("encode", [path], [pair.model], identity.as_json(), libraries=(pair.segmenting_library,)), build)
    return path


def _encode(
    pair: Pair,
    language: str,
    symbols: LanguageSymbols,
    workers: Workers[LanguageBlock, EncodedBlock],
    parity: int | None,
) -> None:
    texts = pair.existing(pair.text(language))

    def build(folders: list[Path]) -> dict[str, Any]:
        spelled = symbols.by_language[language]
        found: dict[str, Any] = {}
        for split, text in texts.items():
            counts = np.zeros(len(spelled), np.int64)
            totals: Counter[str] = Counter()
            lines = parity if split == "train" else None
            blocks = workers.map(LanguageBlock(language, block, lines) for block in read_blocks(text))
            with open(folders[0] / f"{split}.txt", "wb") as handle:
                for block in track(blocks, f"pieces of {language}, {split}", unit="blocks"):
                    handle.write(block.data)
                    counts += block.counts
                    totals += Counter(lines=block.lines, words=block.words)
            of_symbols = {spelled[i]: int(counts[i]) for i in np.flatnonzero(counts)}
            unknown = of_symbols.pop(UNKNOWN, 0)
            found[split] = {**totals, "pieces": int(counts.sum()), "unknown pieces": unknown}
            if split == "train":
                write_symbols(folders[0] / "counts.txt", sorted(of_symbols), of_symbols)
        return found

    table = symbols.tables[language]
    inputs = [pair.model, *([table] if table else []), *texts.values()]
    settings = {} if parity is None else {"lines": "odd" if parity else "even"}
    step = Step("encode", [pair.pieces(language)], inputs, settings, libraries=(pair.segmenting_library,), folder=True)
    run_step(step, build)


def _make_symbols(pair: Pair, symbols: LanguageSymbols, transformation: str) -> None:
    """Write bin/dict.txt, the symbols of all languages with their counts, and beside it what they are made from."""
    origin = Identity(
        sentencepiece=hash_file(pair.model), languages=tuple(symbols.tables), transformation=transformation
    )
    counts_files = [pair.pieces(language) / "counts.txt" for language in symbols.tables]
    table_files = [path for path in symbols.tables.values() if path]

    def build(paths: list[Path]) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        for path in counts_files:
            counts.update(read_symbols(path, "run `encode` again"))
        joint = symbols.joint()
        write_symbols(paths[0], joint, counts)
        replace(origin, symbols=hash_symbols(joint), counts=hash_file(paths[0])).write(paths[1])
        return {"symbols": len(joint), "symbols that the text does not use": sum(s not in counts for s in joint)}

    outputs = [pair.symbols, pair.symbols.with_name(FILE_NAME)]
    run_step(Step("encode", outputs, [*(table_files or [pair.model]), *counts_files], origin.as_json()), build)
