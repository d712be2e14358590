"""An update asks an accelerator for nothing: on torch's `meta` device, which has no numbers, every question fails."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary

from fairseq_alignmlm.criterions.mlm import MLM
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta


def make(**settings):
    dictionary = Dictionary()
    for number in range(96):
        dictionary.add_symbol(f"w{number}")
    dictionary.add_symbol("<mask>")
    sizes = {"encoder_layers": 2, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 64, "encoder_attention_heads": 2}
    task = SimpleNamespace(source_dictionary=dictionary, target_dictionary=dictionary, languages=["a", "b"])
    return MultilingualRoberta.build_model(MultilingualRobertaConfig(**sizes, **settings), task).train(), MLM(
        None, task
    )


def batch(padded):
    tokens = torch.zeros(4, 16, dtype=torch.long)
    net_input = {"src_tokens": tokens, "positions": tokens + 2, "has_padding": padded}
    if padded:
        net_input["token_index"] = torch.arange(40)
    sample = {"net_input": net_input, "target": tokens + 7, "selected": torch.arange(9)}
    moved = {key: value.to("meta") if torch.is_tensor(value) else value for key, value in net_input.items()}
    return {"net_input": moved, "ntokens": 40, "nsentences": 4} | {
        key: sample[key].to("meta") for key in ("target", "selected")
    }


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    "settings", [{}, {"checkpoint_activations": True}, {"language_embeddings": True, "language_positions": True}]
)
def test_forward_and_backward_wait_for_nothing(settings, padded):
    model, criterion = make(**settings)
    model, sample = model.to("meta"), batch(padded)
    if model.wants_language_ids:
        sample["net_input"]["language_ids"] = sample["net_input"]["positions"]
    loss, _, _ = criterion(model, sample)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    del sample["net_input"]["has_padding"]  # then it has to look
    with pytest.raises(RuntimeError, match="meta"):
        criterion(model, sample)
