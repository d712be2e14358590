"""Small stanza models, trained with stanza's own trainers: for machines without its models or the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from data_prep.languages.syntax.conllu import read_sentences
from data_prep.languages.syntax.parsing import import_stanza
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import write_json

PACKAGE = "small"
EVALUATION_INTERVAL = 250  # updates
_BOTH: dict[str, object] = {
    "word_emb_dim": 100,
    "word_cutoff": 3,
    "char_emb_dim": 50,
    "char_hidden_dim": 100,
}
_TAGGER: dict[str, object] = {
    "batch_size": 60,  # sentences
    "hidden_dim": 150,
    "deep_biaff_hidden_dim": 100,
    "composite_deep_biaff_hidden_dim": 50,
}
_PARSER: dict[str, object] = {
    "batch_size": 1200,  # words
    "hidden_dim": 200,
    "deep_biaff_hidden_dim": 200,
    "deep_biaff_output_dim": 100,
    "num_layers": 2,
    "optim": "adam",
    "lr": 0.003,
    "beta2": 0.95,
    "weight_decay": 0,
}


def _flags(settings: Mapping[str, object], *switches: str) -> list[str]:
    return [text for name, value in settings.items() for text in (f"--{name}", str(value))] + list(switches)


def _length(steps: int) -> dict[str, object]:
    # stanza 1.15 breaks when it ends without having evaluated once
    return {"max_steps": steps, "eval_interval": min(EVALUATION_INTERVAL, steps)}


def train_parser(
    language: str, train: Path, dev: Path, models: Path, tagger_steps: int, parser_steps: int, seed: int
) -> None:
    """Train a tagger and a parser without pretrained word vectors, and put them where stanza looks for them.

    Args:
        language: stanza's code.
        train: CoNLL-U with gold tags and trees.
        dev: the same, to choose the best step.
        models: folder of models; gets ``resources.json`` and ``LANGUAGE/{pos,depparse}/small.pt``.
        tagger_steps: updates of the tagger.
        parser_steps: updates of the parser.
        seed: of both.

    Raises:
        InputError: stanza is not installed, or a file is no CoNLL-U, has a tree that is none, or no tree at all.
    """
    for path in (train, dev):  # stanza's own complaints name neither file nor line
        if not sum(1 for _ in read_sentences(path)):
            raise InputError.at(path, None, "no tree in the file", "give a tree bank in CoNLL-U")
    import_stanza()
    from stanza.models import parser, tagger

    common: dict[str, object] = {
        "mode": "train",
        "lang": language,
        "shorthand": f"{language}_{PACKAGE}",
        "train_file": train,
        "eval_file": dev,
        "save_name": f"{PACKAGE}.pt",
        "seed": seed,
        **_BOTH,
    }
    for_tagger = {**common, **_TAGGER, "save_dir": models / language / "pos", **_length(tagger_steps)}
    for_parser = {**common, **_PARSER, "save_dir": models / language / "depparse", **_length(parser_steps)}
    tagger.main(_flags(for_tagger, "--no_pretrain", "--no_second_optim", "--fix_eval_interval"))
    parser.main(_flags(for_parser, "--no_pretrain", "--no_second_optim", "--no_checkpoint", "--no_ufeats"))
    write_json(models / "resources.json", resources(language))


def resources(language: str) -> dict[str, object]:
    """Return what stanza's ``resources.json`` says of these models: no lemmatizer, words come tokenised."""
    processors = dict.fromkeys(("tokenize", "pos", "depparse"), PACKAGE)
    entries: dict[str, object] = {processor: {PACKAGE: {}} for processor in processors}
    return {language: {"lang_name": language, "packages": {"default": processors}, **entries}}
