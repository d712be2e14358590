"""A token stream cut into blocks of exactly the same length (appendix G.2)."""

from __future__ import annotations

from fairseq.data import PrependTokenDataset, TokenBlockDataset
from fairseq.data.indexed_dataset import MMapIndexedDataset

from fairseq_alignmlm.data.parts import Instances


def cut_into_blocks(dataset: MMapIndexedDataset, tokens_per_block: int, bos: int, pad: int, eos: int) -> Instances:
    """Cut sentences, joined in their order, into blocks; the last one may be shorter.

    Sentences run across block borders. Every block begins with ``<s>``, which counts.

    Args:
        dataset: binarized sentences, each ending in ``</s>``.
        tokens_per_block: length of a block.
        bos: index of ``<s>``.
        pad: index of ``<pad>``.
        eos: index of ``</s>``.

    Returns:
        The blocks, each an int64 tensor ``(T,)`` with T = ``tokens_per_block`` but for the last.
    """
    blocks = TokenBlockDataset(dataset, dataset.sizes, tokens_per_block - 1, pad=pad, eos=eos, break_mode="none")
    return PrependTokenDataset(blocks, bos)
