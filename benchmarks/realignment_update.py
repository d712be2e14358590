"""Time and memory of an update of fine-tuning with realignment, relative to fine-tuning alone.

    OMP_NUM_THREADS=2 python benchmarks/realignment_update.py [--layers 8 --width 512] [--quick]

32 sentences with tags and 16 linked sentence pairs, of lengths as of fine-tuning data; every way in a process of its
own, in turn. `before` is an update of realignment alone.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from contestant import Contestant
from timing import alternate

ALONE, DURING, FROZEN, COMPARED, BEFORE = "fine-tuning", "during", "during, front", "during, gradients", "before"
LABELS, SYMBOLS = 17, 1000


def sentences(count: int, generator: torch.Generator) -> list[torch.Tensor]:
    """Return sentences of lengths as those of fine-tuning data, in pieces."""
    lengths = np.clip(np.random.default_rng(1).lognormal(3.13, 0.58, count), 4, 94).astype(int)
    return [torch.randint(4, SYMBOLS, (int(length),), generator=generator) for length in lengths]


def padded(rows: list[torch.Tensor]) -> torch.Tensor:
    """Stack rows, padded with 1."""
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)


def linked_batch(generator: torch.Generator) -> dict[str, Any]:
    """Return 16 pairs in which every second piece begins a word and is linked to its place in the other sentence."""
    rows = [row for row in sentences(16, generator) for _ in (0, 1)]
    tokens = padded(rows)
    starts = [number * tokens.size(1) + torch.arange(0, len(row), 2) for number, row in enumerate(rows)]
    counts = torch.tensor([len(each) for each in starts])
    first = counts.cumsum(0) - counts
    links = [first[2 * pair : 2 * pair + 2] + torch.arange(int(counts[2 * pair]))[:, None] for pair in range(16)]
    return {
        "net_input": {"src_tokens": tokens},
        "words": torch.cat(starts),
        "word_language": torch.arange(32).remainder(2).repeat_interleave(counts),
        "links": torch.cat(links),
    }


def updates(way: str, layers: int, width: int, steps: int) -> Iterator[int]:
    """Train; yield after some updates."""
    from fairseq.data import Dictionary

    from fairseq_alignmlm.criterions.gradient_comparison import compare_gradients, parameter_groups
    from fairseq_alignmlm.criterions.realignment_loss import RealignmentConfig, RealignmentLoss
    from fairseq_alignmlm.models.config import MultilingualRobertaConfig
    from fairseq_alignmlm.models.freezing import freeze_all_but
    from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

    dictionary = Dictionary()
    for word in range(SYMBOLS):
        dictionary.add_symbol(f"w{word}")
    cfg = MultilingualRobertaConfig(
        encoder_layers=layers,
        encoder_embed_dim=width,
        encoder_ffn_embed_dim=4 * width,
        encoder_attention_heads=max(1, width // 64),
        attention_dropout=0.0,
    )
    torch.manual_seed(1)
    model = MultilingualRoberta.build_model(cfg, SimpleNamespace(source_dictionary=dictionary)).train()
    model.register_classification_head("tags", LABELS, per_token=True)
    loss = RealignmentLoss(RealignmentConfig(freeze="front" if way == FROZEN else "none"), width, layers)
    if way == BEFORE:
        freeze_all_but(model, "none", loss.layer)
    trained = [parameter for parameter in [*model.parameters(), *loss.parameters()] if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-5, fused=True)
    generator = torch.Generator().manual_seed(1)
    tokens, batch = padded(sentences(32, generator)), linked_batch(generator)
    target = torch.where(tokens.ne(1), tokens % LABELS, -100)
    while True:
        for _ in range(steps):
            terms = []
            if way != BEFORE:
                logits = model(tokens, classification_head_name="tags")[0]
                terms.append(torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten()))
            if way != ALONE:
                terms.append(0.1 * loss(model, batch, drop=way != BEFORE)[0] / (2 * len(batch["links"])))
            if way == COMPARED:
                compare_gradients(terms[0], terms[1], parameter_groups(model))
            optimizer.zero_grad()
            torch.stack(terms).sum().backward()
            optimizer.step()
        yield steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--steps", type=int, default=4, help="updates of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round; results are not kept")
    args = parser.parse_args()
    ways = (ALONE, DURING, FROZEN, COMPARED, BEFORE)
    running = {way: Contestant(functools.partial(updates, way, args.layers, args.width, args.steps)) for way in ways}
    comparison = alternate(running, rounds=1 if args.quick else args.rounds, amount=float(args.steps), unit="updates")
    peak = {way: each.peak_megabytes for way, each in running.items()}
    for way, each in running.items():
        print(f"{way}: peak {peak[way]:.0f} MB")
        each.close()
    if args.quick:
        print("\n".join(comparison.lines()))
    else:
        settings = {**vars(args), "peak_megabytes": peak}
        comparison.finish("realignment_update", {**settings, "load_average": os.getloadavg()})


if __name__ == "__main__":
    main()
