"""Sentence pairs with linked words, as `data_prep links` writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fairseq.data import FairseqDataset
from torch import Tensor

from fairseq_alignmlm.data.binarized import MappedSentences, load_binarized
from fairseq_alignmlm.data.linked_names import LINKS, STARTS, linked_prefix
from fairseq_alignmlm.data.round_robin import ALL, round_robin
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity

LINK_AGAIN = "run alignmlm-data links"


class LinkedPair:
    """The linked sentences of one language pair, mapped into memory.

    Args:
        folder: of the files.
        split: ``train`` or ``valid``.
        languages: L1 and L2.
        symbols: size of the vocabulary.

    Raises:
        InputError: a file is missing or broken, or they do not belong together.
    """

    def __init__(self, folder: Path, split: str, languages: tuple[str, str], symbols: int | None = None) -> None:
        self.prefix = folder / linked_prefix(split, languages)
        self.languages, self._symbols = languages, symbols
        self.tokens = [load_binarized(f"{self.prefix}.{name}") for name in languages]
        self.starts = [load_binarized(f"{self.prefix}.{name}.{STARTS}") for name in languages]
        self.links = load_binarized(f"{self.prefix}.{LINKS}")
        sets: list[MappedSentences] = [*self.tokens, *self.starts, self.links]
        if len({len(each) for each in sets}) > 1:
            raise InputError.at(f"{self.prefix}.{LINKS}.idx", None, "its files differ in length", LINK_AGAIN)
        if (np.asarray(self.links.sizes) % 2).any():
            raise InputError.at(f"{self.prefix}.{LINKS}.idx", None, "holds half a link", LINK_AGAIN)

    def __len__(self) -> int:
        return len(self.links)

    def lengths(self) -> np.ndarray:
        """Return the tokens of the longer side of every pair, ``<s>`` and ``</s>`` included, ``(N,)``."""
        return np.maximum(*(np.asarray(side.sizes) for side in self.tokens)) + 1

    def __getitem__(self, index: int) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Return tokens ``(T,)`` ending in ``</s>`` and starts of words ``(W,)`` of both sides, and links ``(N, 2)``.

        Raises:
            InputError: a word or a link is not where it can be.
        """
        tokens, starts = [side[index] for side in self.tokens], [side[index] for side in self.starts]
        links = self.links[index].view(-1, 2)
        for text, first, linked in zip(tokens, starts, links.unbind(1), strict=True):
            if int(first.max()) >= len(text) - 1 or int(linked.max()) >= len(first):
                what = f"pair {index + 1:,} names a piece or word that is not there"
                raise InputError.at(f"{self.prefix}.{LINKS}.idx", None, what, LINK_AGAIN)
            if self._symbols is not None and int(text.max()) >= self._symbols:
                what = f"pair {index + 1:,} holds symbol {int(text.max())}, the vocabulary {self._symbols}"
                raise InputError.at(f"{self.prefix}.{LINKS}.idx", None, what, LINK_AGAIN)
        return tokens, starts, links


def find_pairs(folder: Path, split: str) -> list[tuple[str, str]]:
    """Return the language pairs of a folder.

    Raises:
        InputError: there is none.
    """
    pattern = re.compile(rf"{re.escape(split)}\.(.+)\.{LINKS}\.idx")
    names = sorted(match[1] for path in folder.glob("*.idx") if (match := pattern.fullmatch(path.name)))
    found = []
    for name in names:
        parts = name.split("-")
        cuts = [("-".join(parts[:cut]), "-".join(parts[cut:])) for cut in range(1, len(parts))]
        there = [cut for cut in cuts if all((folder / f"{split}.{name}.{side}.idx").is_file() for side in cut)]
        found += there[:1]
    if not found:
        raise InputError.at(folder, None, f"no linked sentences for {split}", LINK_AGAIN)
    return found


def identity_of_links(folder: Path) -> Identity:
    """Return what linked sentences were made from.

    Raises:
        InputError: the folder is missing, or does not say it.
    """
    if not folder.is_dir():
        raise InputError.at(folder, None, "no such folder of linked sentences", LINK_AGAIN)
    return Identity.of_dict(folder / "dict.txt")


