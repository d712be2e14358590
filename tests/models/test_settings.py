"""Sizes and rates that no model has are refused before one is built."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dropout", math.nan),
        ("attention_dropout", 1.5),
        ("pooler_dropout", -0.1),
        ("init_std", math.inf),
        ("init_std", 0.0),
        ("layer_norm_eps", math.nan),
        ("encoder_layers", 0),
        ("max_positions", 0),
    ],
)
def test_numbers_out_of_range_are_named(name, value):
    with pytest.raises(InputError, match=rf"^--{name.replace('_', '-')} \S+ is not "):
        MultilingualRoberta.build_model(MultilingualRobertaConfig(**{name: value}), SimpleNamespace())
