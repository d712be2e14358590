"""Position embeddings and special symbols that the languages do not share, to measure what sharing them is worth.

Both are controls of Dufter and Schütze (2020, "Identifying Elements Essential for BERT's Multilinguality"): with them
languages have less in common. The first language keeps the model's own tables.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class LanguagePositions(nn.Module):
    """Position embeddings of the second and further languages.

    Args:
        languages: number of languages L.
        positions: positions of each, P.
        width: hidden size H.
        padding_index: index of the padding symbol, which is also the position of padding.
    """

    def __init__(self, languages: int, positions: int, width: int, padding_index: int) -> None:
        super().__init__()
        self._positions, self._padding_index = positions, padding_index
        self.weight = nn.Parameter(torch.empty((languages - 1) * positions, width))

    def forward(self, shared: nn.Embedding, positions_BT: Tensor, language_ids_BT: Tensor) -> Tensor:
        """Look up positions in the table of each token's language.

        Args:
            shared: the table of the first language, and of padding.
            positions_BT: rows of it ``(B, T)`` or ``(1, T)``.
            language_ids_BT: 0 for padding, 1..L.

        Returns:
            ``(B, T, H)``.
        """
        rows = positions_BT + (language_ids_BT - 1).clamp(min=0) * self._positions
        table = torch.cat((shared.weight, self.weight))  # rows pad + 1 + P and up are those of the second language
        return nn.functional.embedding(rows, table, padding_idx=self._padding_index)


class LanguageSpecials(nn.Module):
    """Embeddings of the special symbols in the text of the second and further languages.

    Args:
        symbols: indices of the S special symbols but padding.
        vocabulary_size: number of symbols of the model V.
        languages: number of languages L.
        width: hidden size H.
    """

    slot_V: Tensor

    def __init__(self, symbols: Sequence[int], vocabulary_size: int, languages: int, width: int) -> None:
        super().__init__()
        self._count = len(symbols)
        self.weight = nn.Parameter(torch.empty((languages - 1) * len(symbols), width))
        slots = torch.full((vocabulary_size,), -1)
        slots[list(symbols)] = torch.arange(len(symbols))
        self.register_buffer("slot_V", slots, persistent=False)

    def forward(self, words_BTH: Tensor, tokens_BT: Tensor, language_ids_BT: Tensor) -> Tensor:
        """Put the special symbols' embeddings in the place of those of the first language, ``(B, T, H)``."""
        slot_BT = self.slot_V[tokens_BT]
        own_BT = (slot_BT >= 0) & (language_ids_BT > 1)
        rows_BT = ((language_ids_BT - 2) * self._count + slot_BT).clamp(min=0) * own_BT
        return torch.where(own_BT[..., None], nn.functional.embedding(rows_BT, self.weight), words_BTH)
