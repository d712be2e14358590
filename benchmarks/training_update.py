"""Time training updates: ours, stock fairseq 0.12.2 and transformers by turns, on the same batches.

    OMP_NUM_THREADS=2 python benchmarks/training_update.py --precision fp32 --attention-dropout 0
    OMP_NUM_THREADS=2 python benchmarks/training_update.py --precision bf16 --attention-dropout 0.1 --rounds 5
    OMP_NUM_THREADS=2 python benchmarks/training_update.py --precision bf16 --rival transformers
    OMP_NUM_THREADS=2 python benchmarks/training_update.py --objectives --precision bf16
    OMP_NUM_THREADS=1 python benchmarks/training_update.py --precision bf16 --batch 2 --processor-time
    OMP_NUM_THREADS=1 python benchmarks/training_update.py --deep --processor-time
    OMP_NUM_THREADS=2 python benchmarks/training_update.py --quick        # does the script work?

An update is forward, backward, gradient norm and Adam, on 8 x 512 tokens with a vocabulary of 80,000 and dropout 0.1.
Each variant has a process of its own. Ours and stock go through fairseq's `Trainer`. `stock` always computes in
float32; with `--precision bf16` a second stock model has fairseq's bf16 (`fairseq-train --bf16` wants a TPU, so this is
what `fairseq-hydra-train common.bf16=true` does). `--rival transformers` is RobertaForMaskedLM with SDPA, autocast for
bf16, and torch's fused AdamW. Rivals are timed as shipped, and with the `same allocator` setting that our training
makes. `bare products` are the matrix products of an update and nothing else. Ratios are times over ours: 2 means that
ours is twice as fast.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from contestant import Contestant
from timing import alternate
from workload import DEEP, PAPER, QUICK, Shape, make_trainer, write_data

from fairseq_alignmlm.models.process_memory import keep_freed_memory

UPDATES = 4  # different batches, over and over


def fairseq_updates(data: Path, shape: Shape, *options: str) -> Iterator[tuple[float, int]]:
    """Yield, an update at a time, loss in bits and tokens."""
    from fairseq import metrics

    bf16, keep_memory = "--bf16" in options, SHIPPED not in options
    options = tuple(each for each in options if each not in ("--bf16", SHIPPED))
    trainer, batches = make_trainer(data, shape, options, UPDATES, bf16, keep_memory)
    for batch in itertools.cycle(batches):
        with metrics.aggregate(new_root=True) as log:
            trainer.train_step([batch])
        yield log["loss"].avg, int(batch["ntokens"])


def bare_products(shape: Shape, precision: str) -> Iterator[tuple[float, int]]:
    """Multiply the matrices of an update and do nothing else: forward, and twice as much backward.

    Selected positions are 15 % of all. What is left of an update is what the software adds to the processor's work.
    """
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    tokens, width = shape.batch * shape.length, shape.width
    layer = [
        (tokens, width, 3 * width),
        (tokens, width, width),
        (tokens, width, shape.inner),
        (tokens, shape.inner, width),
    ]
    selected = int(0.15 * tokens)
    head = [(selected, width, width), *[(selected // 8, width, shape.vocabulary)] * 8]
    shapes = layer * shape.layers + head
    operands = {
        (rows, inner, outer): (torch.randn(rows, inner).to(dtype), torch.randn(inner, outer).to(dtype))
        for rows, inner, outer in set(shapes)
    }
    heads = shape.batch * shape.heads
    query = torch.randn(heads, shape.length, width // shape.heads).to(dtype)
    scores = torch.randn(heads, shape.length, shape.length).to(dtype)
    keep_freed_memory()
    while True:
        for each in shapes:
            left, right = operands[each]
            product = left @ right
            product @ right.t()
            left.t() @ product
        for _ in range(shape.layers):
            for _ in range(3):
                query @ query.transpose(1, 2)
                scores @ query
        yield 0.0, tokens


def transformers_updates(
    data: Path, shape: Shape, precision: str, dropout: float, keep_memory: bool
) -> Iterator[tuple[float, int]]:
    """The same as `fairseq_updates` for RobertaForMaskedLM."""
    from transformers import RobertaConfig, RobertaForMaskedLM

    if keep_memory:
        keep_freed_memory()

    trainer, batches = make_trainer(data, tiny_model(shape), STOCK, UPDATES, keep_memory=False)  # for its batches
    del trainer
    torch.manual_seed(1)
    model = RobertaForMaskedLM(
        RobertaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.inner,
            max_position_embeddings=shape.length + 2,
            type_vocab_size=1,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=dropout,
            attn_implementation="sdpa",
        )
    ).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01, fused=True
    )
    for batch in itertools.cycle(batches):
        labels = batch["target"].masked_fill(batch["target"].eq(1), -100)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = model(input_ids=batch["net_input"]["src_tokens"], labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
        optimizer.step()
        optimizer.zero_grad()
        yield loss.item() / 0.6931471805599453, int(batch["ntokens"])


def tiny_model(shape: Shape) -> Shape:
    """Return the shape with a tiny model."""
    return Shape(1, 8, 8, 1, shape.length, shape.batch, shape.vocabulary)


OURS = ("--arch", "multilingual_roberta", "--criterion", "mlm")
COMPUTE = {"fp32": (), "bf16": ("--compute-dtype", "bfloat16")}
STOCK = ("--arch", "roberta", "--criterion", "masked_lm")
SHIPPED = "--shipped"  # without our setting of the allocator


def rivals(
    data: Path, shape: Shape, precision: str, dropout: float, rival: str
) -> dict[str, Callable[[], Iterator[Any]]]:
    """Return what makes the updates of each variant; nothing is built yet."""
    attention = ("--attention-dropout", str(dropout))
    make = functools.partial(functools.partial, fairseq_updates, data, shape)
    found: dict[str, Callable[[], Iterator[Any]]] = {"ours": make(*OURS, *attention, *COMPUTE[precision])}
    if rival == "transformers":
        for name, keep in ((rival, False), (f"{rival}, same allocator", True)):
            found[name] = functools.partial(transformers_updates, data, shape, precision, dropout, keep)
    else:
        found["stock"] = make(*STOCK, *attention, SHIPPED)
        found["stock, same allocator"] = make(*STOCK, *attention)
        if precision == "bf16":
            found["stock bf16"] = make(*STOCK, *attention, "--bf16", SHIPPED)
            found["stock bf16, same allocator"] = make(*STOCK, *attention, "--bf16")
    found["bare products"] = functools.partial(bare_products, shape, precision)
    return found


def deep_and_narrow(data: Path, shape: Shape) -> dict[str, Callable[[], Iterator[Any]]]:
    """Return ways to train a deep and narrow model on one sentence an instance, a third of the batch being padding."""
    make = functools.partial(functools.partial, fairseq_updates, data, shape, "--instances", "lines")
    return {
        "float32": make(*OURS),
        "float32, fused_adam": make(*OURS, "--optimizer", "fused_adam"),
        "bf16": make(*OURS, *COMPUTE["bf16"]),
        "stock": make(*STOCK, SHIPPED),
    }


def objectives(data: Path, shape: Shape, precision: str, dropout: float) -> dict[str, Callable[[], Iterator[Any]]]:
    """Return the four objectives, MLM first."""
    common = ("--arch", "multilingual_roberta", "--attention-dropout", str(dropout))
    common = (*common, *COMPUTE[precision])
    make = functools.partial(functools.partial, fairseq_updates, data, shape, *common)
    dictionary = ("--dictionary", str(data / "dictionary.tsv"))
    sentences = ("--language-embeddings", "--packing-look-ahead", "128")
    return {
        "mlm": make("--criterion", "mlm"),
        "align_mlm": make("--criterion", "align_mlm", *dictionary),
        "dict_mlm": make("--criterion", "dict_mlm", *dictionary, *sentences),
        "xlm": make("--criterion", "tlm", *sentences),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--attention-dropout", type=float, default=0.0)
    parser.add_argument("--rival", choices=["stock", "transformers"], default="stock")
    parser.add_argument("--objectives", action="store_true", help="compare our four objectives instead")
    parser.add_argument("--deep", action="store_true", help="compare ways to train 12 layers of 64 on lines instead")
    parser.add_argument("--entries", type=int, default=10_000, help="dictionary entries")
    parser.add_argument("--only", nargs="*", help="variants to keep")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, help="instances of 512 tokens (default: 8)")
    parser.add_argument(
        "--processor-time", action="store_true", help="instead of the wall clock: for one thread on a busy machine"
    )
    parser.add_argument("--quick", action="store_true", help="a tiny model; results are not kept")
    args = parser.parse_args()
    shape = QUICK if args.quick else DEEP if args.deep else PAPER
    shape = replace(shape, batch=args.batch or shape.batch)
    if args.deep:
        args.precision, args.attention_dropout = "both", 0.1
    entries = 100 if args.quick else args.entries

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_data(data, shape, 4 * UPDATES, entries)
        chosen = (data, shape, args.precision, args.attention_dropout)
        makers = deep_and_narrow(data, shape) if args.deep else objectives(*chosen) if args.objectives else None
        makers = makers or rivals(*chosen, args.rival)
        running = {name: Contestant(make) for name, make in makers.items() if not args.only or name in args.only}
        comparison = alternate(
            running,
            rounds=args.rounds,
            warmup=2,
            amount=shape.batch * shape.length,
            unit="positions",
            clock=(lambda: sum(each.processor_seconds for each in running.values()))
            if args.processor_time
            else time.perf_counter,
        )
        for contestant in running.values():
            contestant.close()
    tokens = {name: statistics.mean(count for _, count in each.results) for name, each in running.items()}
    memory = {name: round(each.peak_megabytes) for name, each in running.items()}
    losses = {name: [round(float(loss), 3) for loss, _ in each.results] for name, each in running.items()}
    settings: dict[str, Any] = {
        "seconds_are": "processor time" if args.processor_time else "wall time",
        "precision": args.precision,
        "attention_dropout": args.attention_dropout,
        "shape": vars(shape),
        "dictionary_entries": entries,
        "peak_megabytes": memory,
        "losses_in_bits": losses,
        "tokens_per_update": tokens,
        "load_average": os.getloadavg(),
    }
    for name, peak in memory.items():
        print(f"{name}: peak memory {peak:,} MB, losses {' '.join(map(str, losses[name]))}")
    question = "deep" if args.deep else "objectives" if args.objectives else args.rival
    name = f"training_update.{question}.{args.precision}.dropout{args.attention_dropout:g}"
    name += f".batch{args.batch}" if args.batch else ""
    if args.quick:
        print("\n".join(comparison.lines()))
    else:
        comparison.finish(name, settings)
    if args.objectives:
        for other in list(tokens)[1:]:
            per_token = comparison.ratio(other) * tokens["mlm"] / tokens[other]
            print(f"ratio per token that is no padding, {other} / mlm: {per_token:.4g}")


if __name__ == "__main__":
    main()
