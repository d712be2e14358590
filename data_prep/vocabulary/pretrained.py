"""The tokenizer of an imported model in the place of a SentencePiece model of one's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.exchange.extra import require_extra

TOKENIZER, SOURCE = "tokenizer.json", "source.json"


class PretrainedProcessor:
    """What the steps ask of a SentencePiece processor, answered by a checkpoint's tokenizer.

    An ID is a row of the model's embeddings. Text is not normalised before: the tokenizer does that itself.
    """

    def __init__(self, path: Path) -> None:
        """Read ``tokenizer.json`` and the ``source.json`` beside it.

        Raises:
            InputError: one is missing or broken, or a library is not installed.
        """
        require_extra("tokenizers", "safetensors")
        from fairseq_alignmlm.exchange.tokenizer import beside_checkpoint

        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # --workers says how many processes there are
        self._tokenizer = beside_checkpoint(path.parent)
        self._symbols = self._tokenizer.symbols

    def __len__(self) -> int:
        return len(self._symbols)

    def unk_id(self) -> int:
        """Return the ID of ``<unk>``."""
        return self._symbols.index("<unk>")

    def is_unknown(self, ids: Sequence[int]) -> list[bool]:
        """Tell which IDs are ``<unk>``."""
        return [number == self.unk_id() for number in ids]

    def is_control(self, ids: Sequence[int]) -> list[bool]:
        """Tell which IDs are the other special symbols."""
        last = len(self) - 1
        return [number < self.unk_id() or number == last for number in ids]

    def is_unused(self, ids: Sequence[int]) -> list[bool]:
        """Tell which IDs text never becomes: not known here."""
        return [False] * len(ids)

    def id_to_piece(self, ids: Sequence[int]) -> list[str]:
        """Return the symbols of IDs."""
        return [self._symbols[number] for number in ids]

    def encode(self, words: str | Sequence[str], out_type: type = int) -> Any:
        """Return the IDs, or the symbols, of one word or of each of several."""
        rows = self._tokenizer.encode_words([words] if isinstance(words, str) else words)
        found = [self.id_to_piece(each) for each in rows] if out_type is str else rows
        return found[0] if isinstance(words, str) else found

    def encode_lines(self, lines: Sequence[str]) -> list[list[int]]:
        """Return the IDs of whole lines, exactly those of the source tokenizer."""
        return self._tokenizer.encode_lines(lines)
