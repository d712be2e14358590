"""An own SentencePiece BPE model as a ``tokenizer.json`` whose vocabulary is dict.txt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.symbols import SPECIAL

BPE = 2  # in the trainer's settings
_TRAINER, _NORMALISER, _MODEL_TYPE, _CHARACTER_MAP = 2, 3, 3, 2

# What `encode` does to words before they are cut: see data_prep's normalisation.
INVISIBLE = (
    r"[\x{00}-\x{08}\x{0E}-\x{1B}\x{7F}-\x{84}\x{86}-\x{9F}\x{AD}\x{200B}\x{200E}\x{200F}"
    r"\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]"
)
SEPARATORS = r"[\x{1C}-\x{1F}]"


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol buffer message: number, and value."""
    place = 0

    def number() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(message):
        tag = number()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, number()
            continue
        length = number() if kind == 2 else {1: 8, 5: 4}[kind]
        yield tag >> 3, message[place : place + length]
        place += length


def check_own_model(path: Path) -> None:
    """Refuse a SentencePiece model that is not BPE over text as it is, which is what `vocabulary` trains.

    Raises:
        InputError: when it is another kind, or no SentencePiece model.
    """
    try:
        parts = dict(_fields(path.read_bytes()))
        trainer, normaliser = (dict(_fields(bytes(parts.get(part, b"")))) for part in (_TRAINER, _NORMALISER))
    except (OSError, IndexError, KeyError, TypeError):
        raise InputError.at(path, None, "not a SentencePiece model", "give the spm.model of the pair") from None
    if trainer.get(_MODEL_TYPE) != BPE or normaliser.get(_CHARACTER_MAP):
        what = "is not BPE without normalisation, which alone is exported exactly"
        raise InputError.at(path, None, what, "import the model's Hugging Face folder and export from that")


def merges_of(pieces: Sequence[str], scores: Sequence[float]) -> list[tuple[str, str]]:
    """Return the merges of a BPE vocabulary, the best first.

    SentencePiece joins the two neighbours whose joint piece has the best score; so every way to part a piece into two
    is a merge of its rank.

    Args:
        pieces: all pieces that text can have.
        scores: of each, the higher the earlier it was learnt.
    """
    place = {piece: number for number, piece in enumerate(pieces)}
    found = []
    for piece, score in zip(pieces, scores, strict=True):
        for cut in range(1, len(piece)):
            first, second = piece[:cut], piece[cut:]
            if first in place and second in place:
                found.append((-score, place[piece], place[first], place[second], first, second))
    return [(first, second) for *_, first, second in sorted(found)]


def bpe_tokenizer(
    model: Path, rows: Mapping[str, int], symbols: Mapping[str, str] | None, name: str, language_number: int
) -> dict[str, Any]:
    """Return a ``tokenizer.json`` that cuts as the SentencePiece model does and numbers as dict.txt does.

    Args:
        model: the pair's ``spm.model``.
        rows: the row of every symbol of dict.txt, the special ones included.
        symbols: the symbol of every piece in a derived language; None where pieces are symbols.
        name: put before the symbols of the other languages, which text never becomes.
        language_number: token type of the text; 0 for models without language embeddings.

    Raises:
        InputError: when the model is no BPE, or a piece has no row.
    """
    import sentencepiece

    check_own_model(model)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    ids = [number for number in range(len(processor)) if not processor.is_control(number)]
    ids = [number for number in ids if not processor.is_unknown(number)]
    pieces = [processor.id_to_piece(number) for number in ids]
    own = {piece: symbols[piece] if symbols else piece for piece in pieces}
    unknown = next((symbol for symbol in own.values() if symbol not in rows), None)
    if unknown is not None:
        raise InputError.at(model, None, f"piece {unknown!r} is not in dict.txt", "give the files of one pair")
    vocabulary = {piece: rows[symbol] for piece, symbol in own.items()}
    taken = set(vocabulary.values())
    for symbol, row in rows.items():
        if row not in taken:
            vocabulary[symbol if symbol in SPECIAL else f"{name}:{symbol}"] = row
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_special(symbol, rows[symbol]) for symbol in SPECIAL],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFC"},
                {"type": "Replace", "pattern": {"Regex": SEPARATORS}, "content": " "},
                {"type": "Replace", "pattern": {"Regex": INVISIBLE}, "content": ""},
                {"type": "Replace", "pattern": {"String": "▁"}, "content": "_"},
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
            ],
        },
        "post_processor": template("<s>", 0, "</s>", 2, language_number, double=True),
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": [list(merge) for merge in merges_of(pieces, [processor.get_score(number) for number in ids])],
        },
    }


def _special(symbol: str, row: int) -> dict[str, Any]:
    # <mask> takes the blank before it, so that it stands for a whole word
    return {
        "id": row,
        "content": symbol,
        "single_word": False,
        "lstrip": symbol == "<mask>",
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def template(bos: str, bos_id: int, eos: str, eos_id: int, language_number: int, double: bool) -> dict[str, Any]:
    """Return what puts special symbols, and the language as token type, around one text or two.

    Args:
        bos: the first symbol.
        bos_id: its id.
        eos: the last symbol.
        eos_id: its id.
        language_number: token type of everything.
        double: between two texts stand two end symbols, as in RoBERTa.
    """

    def symbol(token: str) -> dict[str, Any]:
        return {"SpecialToken": {"id": token, "type_id": language_number}}

    def text(name: str) -> dict[str, Any]:
        return {"Sequence": {"id": name, "type_id": language_number}}

    single = [symbol(bos), text("A"), symbol(eos)]
    return {
        "type": "TemplateProcessing",
        "single": single,
        "pair": [*single, *([symbol(eos)] if double else []), text("B"), symbol(eos)],
        "special_tokens": {
            bos: {"id": bos, "ids": [bos_id], "tokens": [bos]},
            eos: {"id": eos, "ids": [eos_id], "tokens": [eos]},
        },
    }
