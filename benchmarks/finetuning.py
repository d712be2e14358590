"""Count the padding of fine-tuning batches and time an epoch: by length, shuffled, and padded to the maximum.

    OMP_NUM_THREADS=2 python benchmarks/finetuning.py [--data work/PAIR/xtreme/udpos/en/bin] [--instances 512]

Batch size, shuffling by seed and epoch, and the model are the same for all: only which instances share a batch differs.
Without `--data`, lengths are log-normal, mean 27 and standard deviation 17, as of sentences in pieces. The padding is
counted over three epochs of all instances, the time of training over an epoch of the first `--instances`.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from contestant import Contestant
from timing import alternate
from workload import PAPER, QUICK, Shape

from fairseq_alignmlm.data.finetuning import FinetuningDataset
from fairseq_alignmlm.data.masking import generator

LABELS = 17
BY_LENGTH, SHUFFLED, TO_THE_MAXIMUM = "by length", "shuffled", "to the maximum"


class MadeUp(FinetuningDataset):
    """Tagged instances of given lengths."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        tokens = torch.randint(4, 900, (int(self.sizes[index]),), generator=torch.Generator().manual_seed(index))
        return {"id": index, "tokens": tokens, "labels": tokens % LABELS}

    def targets(self, samples: list[dict[str, Any]], length: int) -> torch.Tensor:
        """Stack labels, padded with a class that the loss leaves out."""
        labels = torch.full((len(samples), length), -100)
        for row, sample in enumerate(samples):
            labels[row, : len(sample["labels"])] = sample["labels"]
        return labels


def dataset(lengths: np.ndarray, batch_size: int, max_length: int, pool: int = 50) -> MadeUp:
    """Make the data set that fine-tuning uses."""
    return MadeUp(
        lengths, max_length, 0, 2, 1, seed=1, shuffle=True, language=None, batch_size=batch_size, batches_per_pool=pool
    )


def batches(data: MadeUp, way: str, batch_size: int, epoch: int) -> list[np.ndarray]:
    """Return the instances of each batch of an epoch."""
    data.set_epoch(epoch)
    order = data.ordered_indices() if way == BY_LENGTH else generator(1, epoch).permutation(len(data))
    return np.array_split(order, range(batch_size, len(order), batch_size))


def padding(sizes: np.ndarray, chosen: Sequence[np.ndarray], longest: int | None) -> float:
    """Return the share of padding in percent.

    Args:
        sizes: tokens of each instance.
        chosen: instances of each batch.
        longest: what all are padded to, or None for the longest of the batch.
    """
    positions = sum(len(rows) * (longest or sizes[rows].max()) for rows in chosen)
    return 100.0 * (1.0 - sum(sizes[rows].sum() for rows in chosen) / positions)


def epochs(lengths: np.ndarray, way: str, shape: Shape, batch_size: int, max_length: int) -> Iterator[int]:
    """Train an epoch at a time; yield its batches."""
    from fairseq.data import Dictionary

    from fairseq_alignmlm.models.config import MultilingualRobertaConfig
    from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

    dictionary = Dictionary()
    for word in range(1000):
        dictionary.add_symbol(f"w{word}")
    cfg = MultilingualRobertaConfig(
        encoder_layers=shape.layers,
        encoder_embed_dim=shape.width,
        encoder_ffn_embed_dim=shape.inner,
        encoder_attention_heads=shape.heads,
        attention_dropout=0.0,
    )
    torch.manual_seed(1)
    model = MultilingualRoberta.build_model(cfg, SimpleNamespace(source_dictionary=dictionary))
    model.register_classification_head("tags", LABELS, per_token=True)
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=2e-5, fused=True)
    data = dataset(lengths, batch_size, max_length)
    epoch = 0
    while True:
        epoch += 1
        for rows in (chosen := batches(data, way, batch_size, epoch)):
            sample = data.collater([data[int(row)] for row in rows])
            tokens, target = sample["net_input"]["src_tokens"], sample["target"]
            if way == TO_THE_MAXIMUM:
                missing = (0, max_length - tokens.size(1))
                tokens = torch.nn.functional.pad(tokens, missing, value=1)
                target = torch.nn.functional.pad(target, missing, value=-100)
            logits = model(tokens, classification_head_name="tags")[0]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield len(chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a binarized task, for its lengths")
    parser.add_argument("--instances", type=int, default=512, help="instances of a timed epoch")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--batches-per-pool", type=int, default=200, help="as of fine-tuning; counts padding only")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tiny model; results are not kept")
    args = parser.parse_args()
    if args.data:
        from fairseq_alignmlm.data.binarized import load_binarized

        mapped = load_binarized(args.data / "tokens" / "train")  # lives as long as its sizes are read
        lengths = np.array(mapped.sizes) + 1
    else:
        lengths = np.maximum(3, np.random.default_rng(1).lognormal(3.13, 0.58, 20_000)).astype(np.int64)
    data = dataset(lengths, args.batch_size, args.max_length, args.batches_per_pool)
    found = {}
    for way in (BY_LENGTH, SHUFFLED, TO_THE_MAXIMUM):
        longest = args.max_length if way == TO_THE_MAXIMUM else None
        shares = [padding(data.sizes, batches(data, way, args.batch_size, epoch), longest) for epoch in (1, 2, 3)]
        found[way] = float(np.mean(shares))
        print(f"{way}: {found[way]:.2f} % of {len(data):,} instances' positions are padding")
    shape = QUICK if args.quick else PAPER
    some = lengths[: args.instances]
    running = {
        way: Contestant(functools.partial(epochs, some, way, shape, args.batch_size, args.max_length)) for way in found
    }
    comparison = alternate(
        running, rounds=args.rounds, amount=float(np.minimum(some, args.max_length).sum()), unit="tokens"
    )
    for each in running.values():
        each.close()
    if args.quick:
        print("\n".join(comparison.lines()))
    else:
        settings = {**vars(args), "data": str(args.data), "padding_percent": found, "shape": vars(shape)}
        comparison.finish("finetuning", {**settings, "load_average": os.getloadavg()})


if __name__ == "__main__":
    main()
