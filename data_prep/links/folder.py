"""The folder of linked sentences that training reads."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fairseq_alignmlm.data.linked_names import LINKS, STARTS, linked_prefix
from fairseq_alignmlm.identity import FILE_NAME, Identity

from ..vocabulary.mmap_dataset import MmapWriter, SymbolFile
from .linking import LinkedBlock


class LinkedWriter:
    """Write the splits of one language pair, batch by batch.

    Args:
        folder: there already.
        symbols: ``dict.txt``, which is copied.
        languages: L1 and L2.
        identity: of the pair.
    """

    def __init__(self, folder: Path, symbols: Path, languages: tuple[str, str], identity: Identity) -> None:
        self._folder, self._languages = folder, languages
        self._dtype = SymbolFile(symbols).dtype
        shutil.copyfile(symbols, folder / "dict.txt")
        identity.write(folder / FILE_NAME)

    def write(self, split: str, blocks: Iterable[LinkedBlock]) -> tuple[Counter[str], Counter[str]]:
        """Write a split; return what it holds and what was dropped, counted."""
        prefix = self._folder / linked_prefix(split, self._languages)
        names = [*self._languages, *(f"{language}.{STARTS}" for language in self._languages), LINKS]
        types = [self._dtype, self._dtype, *[np.dtype(np.uint16)] * 3]
        counts: Counter[str] = Counter()
        dropped: Counter[str] = Counter()
        with ExitStack() as stack:
            writers = [
                stack.enter_context(MmapWriter(Path(f"{prefix}.{name}"), dtype))
                for name, dtype in zip(names, types, strict=True)
            ]
            for block in blocks:
                for writer, lines in zip(writers, (*block.pieces, *block.starts, block.links), strict=True):
                    writer.add(lines)
                counts.update(block.counts)
                dropped.update(block.dropped)
        return counts, dropped
