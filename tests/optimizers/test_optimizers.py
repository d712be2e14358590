"""The fused Adam against fairseq's, with exchanged states; Muon against its definition."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary
from fairseq.optim.adam import FairseqAdam as StockAdam
from torch import nn

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.optimizers.fused_adam import FairseqAdam, FusedAdamConfig
from fairseq_alignmlm.optimizers.muon import FairseqMuon, MuonConfig

SETTINGS = {"adam_betas": "(0.9, 0.98)", "adam_eps": 1e-6, "weight_decay": 0.01, "lr": [1e-2]}


def parameters():
    torch.manual_seed(1)
    return [nn.Parameter(torch.randn(*shape)) for shape in ((7, 5), (5,), (3, 4))]


def make(kind, params):
    if kind == "fused":
        return FairseqAdam(FusedAdamConfig(**SETTINGS), params)
    return StockAdam(SimpleNamespace(tpu=False, use_old_adam=True, fp16_adam_stats=False, **SETTINGS), params)


def steps(optimizer, params, count, seed):
    random = torch.Generator().manual_seed(seed)
    for _ in range(count):
        for parameter in params:
            parameter.grad = torch.randn(parameter.shape, generator=random)
        optimizer.step()


def test_steps_are_those_of_stock_adam():
    ours, theirs = parameters(), parameters()
    steps(make("fused", ours), ours, 20, 3)
    steps(make("stock", theirs), theirs, 20, 3)
    for mine, right in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kinds", [("stock", "fused"), ("fused", "stock"), ("fused", "fused")])
def test_either_continues_the_others_run(tmp_path, kinds):
    straight = parameters()
    steps(first := make(kinds[0], straight), straight, 5, 3)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    continued = copy.deepcopy(straight)
    steps(first, straight, 5, 4)
    second = make(kinds[1], continued)
    second.load_state_dict(torch.load(tmp_path / "state.pt"), {"lr": 1e-2})
    steps(second, continued, 5, 4)
    for mine, right in zip(continued, straight, strict=True):
        torch.testing.assert_close(mine, right, rtol=1e-5, atol=1e-6)
    assert FairseqAdam.__name__ == StockAdam.__name__  # what fairseq compares when it resumes


def make_model():
    dictionary = Dictionary()
    dictionary.add_symbol("<mask>")
    sizes = {"encoder_layers": 2, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_attention_heads": 2}
    torch.manual_seed(1)
    cfg = MultilingualRobertaConfig(max_positions=8, **sizes)
    return MultilingualRoberta.build_model(cfg, SimpleNamespace(source_dictionary=dictionary, languages=["a", "b"]))


def test_muon_has_the_matrices_of_the_layers_and_its_steps_are_orthogonal():
    model = make_model()
    optimizer = FairseqMuon(MuonConfig(**SETTINGS | {"weight_decay": 0.0}), list(model.parameters()))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    hidden = {names[id(each)] for each in optimizer.optimizer.parts["muon"].param_groups[0]["params"]}
    assert hidden == {
        f"encoder.sentence_encoder.layers.{layer}.{name}.weight"
        for layer in (0, 1)
        for name in (*(f"self_attn.{part}_proj" for part in ("q", "k", "v", "out")), "fc1", "fc2")
    }
    weight = model.encoder.sentence_encoder.layers[0].fc1.weight
    before = weight.detach().clone()
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    values = torch.linalg.svdvals(weight.detach() - before)
    assert values.max() < 2 * values.min()  # Newton-Schulz brings them near to one another
    scale = 0.2 * 24**0.5 * 1e-2  # that of AdamW: a root mean square of 0.2 times the learning rate
    assert values.mean() == pytest.approx(scale, rel=0.15)


def test_a_muon_run_continues(tmp_path):
    model = make_model()
    straight = list(model.parameters())
    steps(first := FairseqMuon(MuonConfig(**SETTINGS), straight), straight, 3, 3)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    other = copy.deepcopy(model)
    steps(first, straight, 3, 4)
    continued = list(other.parameters())
    for parameter, layer_weight in zip(continued, straight, strict=True):
        parameter.hidden_matrix = getattr(layer_weight, "hidden_matrix", False)
    second = FairseqMuon(MuonConfig(**SETTINGS), continued)
    second.load_state_dict(torch.load(tmp_path / "state.pt"), {"lr": 1e-2})
    steps(second, continued, 3, 4)
    for mine, right in zip(continued, straight, strict=True):
        torch.testing.assert_close(mine, right)


def test_muon_without_matrices_of_layers_is_refused():
    with pytest.raises(InputError, match="no matrix of a layer"):
        FairseqMuon(MuonConfig(**SETTINGS), parameters())
