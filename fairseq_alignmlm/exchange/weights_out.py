"""The weights of a model under the names of a Hugging Face folder, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.exchange.families import LANGUAGES, MASKED, OUTPUT_BIAS, POSITIONS, WORDS, Family
from fairseq_alignmlm.exchange.symbols import RowOrder
from fairseq_alignmlm.exchange.weights_in import PADDING

if TYPE_CHECKING:
    from torch import Tensor


def to_folder(
    weights: Mapping[str, Tensor],
    family: Family,
    kind: str,
    layers: int,
    order: RowOrder | None,
    kept: Mapping[str, Tensor],
    config: Mapping[str, Any],
) -> dict[str, Tensor]:
    """Return a model's weights under the names of a folder.

    Args:
        weights: under this package's names.
        family: the folder's family.
        kind: what the model is for.
        layers: how many layers it has.
        order: of the vocabulary's rows; None where both sides number alike.
        kept: what `from_folder` kept; used where it still belongs to the weights, byte for byte.
        config: ``config.json`` of the folder.
    """
    rows = None if order is None or order.is_identity else order.rows()

    def by_id(tensor: Tensor) -> Tensor:
        return tensor if rows is None else tensor[rows]

    found = {family.words: by_id(weights[WORDS])}
    found |= _positions_and_types(weights, family, kept, config)
    pairs = [*family.encoder_keys(layers)]
    pairs += family.lm_head_keys() if kind == MASKED else family.head_keys(kind)
    found |= {theirs: weights[ours] for ours, theirs in pairs}
    if kind == MASKED:
        found[family.output_bias] = by_id(weights[OUTPUT_BIAS])
    return found


def _positions_and_types(
    weights: Mapping[str, Tensor], family: Family, kept: Mapping[str, Tensor], config: Mapping[str, Any]
) -> dict[str, Tensor]:
    import torch

    table = weights[POSITIONS]
    first = config["pad_token_id"] + 1 if family.positions_from_padding else 0
    languages = weights.get(LANGUAGES)
    before, types = kept.get("positions"), kept.get("types")
    if languages is not None:
        types = languages
    if before is not None:
        again = before[first:]
        if languages is None and types is not None and bool(types[0].any()):
            again = again + types[0]
        unchanged = torch.equal(again, table[PADDING + 1 :])
    else:
        unchanged = False
    if unchanged and before is not None:
        positions = before
    elif first == PADDING + 1:
        positions = table
    else:
        positions = torch.cat((table.new_zeros(first, table.size(1)), table[PADDING + 1 :]))
    if before is not None and not unchanged and languages is None and types is not None:
        types = types - types[0]  # row 0 is part of the positions now
    if types is None:
        types = table.new_zeros(config.get("type_vocab_size", 1), table.size(1))
    return {family.positions: positions, **({family.types: types} if family.token_types else {})}
