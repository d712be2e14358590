"""Time the alignment score of 40,000 against 40,000 vectors of 512, beside the bare matrix product.

    OMP_NUM_THREADS=1 python benchmarks/alignment_score.py [--tokens 40000] [--width 512] [--noise 1.0] [--rounds 3]

Compares the processor time of both; the memory that the score takes above the embeddings is among the settings kept.
"""

from __future__ import annotations

import argparse
import resource
import time

import torch
from timing import alternate

from fairseq_alignmlm.evaluation.alignment import alignment_scores


def peak_megabytes() -> float:
    """Return the largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bare_product(embeddings: torch.Tensor, tokens: int, block: int = 512) -> None:
    """Compute every similarity in blocks and look at none of them."""
    target = embeddings[tokens:].T
    for start in range(0, tokens, block):
        embeddings[start : min(start + block, tokens)] @ target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=40_000, help="tokens of each language")
    parser.add_argument("--width", type=int, default=512, help="embedding dimension")
    parser.add_argument("--rounds", type=int, default=3, help="measured runs of each")
    parser.add_argument("--noise", type=float, default=1.0, help="distance of a counterpart; 0: identical")
    args = parser.parse_args()
    torch.manual_seed(1)
    first = torch.randn(args.tokens, args.width)
    embeddings = torch.cat([first, first + args.noise * torch.randn_like(first)])
    del first
    source = torch.arange(args.tokens)
    frequency = 1 / (source + 1.0)
    known = torch.rand(args.tokens) < 0.25

    bare_product(embeddings, min(args.tokens, 1024))  # warm up the threads and the allocator
    before = peak_megabytes()
    alignment_scores(embeddings, source, source + args.tokens, known, frequency)
    above = peak_megabytes() - before
    comparison = alternate(
        {
            "bare product": lambda: bare_product(embeddings, args.tokens),
            "alignment score": lambda: alignment_scores(embeddings, source, source + args.tokens, known, frequency),
        },
        rounds=args.rounds,
        warmup=0,
        clock=time.process_time,
    )
    print(f"memory above the embeddings: {above:.0f} MB")
    comparison.finish(
        "alignment_score", vars(args) | {"threads": torch.get_num_threads(), "megabytes_above": round(above)}
    )


if __name__ == "__main__":
    main()
