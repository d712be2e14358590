"""The encoder against stock fairseq on the same weights, and its size against the formula."""

from __future__ import annotations

from argparse import Namespace
from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary
from fairseq.models import build_model
from fairseq.models.roberta import RobertaModel
from omegaconf import OmegaConf

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

SIZES = {"encoder_layers": 3, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 48, "encoder_attention_heads": 4}


def make_task(words=50, languages=("en", "xx")):
    dictionary = Dictionary()
    for i in range(words):
        dictionary.add_symbol(f"w{i}")
    dictionary.add_symbol("<mask>")
    return SimpleNamespace(source_dictionary=dictionary, languages=list(languages), max_positions=lambda: 20)


def make_model(task, **settings):
    torch.manual_seed(1)
    return MultilingualRoberta.build_model(MultilingualRobertaConfig(max_positions=20, **SIZES, **settings), task)


def make_stock(task, **settings):
    torch.manual_seed(2)
    return RobertaModel.build_model(
        Namespace(max_positions=20, dropout=0.0, attention_dropout=0.0, **SIZES, **settings), task
    )


def batch_with_padding():
    tokens = torch.randint(4, 50, (3, 12), generator=torch.manual_seed(0))
    tokens[:, 0] = 0
    tokens[1, 7:] = 1
    tokens[2, 3:] = 1
    return tokens


@pytest.mark.parametrize("normalize_before", [False, True])
def test_a_stock_checkpoint_gives_the_same_logits(normalize_before):
    task = make_task()
    stock = make_stock(task, encoder_normalize_before=normalize_before)
    for parameter in stock.parameters():  # biases and norms away from their 0 and 1
        parameter.data += 0.05 * torch.randn_like(parameter)
    model = make_model(task, encoder_normalize_before=normalize_before)
    model.load_state_dict(stock.state_dict(), strict=True)
    model.eval()
    stock.train()  # without dropout the same as evaluation, which would go through the stock model's dead copies
    tokens = batch_with_padding()
    present = tokens.ne(1)
    ours, theirs = model(tokens)[0], stock(tokens)[0]
    torch.testing.assert_close(ours[present], theirs[present], atol=1e-5, rtol=1e-5)


def test_a_checkpoint_with_joined_projections_gives_the_same_logits():
    """The layout of the first RoBERTa checkpoints, which stock fairseq still reads."""
    task = make_task()
    stock = make_stock(task)
    state = stock.state_dict()
    for layer in range(3):
        start = f"encoder.sentence_encoder.layers.{layer}.self_attn."
        for kind in ("weight", "bias"):
            parts = [state.pop(f"{start}{name}_proj.{kind}") for name in "qkv"]
            state[f"{start}in_proj_{kind}"] = torch.cat(parts) + 0.05 * torch.randn(96, *parts[0].shape[1:])
    model, reread = make_model(task), make_stock(task)
    reread.load_state_dict({key: value.clone() for key, value in state.items()}, strict=True)
    model.load_state_dict(state, strict=True)
    tokens = batch_with_padding()
    present = tokens.ne(1)
    torch.testing.assert_close(
        model.eval()(tokens)[0][present], reread.train()(tokens)[0][present], atol=1e-5, rtol=1e-5
    )


def test_our_checkpoint_has_the_stock_key_names_and_no_dead_weights():
    task = make_task()
    ours, stock = set(make_model(task).state_dict()), set(make_stock(task).state_dict())
    assert ours <= stock
    dead = {key.split(".")[-1] for key in stock - ours}
    assert dead <= {
        *("in_proj_weight", "in_proj_bias", "out_proj_weight", "out_proj_bias"),
        *("fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias", "version"),
    }


def test_a_stock_model_loads_our_checkpoint():
    task = make_task()
    model, stock = make_model(task), make_stock(task)
    missing, unexpected = torch.nn.Module.load_state_dict(stock, model.state_dict(), strict=False)
    assert not unexpected
    assert {key.split(".")[-1] for key in missing} <= {"version"}


@pytest.mark.parametrize("with_languages", [False, True])
def test_the_number_of_parameters_is_the_formula(with_languages):
    task = make_task()
    model = make_model(task, language_embeddings=with_languages)
    vocabulary, width, inner, layers, positions = len(task.source_dictionary), 32, 48, 3, 20
    embeddings = vocabulary * width + (positions + 2) * width + 2 * width + with_languages * 3 * width
    layer = 4 * (width**2 + width) + 2 * width * inner + inner + width + 4 * width
    head = width**2 + width + 2 * width + vocabulary
    assert sum(p.numel() for p in model.parameters()) == embeddings + layers * layer + head


