"""Exact cosine nearest neighbours in blocks, with ties decided by the lowest index."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK_ELEMENTS = 1 << 24  # 64 MiB of float32 similarities at a time
TIE = 1e-12  # cosines closer than this in float64 are equal: it is far above rounding, far below meaning


def unit_rows(vectors: Tensor, dtype: torch.dtype) -> Tensor:
    """Scale every row to length 1; a zero row stays zero, so that its cosine with anything is 0.

    Args:
        vectors: any floating type, of shape (N, H).
        dtype: the type of the result.
    """
    vectors = vectors.to(dtype)
    # the largest entry goes first, so that squares of tiny or huge entries neither vanish nor overflow
    largest = vectors.abs().amax(dim=1, keepdim=True)
    scaled = vectors / torch.where(largest > 0, largest, torch.ones_like(largest))
    length = torch.linalg.vector_norm(scaled, dim=1, keepdim=True)
    return scaled.div_(torch.where(length > 0, length, torch.ones_like(length)))


def check_finite(vectors: Tensor, what: str) -> None:
    """Refuse vectors that no similarity can be told of: every comparison with NaN is false, in silence.

    Args:
        vectors: of shape (N, H).
        what: whose vectors they are, for the message.

    Raises:
        FloatingPointError: when one holds NaN or infinity.
    """
    bad = (~torch.isfinite(vectors)).any(dim=1)
    if bad.any():
        first = int(bad.nonzero()[0])
        raise FloatingPointError(
            f"{int(bad.sum()):,} of {len(bad):,} {what} hold NaN or infinity, the first is {first}"
        )


def _rounding(width: int, device: torch.device) -> float:
    """Bound the difference that rounding can make between two float32 cosines of ``width`` products."""
    precision = torch.get_float32_matmul_precision()
    tensor_float = device.type == "cuda" and torch.backends.cuda.matmul.allow_tf32
    if precision == "medium":
        return 2e-2
    if precision == "high" or tensor_float:
        return 4e-3
    return (width + 8) * torch.finfo(torch.float32).eps


def _first_within_tie(source: Tensor, target: Tensor, block: int) -> Tensor:
    """Return the lowest index among the float64-nearest targets of every row of ``source``."""
    target = unit_rows(target, torch.float64)
    nearest = torch.empty(len(source), dtype=torch.int64, device=source.device)
    for start in range(0, len(source), block):
        rows = slice(start, start + block)
        cosine = unit_rows(source[rows], torch.float64) @ target.T
        best = cosine.amax(dim=1, keepdim=True)
        nearest[rows] = (cosine >= best - TIE).to(torch.uint8).argmax(dim=1)
    return nearest


@torch.no_grad()
def nearest_neighbours(source: Tensor, target: Tensor, block: int | None = None) -> Tensor:
    """Return for every row of ``source`` the index of its cosine nearest row of ``target``.

    Similarities are computed in float32; the rows where a second candidate is within rounding of the
    best are decided again in float64, where equal cosines go to the lowest index. The result does
    not depend on the block size.

    Args:
        source: of shape (N, H), any floating type.
        target: of shape (M, H), M >= 1, on the same device.
        block: rows of ``source`` at a time; by default 64 MiB of similarities.

    Returns:
        Indices into ``target`` of shape (N,), int64.

    Raises:
        ValueError: when the shapes do not fit or ``target`` is empty.
        FloatingPointError: when a vector holds NaN or infinity.
    """
    if source.dim() != 2 or target.dim() != 2 or source.size(1) != target.size(1):
        raise ValueError(f"expected (N, H) and (M, H), got {tuple(source.shape)} and {tuple(target.shape)}")
    if len(target) == 0:
        raise ValueError("there is no candidate among which to look for neighbours")
    check_finite(source, "embeddings")
    check_finite(target, "candidates' embeddings")
    block = block or max(16, BLOCK_ELEMENTS // len(target))
    nearest = torch.empty(len(source), dtype=torch.int64, device=source.device)
    ambiguous = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    tolerance = _rounding(source.size(1), source.device)
    with torch.autocast(source.device.type, enabled=False):
        unit_target = unit_rows(target, torch.float32)
        for start in range(0, len(source), block):
            rows = slice(start, start + block)
            cosine = unit_rows(source[rows], torch.float32) @ unit_target.T
            best, index = cosine.max(dim=1)
            cosine.scatter_(1, index[:, None], -torch.inf)
            nearest[rows] = index
            ambiguous[rows] = cosine.amax(dim=1) >= best - tolerance
            del cosine
        del unit_target
        again = ambiguous.nonzero(as_tuple=True)[0]
        if len(again):
            nearest[again] = _first_within_tie(source[again], target, max(1, block // 2))
    return nearest
