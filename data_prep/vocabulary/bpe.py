"""The sub-word vocabulary: SentencePiece BPE, trained on the original language, or on several natural ones."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError

from ..text.line_blocks import read_blocks
from ..text.normalisation import normalise
from .pretrained import TOKENIZER, PretrainedProcessor

UNKNOWN = "<unk>"
CONTROL = ("<s>", "<pad>", "</s>", "<mask>")  # fairseq's own symbols, which no piece of a text may look like
SPECIAL = (UNKNOWN, *CONTROL)
LONGEST_LINE = 1 << 20  # bytes; SentencePiece leaves out longer lines, so they are cut between words


def count_sentences(path: Path, dropped: Counter[str]) -> int:
    """Return how many lines of a text hold words; those over 1 MiB count as several, words over 1 MiB as dropped."""
    return sum(1 for _ in _sentences(path, dropped))


def chosen_sentences(path: Path, present: int, wanted: int) -> Iterator[str]:
    """Yield ``wanted`` of the ``present`` sentences of a text, evenly spread over it; all if there are fewer."""
    if wanted >= present:
        yield from _sentences(path)
        return
    for number, sentence in enumerate(_sentences(path)):
        if (number + 1) * wanted // present > number * wanted // present:
            yield sentence


def smoothed_shares(present: Sequence[int], alpha: float, most: int) -> list[int]:
    """Return how many sentences of every language a joint vocabulary is trained on (Conneau and Lample 2019).

    The smallest language is used whole, the others are thinned out so that the numbers are in proportion to
    ``size ** alpha``; all are scaled down together when they exceed ``most``.

    Args:
        present: sentences of every language, at least 1 each.
        alpha: 1 takes all sentences, 0 equally many of every language.
        most: sentences of all languages together.
    """
    smallest = min(present)
    wanted = [min(size, round(smallest * (size / smallest) ** alpha)) for size in present]
    total = sum(wanted)
    return wanted if total <= most else [max(1, number * most // total) for number in wanted]


def train(sentences: Iterable[str], size: int, character_coverage: float) -> bytes:
    """Train a BPE model with ``size`` pieces besides the special symbols and return it.

    The text is taken as it is (no normalisation), so that every word stays one word and can be had back from its
    pieces; no piece holds white space. The same sentences give the same model.

    Raises:
        InputError: the sentences are too few for ``size`` pieces.
    """
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type="bpe",
            vocab_size=size + len(SPECIAL),
            character_coverage=character_coverage,
            normalization_rule_name="identity",
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            control_symbols=list(CONTROL),
            max_sentence_length=LONGEST_LINE,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        limit = re.search(r"value <= (\d+)", str(error))
        if limit:
            most = int(limit[1]) - len(SPECIAL)
            raise InputError(f"too little text for {size:,} pieces; give --size {most} or less") from error
        if "sentences_.empty()" in str(error):
            raise InputError("empty text: no sentence to train on; run `sentences` first") from error
        if "required_chars" in str(error) or "vocab_size" in str(error):
            raise InputError(f"{size:,} pieces cannot hold all characters; give a larger --size") from error
        raise
    return model.getvalue()


def load(model: Path | bytes) -> Any:
    """Return the SentencePiece processor of a model file or of a model just trained.

    For ``tokenizer.json``, the tokenizer of an imported model, it is a `PretrainedProcessor`.

    Raises:
        InputError: there is no such file, or it is no SentencePiece model.
    """
    if isinstance(model, Path) and model.name == TOKENIZER:
        return PretrainedProcessor(model)
    import sentencepiece

    if isinstance(model, Path):
        try:
            proto = model.read_bytes()
        except FileNotFoundError as error:
            raise InputError.at(model, None, "no such file", "run `vocabulary` first") from error
    else:
        proto = model
    try:
        processor = sentencepiece.SentencePieceProcessor(model_proto=proto)
        pieces_of(processor)  # which may be no UTF-8 in a broken file
        return processor
    except (RuntimeError, UnicodeDecodeError) as error:
        name = model if isinstance(model, Path) else "model"
        raise InputError.at(name, None, "not a SentencePiece model", "run `vocabulary` again") from error


def normaliser_of(processor: Any) -> Callable[[str], str]:
    """Return what text goes through before it is cut: `normalise`, or nothing for an imported tokenizer."""
    return str if isinstance(processor, PretrainedProcessor) else normalise


def pieces_of(processor: Any) -> list[str]:
    """Return the symbol of every ID of a model, in order; special symbols of other models become ``<unk>``."""
    ids = list(range(len(processor)))
    special = zip(processor.is_unknown(ids), processor.is_control(ids), processor.is_unused(ids), strict=True)
    return [UNKNOWN if any(kinds) else piece for piece, kinds in zip(processor.id_to_piece(ids), special, strict=True)]


def _sentences(path: Path, dropped: Counter[str] | None = None) -> Iterator[str]:
    for block in read_blocks(path):
        for line in block.lines():
            words = normalise(line).split()
            if len(line) <= LONGEST_LINE // 4:  # a character has at most four bytes
                if words:
                    yield " ".join(words)
                continue
            part: list[str] = []
            size = 0
            for word in words:
                length = len(word.encode()) + 1
                if length - 1 > LONGEST_LINE:
                    if dropped is not None:
                        dropped["words over 1 MiB"] += 1
                    continue
                if size + length - 1 > LONGEST_LINE:
                    yield " ".join(part)
                    part, size = [], 0
                part.append(word)
                size += length
            if part:
                yield " ".join(part)