class LinkedSentences(FairseqDataset):
    """Batches of sentence pairs of one or several language pairs, in turn.

    Args:
        pairs: the language pairs.
        bos: index of ``<s>``.
        padding_index: index of ``<pad>``.
        seed: of the run.
        ending: of an epoch, see `round_robin`.
        shuffle: order of training, in turn; else one pair after the other, in file order.
        language_numbers: number of every language, for models that want language IDs; else None.
    """

    def __init__(
        self,
        pairs: Sequence[LinkedPair],
        bos: int,
        padding_index: int,
        seed: int,
        ending: str = ALL,
        shuffle: bool = True,
        language_numbers: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.pairs = list(pairs)
        self._bos, self._pad, self._seed, self._ending, self._shuffle = bos, padding_index, seed, ending, shuffle
        self._numbers = language_numbers
        names = [name for pair in pairs for name in pair.languages]
        self._order_of = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self._offsets = np.cumsum([0, *map(len, pairs)])
        self._epoch = 1
        self.sizes = np.concatenate([pair.lengths() for pair in pairs])

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the order belongs to."""
        self._epoch = epoch

    @property
    def can_reuse_epoch_itr_across_epochs(self) -> bool:
        """Batches are made anew every training epoch."""
        return not self._shuffle

    def __len__(self) -> int:
        return int(self._offsets[-1])

    def num_tokens(self, index: int) -> int:
        """Return the length of the longer side in tokens."""
        return int(self.sizes[index])

    def size(self, index: int) -> int:
        """Return the length of the longer side in tokens."""
        return int(self.sizes[index])

    def epoch_order(self, epoch: int) -> np.ndarray:
        """Return the instances of an epoch in their order, int64."""
        if not self._shuffle:
            return np.arange(len(self))
        chosen = round_robin([len(pair) for pair in self.pairs], self._ending, self._seed, epoch)
        return self._offsets[chosen[:, 0]] + chosen[:, 1]

    def ordered_indices(self) -> np.ndarray:
        """List the instances of the epoch."""
        return self.epoch_order(self._epoch)

    def __getitem__(self, index: int) -> dict[str, Any]:
        number = int(np.searchsorted(self._offsets, index, side="right")) - 1
        tokens, starts, links = self.pairs[number][int(index) - int(self._offsets[number])]
        return {"id": int(index), "pair": number, "tokens": tokens, "starts": starts, "links": links}

    def collater(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Stack pairs: row 2 i is the first sentence of pair i, row 2 i + 1 its translation.

        Returns:
            ``net_input`` with ``src_tokens`` ``(2 B, T)``, ``src_lengths``, ``has_padding``, ``token_index`` and
            ``language_ids`` as those of `FinetuningDataset`; ``words`` ``(W,)``, flat indices of the first pieces of
            all words; ``word_language`` ``(W,)``; ``links`` ``(N, 2)``, which two of ``words`` are linked; ``id``
            ``(B,)``, ``nsentences`` and ``ntokens``.
        """
        if not samples:
            return {}
        rows = [torch.cat((torch.tensor([self._bos]), side)) for sample in samples for side in sample["tokens"]]
        lengths = torch.tensor([len(row) for row in rows])
        longest = int(lengths.max())
        tokens = torch.full((len(rows), longest), self._pad, dtype=torch.long)
        for number, row in enumerate(rows):
            tokens[number, : len(row)] = row
        languages = [name for sample in samples for name in self.pairs[sample["pair"]].languages]
        starts = [side for sample in samples for side in sample["starts"]]
        counts = torch.tensor([len(side) for side in starts])
        first = counts.cumsum(0) - counts
        links = [sample["links"] + first[2 * i : 2 * i + 2] for i, sample in enumerate(samples)]
        own = torch.tensor([self._order_of[name] for name in languages])
        net_input: dict[str, Any] = {
            "src_tokens": tokens,
            "src_lengths": lengths,
            "has_padding": bool(lengths.min() < longest),
        }
        if net_input["has_padding"]:
            net_input["token_index"] = tokens.ne(self._pad).flatten().nonzero()[:, 0]
        if self._numbers is not None:
            ids = torch.tensor([self._numbers[name] for name in languages])
            net_input["language_ids"] = ids[:, None] * tokens.ne(self._pad).long()
        return {
            "id": torch.tensor([sample["id"] for sample in samples]),
            "nsentences": len(samples),
            "ntokens": int(lengths.sum()),
            "net_input": net_input,
            "words": torch.cat([number * longest + 1 + side for number, side in enumerate(starts)]),
            "word_language": own.repeat_interleave(counts),
            "links": torch.cat(links),
        }


def open_linked(
    folders: Sequence[Path],
    split: str,
    vocabulary: Identity,
    whose: str,
    languages: Sequence[str] | None = None,
    symbols: int | None = None,
    **settings: Any,
) -> LinkedSentences:
    """Open the linked sentences of one or several folders.

    Args:
        folders: of `data_prep links`.
        split: ``train`` or ``valid``.
        vocabulary: that of the model.
        whose: it is, for messages.
        languages: of the model's language embeddings, None for a model without.
        symbols: size of the vocabulary.
        settings: see `LinkedSentences`.

    Raises:
        InputError: a folder is missing or broken, is of another vocabulary, or of a language that the model does not
            know.
    """
    pairs = []
    for folder in folders:
        own = identity_of_links(folder)
        names = ("symbols", "transformation")
        vocabulary.require(own, folder, whose, "link the words of the model's own pair", names)
        pairs += [LinkedPair(folder, split, found, symbols) for found in find_pairs(folder, split)]
    numbers = None
    if languages is not None:
        numbers = {name: number for number, name in enumerate(languages, 1)}
        for name in (name for pair in pairs for name in pair.languages):
            if name not in numbers:
                what = f"language {name!r} is not one of the model's: {', '.join(languages)}"
                raise InputError.at(folders[0], None, what, "give --languages, those of the pre-training in order")
    return LinkedSentences(pairs, language_numbers=numbers, **settings)
