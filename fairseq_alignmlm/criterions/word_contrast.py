"""Losses of linked words, as functions of their vectors (Gaschi et al. 2023, section 3; Cao et al. 2020)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

STRONG, WEAK = "strong", "weak"


def contrast_loss(
    vectors_WD: Tensor, language_W: Tensor, links_N2: Tensor, temperature: float, variant: str
) -> tuple[Tensor, Tensor]:
    """Compute how badly linked words find each other among all words of a batch.

    ``-sum over anchors a of log softmax over candidates c of cos(a, c) / temperature, at a's translation``. Both words
    of every link are anchors.

    Args:
        vectors_WD: vectors of all words, of shape (W, D).
        language_W: the number of each word's language, of shape (W,).
        links_N2: which two words are linked, of shape (N, 2); no word has several links.
        temperature: above 0; 0.1 in the paper.
        variant: ``strong``: every word but the anchor is a candidate; ``weak``: words of other languages than the
            anchor's are.

    Returns:
        The sum over the 2 N anchors in nats, float32, and the number of anchors whose translation is nearest.
    """
    anchors = links_N2.t().flatten()
    answers = links_N2.flip(1).t().flatten()
    unit_WD = F.normalize(vectors_WD.float(), dim=-1)
    scores = unit_WD[anchors] @ unit_WD.t() / temperature
    if variant == STRONG:
        removed = anchors[:, None] == torch.arange(len(unit_WD), device=anchors.device)
    else:
        removed = language_W[anchors][:, None] == language_W
    scores = scores.masked_fill(removed, -torch.inf)
    return F.cross_entropy(scores, answers, reduction="sum"), scores.argmax(1).eq(answers).sum()


def cosine_loss(vectors_WD: Tensor, links_N2: Tensor) -> tuple[Tensor, Tensor]:
    """Compute minus the cosine of linked words, the loss of ALIGN-MLM with words in place of dictionary entries.

    Args:
        vectors_WD: vectors of all words, of shape (W, D).
        links_N2: which two words are linked, of shape (N, 2).

    Returns:
        The sum over the 2 N words, each link counted twice, and a zero in place of the number of nearest ones.
    """
    first, second = vectors_WD.float()[links_N2.t()]
    return -2.0 * F.cosine_similarity(first, second).sum(), links_N2.new_zeros(())


def squared_loss(
    vectors_WD: Tensor, initial_WD: Tensor, links_N2: Tensor, anchor_weight: float
) -> tuple[Tensor, Tensor]:
    """Compute the squared distance of linked words, and of the first of each from where it was (Cao et al. 2020, 3).

    ``|x - y|^2 + anchor_weight * |x - x_0|^2``, means over the D entries, so that its size does not depend on D.

    Args:
        vectors_WD: vectors of all words, of shape (W, D).
        initial_WD: those of the model before realignment.
        links_N2: which two words are linked, the first of L1, of shape (N, 2).
        anchor_weight: at least 0.

    Returns:
        The sum over the 2 N words, each link counted twice, and a zero in place of the number of nearest ones.
    """
    vectors, initial = vectors_WD.float(), initial_WD.float()
    first, second = vectors[links_N2.t()]
    distance = (first - second).square().mean(-1) + anchor_weight * (first - initial[links_N2[:, 0]]).square().mean(-1)
    return 2.0 * distance.sum(), links_N2.new_zeros(())
