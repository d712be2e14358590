"""Training by the fast ways ends where the plain ways end."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary

from fairseq_alignmlm.criterions.masked_prediction import masked_cross_entropy
from fairseq_alignmlm.models import attention
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

WORDS, LENGTH, MASK = 60, 16, 64


def make_model(**settings):
    dictionary = Dictionary()
    for i in range(WORDS):
        dictionary.add_symbol(f"w{i}")
    dictionary.add_symbol("<mask>")
    task = SimpleNamespace(source_dictionary=dictionary, languages=["en"])
    torch.manual_seed(1)
    sizes = {"encoder_layers": 2, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 64, "encoder_attention_heads": 2}
    cfg = MultilingualRobertaConfig(
        **{"max_positions": LENGTH, "dropout": 0.0, "attention_dropout": 0.0, "init_std": 0.1} | sizes | settings
    )
    return MultilingualRoberta.build_model(cfg, task)


def losses(model, updates, rate):
    """Train on sequences that count upwards from one of six words."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    random = torch.Generator().manual_seed(2)
    found = []
    for _ in range(updates):
        start = torch.randint(6, (8, 1), generator=random)
        tokens = 4 + (start + torch.arange(LENGTH)) % WORDS
        chosen = torch.rand(tokens.shape, generator=random) < 0.15
        sample = {
            "net_input": {"src_tokens": tokens.masked_fill(chosen, MASK)},
            "target": tokens.masked_fill(~chosen, 1),
        }
        loss = masked_cross_entropy(model, sample, chosen)[0] / chosen.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def test_losses_of_50_updates_agree_to_1e_5_in_float32(monkeypatch):
    monkeypatch.setattr(attention, "suits_blocks", lambda *_: True)
    fast = losses(make_model(), 50, 1e-3)
    monkeypatch.setattr(attention, "suits_blocks", lambda *_: False)
    plain_model = make_model()
    monkeypatch.setattr(MultilingualRoberta, "computes_prediction_loss", False)
    assert fast == pytest.approx(losses(plain_model, 50, 1e-3), rel=1e-5)
    assert fast[-1] < fast[0]


@pytest.mark.parametrize("in_blocks", [True, False])
def test_bfloat16_ends_within_one_percent_after_300_updates(monkeypatch, in_blocks):
    monkeypatch.setattr(attention, "suits_blocks", lambda *_: in_blocks)
    exact = losses(make_model(), 300, 1e-3)
    half = losses(make_model(compute_dtype="bfloat16"), 300, 1e-3)
    mean = [sum(found[-50:]) / 50 for found in (exact, half)]
    assert exact[0] > 3 > mean[0]  # something was learnt
    assert mean[1] == pytest.approx(mean[0], rel=0.01)


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("c++") is None and shutil.which("g++") is None, reason="torch.compile needs a compiler"
)
def test_compiled_layers_give_the_same_losses_and_keep_the_names_of_the_weights():
    plain, compiled = make_model(), make_model(compile_layers=True)
    assert list(compiled.state_dict()) == list(plain.state_dict())
    assert losses(compiled, 20, 1e-3) == pytest.approx(losses(plain, 20, 1e-3), rel=1e-5)


@pytest.mark.parametrize("settings", [{"dropout": 0.0}, {"dropout": 0.1, "attention_dropout": 0.1}])
def test_recomputed_activations_are_those_of_the_forward_pass_in_bfloat16(settings):
    gradients, products = [], []
    for recompute in (False, True):
        model = make_model(compute_dtype="bfloat16", checkpoint_activations=recompute, **settings)
        tokens = torch.randint(4, WORDS, (4, LENGTH), generator=torch.manual_seed(3))
        model.encoder.sentence_encoder.layers[0].fc1.register_forward_hook(
            lambda module, inputs, output, recompute=recompute: products.append((recompute, output.dtype))
        )
        torch.manual_seed(7)
        model(tokens, masked_tokens=tokens.ge(4), masked_targets=tokens)[0].backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    assert products == [(False, torch.bfloat16), (True, torch.bfloat16), (True, torch.bfloat16)]
    for plain, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(recomputed, plain, rtol=0, atol=0)
