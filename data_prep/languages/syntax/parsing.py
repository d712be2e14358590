"""Trees for sentences that have none, from stanza (Qi et al. 2020): tagger and parser on words as they are given."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from data_prep.languages.syntax.conllu import unparsed_tree
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import parse_json

TOO_LONG = "too long to parse"


class ParserSettings(NamedTuple):
    """What decides the trees.

    Attributes:
        language: stanza's code, such as ``en``.
        models: folder of stanza models with its ``resources.json``.
        longest: sentences of more words are not parsed.
        batch: words parsed at a time.
        use_gpu: work on a GPU if there is one.
    """

    language: str
    models: Path
    longest: int = 120
    batch: int = 3000
    use_gpu: bool = False


class ParsedBlock(NamedTuple):
    """Trees of some sentences.

    Attributes:
        conllu: their CoNLL-U text.
        counts: sentences, words, and those left unparsed by reason.
    """

    conllu: str
    counts: Mapping[str, int]


def import_stanza() -> ModuleType:
    """Import stanza.

    Raises:
        InputError: it is not installed.
    """
    try:
        import stanza
    except ImportError:
        raise InputError(
            "parsing needs stanza: pip install 'fairseq-alignmlm[syntax]', or give trees (CoNLL-U) instead of text"
        ) from None
    return stanza


def ensure_models(settings: ParserSettings, offline: bool) -> None:
    """Check that stanza and its models are there; download models unless ``offline``.

    Raises:
        InputError: stanza is not installed, or there are no models.
    """
    stanza = import_stanza()
    if (settings.models / "resources.json").is_file():
        return
    remedy = "give the folder of stanza models with --models"
    if offline:
        raise InputError.at(settings.models, None, "no stanza models (resources.json)", f"{remedy}, or no --offline")
    try:
        stanza.download(settings.language, model_dir=str(settings.models), processors="tokenize,pos,lemma,depparse")
    except Exception as error:  # whatever the network or stanza's servers raise means the same here
        raise InputError.at(settings.models, None, f"stanza models cannot be downloaded ({error})", remedy) from error


def with_gpu(settings: ParserSettings, workers: int, needed: bool, refused: bool) -> tuple[ParserSettings, int]:
    """Return settings that use a GPU if there is one, and the number of processes, which is then 1.

    Raises:
        InputError: ``needed``, and there is none.
    """
    import torch

    found = torch.cuda.is_available()
    if needed and not found:
        raise InputError("--gpu: torch finds no GPU here; leave it out to parse on the CPU")
    if not found or refused:
        return settings, workers
    print("parse: on a GPU, one process (--cpu: not)", flush=True)
    return settings._replace(use_gpu=True), 1


def _lemmatizer(settings: ParserSettings) -> str:
    """Return the lemmatizer to run: words are their own lemmas if the models have none.

    Raises:
        InputError: the models are not of this language.
    """
    resources = settings.models / "resources.json"
    try:
        languages = parse_json(resources.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError.at(resources, None, "not JSON", "download the models again") from None
    if settings.language not in languages:
        raise InputError.at(resources, None, f"unknown language {settings.language!r}", "take a code that it lists")
    of_language = languages[settings.language]
    return "default" if "alias" in of_language or "lemma" in of_language else "identity"


def load_pipeline(settings: ParserSettings) -> Any:
    """Load stanza's tagger and parser; never looks for models on the network.

    Raises:
        InputError: stanza is not installed, or its models are not there.
    """
    stanza = import_stanza()
    logging.getLogger("stanza").setLevel(logging.WARNING)
    lemmatizer = _lemmatizer(settings)
    try:
        return stanza.Pipeline(
            settings.language,
            dir=str(settings.models),
            processors={"tokenize": "default", "pos": "default", "lemma": lemmatizer, "depparse": "default"},
            package=None,
            tokenize_pretokenized=True,
            download_method=None,
            depparse_batch_size=settings.batch,
            pos_batch_maximum_tokens=settings.batch,
            use_gpu=settings.use_gpu,
            logging_level="WARN",
        )
    except FileNotFoundError as error:
        what = f"no stanza models of {settings.language!r} ({error})"
        raise InputError.at(settings.models, None, what, "download the models again") from error


def make_block_parser(settings: ParserSettings) -> Callable[[Sequence[str]], ParsedBlock]:
    """Return the function that parses a block of lines (sentences of words separated by spaces, or blank).

    Called once in every process, so that models are loaded once.
    """
    pipeline = load_pipeline(settings)

    def parse(lines: Sequence[str]) -> ParsedBlock:
        sentences = [words for line in lines if (words := line.split())]
        short = [words for words in sentences if len(words) <= settings.longest]
        parsed = iter(pipeline(short).sentences if short else ())
        counts: Counter[str] = Counter(sentences=len(sentences))
        texts = []
        for words in sentences:
            counts["words"] += len(words)
            if len(words) > settings.longest:
                counts[f"{TOO_LONG} (> {settings.longest} words), order will be kept"] += 1
                texts.append(unparsed_tree(words, TOO_LONG))
            else:
                texts.append(_conllu(words, next(parsed)))
        return ParsedBlock("".join(texts), dict(counts))

    return parse


def _conllu(words: Sequence[str], sentence: Any) -> str:
    """Return the CoNLL-U text of a stanza sentence, with the words as they were given."""
    if len(sentence.words) != len(words):
        raise RuntimeError(f"stanza changed the words of: {' '.join(words)}")
    rows = []
    for number, (form, word) in enumerate(zip(words, sentence.words, strict=True), 1):
        columns = (number, form, word.lemma, word.upos, word.xpos, word.feats, word.head, word.deprel, None, None)
        rows.append("\t".join("_" if value is None else str(value) for value in columns))
    return "\n".join([f"# text = {' '.join(words)}", *rows]) + "\n\n"
