"""Where a checkpoint's vocabulary lies, and the tokenizers it has for each of its languages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.importing import DICT
from fairseq_alignmlm.exchange.sentencepiece_file import bpe_tokenizer, template
from fairseq_alignmlm.exchange.symbols import SPECIAL
from fairseq_alignmlm.exchange.tensors import read_json
from fairseq_alignmlm.exchange.tokenizer import SOURCE, CheckpointTokenizer, beside_checkpoint
from fairseq_alignmlm.exchange.tokenizer_file import LARGEST
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.lexicon.counterparts import read_counterparts
from fairseq_alignmlm.lexicon.vocabulary import read_vocabulary

MODEL = "spm.model"
SEARCHED = 6  # folders above a checkpoint, or above the data of its run


@dataclass(frozen=True)
class ImportedVocabulary:
    """The vocabulary of an imported model: its own tokenizer.

    Attributes:
        folder: with dict.txt, tokenizer.json and source.json.
        record: ``source.json``.
        tokenizer: read from there.
    """

    folder: Path
    record: dict[str, Any]
    tokenizer: CheckpointTokenizer

    @classmethod
    def read(cls, folder: Path) -> ImportedVocabulary:
        """Read the folder beside an imported checkpoint.

        Raises:
            InputError: when a file is missing or broken, or dict.txt is not that of the tokenizer.
        """
        record = read_json(folder / SOURCE)
        tokenizer = beside_checkpoint(folder)
        path = folder / DICT if (folder / DICT).is_file() else folder / "bin" / DICT  # of a model, or of a pair
        if list(read_vocabulary(path).index) != tokenizer.symbols:
            raise InputError.at(path, None, f"is not that of {TOKENIZER}", "import the folder again")
        return cls(folder, record, tokenizer)

    def tokenizer_json(self, language_number: int) -> dict[str, Any]:
        """Return ``tokenizer.json``, its own or, for a model with language embeddings, filling in the language."""
        content = read_json(self.folder / TOKENIZER, LARGEST)
        if language_number:
            special, ids = self.record["special_tokens"], self.tokenizer.order.ids
            double = self.record["family"] not in ("bert", "distilbert")
            content["post_processor"] = template(
                special["bos"], ids[0], special["eos"], ids[2], language_number, double
            )
        return content


@dataclass(frozen=True)
class OwnVocabulary:
    """The vocabulary of a pair made here: a SentencePiece model, dict.txt, and symbols of its own for some languages.

    Attributes:
        root: the folder of the pair.
        dictionary: ``dict.txt``.
        rows: the row of every symbol.
    """

    root: Path
    dictionary: Path
    rows: Mapping[str, int]

    @classmethod
    def read(cls, root: Path) -> OwnVocabulary:
        """Read the vocabulary of a pair.

        Raises:
            InputError: when a file is missing or broken.
        """
        path = root / "bin" / DICT
        path = path if path.is_file() else root / DICT
        if not (root / MODEL).is_file():
            raise InputError.at(root / MODEL, None, "no such file", "give --vocabulary, the folder of the pair")
        return cls(root, path, read_vocabulary(path).index)

    def symbols_of(self, language: str, first: str) -> dict[str, str] | None:
        """Return the symbol of every piece in a language; None where pieces are symbols."""
        own, derived = self.root / f"symbols.{language}.tsv", self.root / "counterparts.tsv"
        if own.is_file():
            return dict(read_counterparts(own))
        return dict(read_counterparts(derived)) if derived.is_file() and language != first else None

    def tokenizer_json(self, language: str, first: str, language_number: int) -> dict[str, Any]:
        """Return the ``tokenizer.json`` of a language."""
        symbols = self.symbols_of(language, first)
        return bpe_tokenizer(self.root / MODEL, self.rows, symbols, first, language_number)


def find_vocabulary(checkpoint: Path, data: str | None, given: Path | None) -> ImportedVocabulary | OwnVocabulary:
    """Find the vocabulary of a checkpoint.

    Args:
        checkpoint: its path.
        data: the folder of data that its run read, as the checkpoint says.
        given: the folder, if the user says it.

    Raises:
        InputError: when there is none.
    """
    start = [checkpoint.absolute().parent, *([Path(data)] if data else [])]
    folders = [given] if given else [folder for path in start for folder in [path, *list(path.parents)[:SEARCHED]]]
    for folder in folders:
        if (folder / SOURCE).is_file():
            return ImportedVocabulary.read(folder)
        if (folder / MODEL).is_file() and ((folder / "bin" / DICT).is_file() or (folder / DICT).is_file()):
            return OwnVocabulary.read(folder)
    where = str(given) if given else f"{checkpoint.parent} and {data}" if data else str(checkpoint.parent)
    what = f"no vocabulary in {where}: neither {SOURCE} with {TOKENIZER} nor {MODEL} with bin/{DICT}"
    raise InputError.at(checkpoint, None, what, "give --vocabulary, the folder of the pair or of the imported model")


def tokenizer_config(special: Mapping[str, str], longest: int, token_types: bool) -> dict[str, Any]:
    """Return ``tokenizer_config.json``.

    Args:
        special: the tokens that serve as ``bos``, ``pad``, ``eos``, ``unk`` and ``mask``.
        longest: input in tokens.
        token_types: whether the model needs the token types that the tokenizer fills in.
    """
    names = ["input_ids", *(["token_type_ids"] if token_types else []), "attention_mask"]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **special_tokens_map(special),
        "model_max_length": longest,
        "model_input_names": names,
        "padding_side": "right",
        "clean_up_tokenization_spaces": False,
    }


def special_tokens_map(special: Mapping[str, str]) -> dict[str, str]:
    """Return ``special_tokens_map.json``."""
    return {
        "bos_token": special["bos"],
        "eos_token": special["eos"],
        "unk_token": special["unk"],
        "sep_token": special["eos"],
        "pad_token": special["pad"],
        "cls_token": special["bos"],
        "mask_token": special["mask"],
    }


OWN_SPECIAL = dict(zip(("bos", "pad", "eos", "unk", "mask"), SPECIAL, strict=True))


def write_tokenizer(
    folder: Path, content: Mapping[str, Any], special: Mapping[str, str], longest: int, token_types: bool
) -> None:
    """Write the three files of a tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    files: Sequence[tuple[str, Mapping[str, Any]]] = (
        (TOKENIZER, content),
        ("tokenizer_config.json", tokenizer_config(special, longest, token_types)),
        ("special_tokens_map.json", special_tokens_map(special)),
    )
    for name, value in files:
        text = json.dumps(value, ensure_ascii=False, indent=None if name == TOKENIZER else 2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")
