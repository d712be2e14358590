"""Flags that several verbs share."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from .languages import transforms
from .worker_pool import usable_cores


def add_pair(parser: argparse.ArgumentParser) -> None:
    """Add ``--pair``."""
    parser.add_argument(
        "--pair", type=Path, required=True, metavar="DIR", help="folder of the language pair, work/PAIR"
    )


def add_language(parser: argparse.ArgumentParser) -> None:
    """Add ``--language``, the original language."""
    parser.add_argument("--language", default="en", metavar="NAME", help="the original language, L1 (default: en)")


def add_derived(parser: argparse.ArgumentParser) -> None:
    """Add ``--derived``, the derived language."""
    parser.add_argument("--derived", required=True, metavar="NAME", help="the derived language, such as en_trans_inv")


def add_transforms(parser: argparse.ArgumentParser, default: str = "none: words keep their order") -> None:
    """Add ``--transform``, which may be repeated."""
    parser.add_argument(
        "--transform",
        action="append",
        metavar="NAME[:KEY=VALUE,...]",
        help=f"word-level transformation; several are applied in the order given (default: {default}). "
        + transforms.summaries(),
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add ``--seed``."""
    parser.add_argument("--seed", type=int, default=1, help="seed of every random choice (default: 1)")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument(
        "--workers",
        type=positive,
        default=usable_cores(),
        metavar="N",
        help="processes; the result is the same for any N (default: usable cores, here %(default)s)",
    )


def positive(text: str) -> int:
    """Parse an integer above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def weight(text: str) -> float:
    """Parse a finite number of at least 0."""
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a finite number of at least 0")
    return number


def share(text: str) -> float:
    """Parse a fraction from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def some_share(text: str) -> float:
    """Parse a fraction above 0, up to 1."""
    if not (number := share(text)):
        raise argparse.ArgumentTypeError("0 leaves nothing")
    return number
