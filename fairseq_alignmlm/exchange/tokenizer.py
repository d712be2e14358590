"""A checkpoint's own tokenizer: text, lines or words, to rows of its embeddings and symbols of its dict.txt."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.symbols import SPECIAL, RowOrder, row_order
from fairseq_alignmlm.exchange.tensors import read_json
from fairseq_alignmlm.exchange.tokenizer_file import (
    NAME,
    build,
    read_tokenizer_json,
    vocabulary_of,
    without_symbols,
)

SOURCE = "source.json"  # beside an imported checkpoint: what the folder said
UNKNOWN = SPECIAL.index("<unk>")
PIECES = ("sentencepiece.bpe.model", "spm.model", NAME)  # what cuts text for a model, beside its dict.txt


class CheckpointTokenizer:
    """SentencePiece, WordPiece or byte-level BPE, whatever ``tokenizer.json`` says.

    What a text spells is text: ``</s>`` in a line is cut into pieces and never ends a sentence.

    Attributes:
        path: of ``tokenizer.json``.
        order: which id every row of the embeddings has.
    """

    def __init__(self, path: Path, size: int | None, special: dict[str, str]) -> None:
        """Read the tokenizer.

        Args:
            path: ``tokenizer.json``.
            size: rows of the model's embeddings; None for as many as there are tokens.
            special: the tokens that serve as ``bos``, ``pad``, ``eos``, ``unk`` and ``mask``.

        Raises:
            InputError: when the file is missing or refused, or is not that of the model.
        """
        self.path = path
        content = read_tokenizer_json(path)
        vocabulary = vocabulary_of(content, path)
        self.order: RowOrder = row_order(vocabulary, size or len(vocabulary), special, path)
        self._rows = self.order.rows()
        named = {token for use, token in special.items() if use != "unk"}
        self._content = without_symbols(content, named)
        self._lines = build(self._content, path)

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def _words(self) -> Any:
        return build(self._content, self.path, prefix_space=True)

    def encode_lines(self, lines: Sequence[str]) -> list[list[int]]:
        """Return the rows of each line's pieces, special symbols left out, exactly as the source tokenizer cuts it."""
        return self._encode(self._lines, lines)

    def encode_words(self, words: Sequence[str]) -> list[list[int]]:
        """Return the rows of the pieces of words that are cut one by one, as for tagging; at least one for each.

        Byte-level tokenizers see a space before every word. A word of which nothing is left is ``<unk>``.
        """
        return [rows or [UNKNOWN] for rows in self._encode(self._words, words)]

    def _encode(self, tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
        rows = self._rows
        try:
            found = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # the library also ends in panics, which are no `Exception`
            line = (str(error).splitlines() or [""])[0]
            raise InputError.at(self.path, None, f"cannot encode this text ({line})", "get it again") from None
        return [[rows[number] for number in each.ids] for each in found]

    @cached_property
    def symbols(self) -> list[str]:
        """The symbol of every row, as dict.txt has them, the special ones included."""
        return [*SPECIAL[:4], *self.order.symbols, SPECIAL[4]]


def beside_checkpoint(folder: Path) -> CheckpointTokenizer:
    """Return the tokenizer of an imported model.

    Args:
        folder: with ``tokenizer.json`` and ``source.json``, as `import` writes them.

    Raises:
        InputError: when one is missing or broken.
    """
    record = read_json(folder / SOURCE)
    special, rows = record.get("special_tokens"), record.get("rows")
    if not isinstance(special, dict) or not isinstance(rows, int):
        raise InputError.at(folder / SOURCE, None, "is not what `import` writes", "import the folder again")
    return CheckpointTokenizer(folder / NAME, rows, special)


def pieces_beside(vocabulary: Path) -> Path | None:
    """Return the file that cuts text for a dict.txt: beside it, or above it in a pair's folder; None without one."""
    folders = [vocabulary.parent, *([vocabulary.parent.parent] if vocabulary.parent.name == "bin" else [])]
    return next((folder / name for folder in folders for name in PIECES if (folder / name).is_file()), None)
