"""Train the sub-word vocabulary of a pair: spm.model, spm.vocab.

On its original language only, where the other is derived from it; on both, where they are natural languages. With
--from-checkpoint nothing is trained: the pair gets tokenizer.json of an imported model, and all later steps use it.
"""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track

from .. import arguments
from ..manifest import Step, run_step
from ..pair import Pair, language_list
from ..vocabulary.bpe import SPECIAL, chosen_sentences, count_sentences, load, smoothed_shares, train
from ..vocabulary.pretrained import SOURCE, TOKENIZER, PretrainedProcessor

SUMMARY = "train the SentencePiece BPE vocabulary on the original language, or on several"
ORDER = 24
EXAMPLE = "alignmlm-data vocabulary --pair PAIR --size 2000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    arguments.add_pair(parser)
    arguments.add_language(parser)
    parser.add_argument(
        "--languages",
        metavar="NAME,NAME",
        help="natural languages that share the vocabulary, such as en,fr; in place of --language",
    )
    parser.add_argument(
        "--from-checkpoint",
        type=Path,
        metavar="DIR",
        help="train none: use the tokenizer of an imported model, from the folder that `alignmlm import` wrote",
    )
    parser.add_argument(
        "--size", type=arguments.positive, default=40_000, help="pieces, special symbols not counted (default: 40000)"
    )
    parser.add_argument(
        "--character-coverage",
        type=arguments.share,
        default=0.9995,
        metavar="F",
        help="share of the text's characters that get a piece of their own (default: 0.9995)",
    )
    parser.add_argument(
        "--sentences",
        type=arguments.positive,
        default=5_000_000,
        metavar="N",
        help="train on at most N sentences, evenly spread (default: 5000000); memory grows with them",
    )
    parser.add_argument(
        "--sampling-alpha",
        type=arguments.share,
        default=0.5,
        metavar="A",
        help="several languages: sentences in proportion to size ** A; 1 all, 0 equally many of each (default: 0.5)",
    )


def run(args: argparse.Namespace) -> int:
    """Train the model unless it is up to date."""
    pair = Pair(args.pair)
    if args.from_checkpoint:
        return _adopt(pair, args.from_checkpoint)
    languages = language_list(args.languages) if args.languages else [args.language]
    texts = [pair.existing(pair.text(language))["train"] for language in languages]
    settings = {
        "size": args.size,
        "character_coverage": args.character_coverage,
        "sentences": args.sentences,
    }
    if args.languages:
        settings["sampling_alpha"] = args.sampling_alpha
    outputs = [pair.model, pair.model.with_suffix(".vocab")]
    step = Step("vocabulary", outputs, texts, settings, libraries=("sentencepiece",))

    def build(paths: list[Path]) -> dict[str, Any]:
        dropped: Counter[str] = Counter()
        present = [count_sentences(text, dropped) for text in texts]
        for text, number in zip(texts, present, strict=True):
            if not number:
                raise InputError.at(text, None, "empty text: no sentence to train on", "run `sentences` first")
        alpha = args.sampling_alpha if args.languages else 1.0
        wanted = smoothed_shares(present, alpha, args.sentences)
        chosen = chain.from_iterable(map(chosen_sentences, texts, present, wanted))
        try:
            model = train(track(chosen, "vocabulary", sum(wanted), "sentences"), args.size, args.character_coverage)
        except InputError as error:
            raise InputError.at(texts[0], None, str(error)) from error
        paths[0].write_bytes(model)
        processor = load(model)
        with open(paths[1], "w", encoding="utf-8", newline="\n") as handle:
            handle.writelines(
                f"{processor.id_to_piece(i)}\t{processor.get_score(i):g}\n" for i in range(len(processor))
            )
        of_each: dict[str, Any] = {
            f"sentences of {language}": {"in": number, "used": used}
            for language, number, used in zip(languages, present, wanted, strict=True)
        }
        return {
            "pieces": len(processor) - len(SPECIAL),
            "special symbols": len(SPECIAL),
            "sentences in": sum(present),
            "sentences used": sum(wanted),
            **(of_each if args.languages else {}),
            **({"dropped": dict(dropped)} if dropped else {}),
        }

    run_step(step, build)
    return 0


def _adopt(pair: Pair, folder: Path) -> int:
    """Copy the tokenizer of an imported model unless it is there."""
    if (pair.root / "spm.model").is_file():
        what = "the pair has a vocabulary of its own already"
        raise InputError.at(pair.root / "spm.model", None, what, "give another --pair for the imported model")
    names = (TOKENIZER, SOURCE)
    inputs = [folder / name for name in names]
    for path in inputs:
        if not path.is_file():
            raise InputError.at(path, None, "no such file", "give the folder that `alignmlm import` wrote")
    step = Step("vocabulary", [pair.root / name for name in names], inputs)

    def build(paths: list[Path]) -> dict[str, Any]:
        for source, target in zip(inputs, paths, strict=True):
            shutil.copyfile(source, target)
        return {"symbols": len(PretrainedProcessor(folder / TOKENIZER))}

    run_step(step, build)
    return 0