def test_paper_size_is_the_default():
    cfg = MultilingualRobertaConfig()
    sizes = (cfg.encoder_layers, cfg.encoder_embed_dim, cfg.encoder_ffn_embed_dim, cfg.encoder_attention_heads)
    assert sizes == (8, 512, 2048, 8)
    assert (cfg.dropout, cfg.attention_dropout, cfg.max_positions, cfg.encoder_normalize_before) == (
        0.1,
        0.1,
        512,
        False,
    )


def test_selected_positions_get_the_logits_that_a_full_projection_gives():
    model = make_model(make_task()).eval()
    tokens = batch_with_padding()
    selected = torch.zeros_like(tokens, dtype=torch.bool)
    selected[0, 3] = selected[2, 1] = True
    torch.testing.assert_close(model(tokens, masked_tokens=selected)[0], model(tokens)[0][selected])


def test_promising_no_padding_changes_nothing_and_padding_does_not_leak():
    model = make_model(make_task()).eval()
    tokens = batch_with_padding()
    alone = model(tokens[1:2, :7], has_padding=False)[0]
    torch.testing.assert_close(model(tokens)[0][1:2, :7], alone, atol=1e-5, rtol=1e-5)


def test_a_checkpoint_of_another_vocabulary_is_refused_in_one_line():
    other = make_model(make_task(words=60)).state_dict()
    with pytest.raises(InputError, match=r"vocabulary of 65 symbols, the data's dict\.txt gives 55"):
        make_model(make_task(words=50)).load_state_dict(other)


def test_language_ids_without_embeddings_and_embeddings_without_ids_are_refused():
    task, tokens = make_task(), batch_with_padding()
    with pytest.raises(ValueError, match="no language embeddings"):
        make_model(task)(tokens, language_ids=torch.ones_like(tokens))
    with pytest.raises(ValueError, match="no language IDs"):
        make_model(task, language_embeddings=True)(tokens)


def test_sinusoidal_start_has_the_spread_of_the_words():
    table = make_model(make_task(), position_init="sinusoidal", init_std=0.06).encoder.sentence_encoder.embed_positions
    assert table.weight[2:].std().item() == pytest.approx(0.06, rel=0.3)
    assert table.weight[1].abs().sum().item() == 0


def test_a_checkpoint_older_than_a_setting_is_built_with_its_default():
    cfg = OmegaConf.structured(MultilingualRobertaConfig(_name="multilingual_roberta_tiny", encoder_embed_dim=32))
    old = OmegaConf.create({key: value for key, value in OmegaConf.to_container(cfg).items() if key != "compute_dtype"})
    OmegaConf.set_struct(old, True)
    model = build_model(old, make_task(), from_checkpoint=True)
    assert model.cfg.compute_dtype == "float32"
    assert model.word_embeddings.size(1) == 32


def test_autocast_of_the_caller_stays_in_force():
    tokens = batch_with_padding()
    with torch.autocast("cpu", torch.bfloat16):
        assert make_model(make_task())(tokens)[0].dtype == torch.bfloat16
    assert make_model(make_task())(tokens)[0].dtype == torch.float32


def test_a_width_that_the_heads_cannot_share_is_refused_in_one_line():
    cfg = MultilingualRobertaConfig(**SIZES | {"encoder_attention_heads": 5})
    with pytest.raises(InputError, match="--encoder-embed-dim 32 is not a multiple of --encoder-attention-heads 5"):
        MultilingualRoberta.build_model(cfg, make_task())


def test_without_gradients_the_loss_does_no_work_for_them(monkeypatch):
    model, tokens = make_model(make_task()).eval(), batch_with_padding()
    selected = tokens.ne(1)
    expected = model(tokens, masked_tokens=selected, masked_targets=tokens)[0]

    def refuse(*_, **__):
        raise AssertionError("a gradient is computed")

    monkeypatch.setattr(torch, "mm", refuse)
    with pytest.raises(AssertionError, match="a gradient"):
        model(tokens, masked_tokens=selected, masked_targets=tokens)
    with torch.no_grad():
        loss = model(tokens, masked_tokens=selected, masked_targets=tokens)[0]
    torch.testing.assert_close(loss, expected)
