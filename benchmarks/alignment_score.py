"""Time the alignment score of 40,000 against 40,000 vectors of 512, beside the bare matrix product.

    OMP_NUM_THREADS=1 python benchmarks/alignment_score.py [--tokens 40000] [--width 512] [--noise 1.0]

Prints CPU seconds of both, their ratio, and the memory above the embeddings.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import torch

from fairseq_alignmlm.evaluation.alignment import alignment_scores


def peak_megabytes() -> float:
    """Return the largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of ``work``."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bare_product(embeddings: torch.Tensor, tokens: int, block: int = 512) -> None:
    """Compute every similarity in blocks and look at none of them."""
    target = embeddings[tokens:].T
    for start in range(0, tokens, block):
        embeddings[start : min(start + block, tokens)] @ target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=40_000, help="tokens of each language")
    parser.add_argument("--width", type=int, default=512, help="embedding dimension")
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
    score = seconds(lambda: print(alignment_scores(embeddings, source, source + args.tokens, known, frequency)))
    after = peak_megabytes()
    bare = seconds(lambda: bare_product(embeddings, args.tokens))
    print(f"threads {torch.get_num_threads()}, tokens {args.tokens:,}, width {args.width}")
    print(f"bare product {bare:.1f} s, alignment score {score:.1f} s, ratio {score / bare:.2f}")
    print(f"peak memory above the embeddings: {after - before:.0f} MB")


if __name__ == "__main__":
    main()
