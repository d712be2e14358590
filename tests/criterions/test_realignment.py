"""Losses of linked words against plain references; freezing; the head and its start."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairseq_alignmlm.criterions.realignment_loss import RealignmentConfig, RealignmentLoss
from fairseq_alignmlm.criterions.word_contrast import contrast_loss, cosine_loss, squared_loss
from fairseq_alignmlm.data.linked_sentences import LinkedPair, LinkedSentences
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.freezing import freeze_all_but, frozen_names
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary
from tests.linked_data import reversed_pairs, write_linked

LAYERS = 4


def reference(vectors, language, links, temperature, variant):
    """Return the contrast loss and its gradient, written out in numpy (the spec's formula, word by word)."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / length
    loss, slope = 0.0, np.zeros_like(unit)
    for i, j in [*links, *[(b, a) for a, b in links]]:
        gone = [i] if variant == "strong" else [k for k in range(len(unit)) if language[k] == language[i]]
        scores = unit @ unit[i] / temperature
        scores[gone] = -np.inf
        p = np.exp(scores - scores.max())
        p /= p.sum()
        loss -= np.log(p[j])
        p[j] -= 1
        slope[i] += p @ unit / temperature
        slope += p[:, None] * unit[i] / temperature
    gradient = (slope - (slope * unit).sum(1, keepdims=True) * unit) / length
    return loss, gradient


@pytest.mark.parametrize("variant", ["strong", "weak"])
def test_loss_and_gradient_of_sixteen_pairs_equal_a_plain_reference(variant):
    rng = np.random.default_rng(0)
    sizes = rng.integers(3, 9, 16)
    words, language, links = [], [], []
    for size in sizes:
        start = len(language)
        words.append(rng.normal(size=(2 * size, 7)))
        language += [0] * size + [1] * size
        links += [(start + i, start + 2 * size - 1 - i) for i in range(size) if rng.random() < 0.7]
    vectors = np.concatenate(words)
    tensor = torch.tensor(vectors, requires_grad=True)
    loss, nearest = contrast_loss(tensor, torch.tensor(language), torch.tensor(links), 0.1, variant)
    loss.backward()
    expected, gradient = reference(vectors, language, links, 0.1, variant)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(tensor.grad.numpy(), gradient, rtol=1e-4, atol=1e-5)
    assert 0 <= int(nearest) <= 2 * len(links)


def test_weak_and_strong_differ_by_the_words_of_the_anchors_language():
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.9, 0.5], [0.0, 1.0]])
    arguments = vectors, torch.tensor([0, 0, 1, 1]), torch.tensor([[0, 2]]), 0.1
    assert contrast_loss(*arguments, "weak")[1] == 1  # of word 0: word 1 is of its own language
    assert contrast_loss(*arguments, "strong")[1] == 0  # word 1 is the nearest of both


def test_cosine_and_squared_losses_equal_their_formulas():
    torch.manual_seed(0)
    vectors, initial = torch.randn(6, 5, requires_grad=True), torch.randn(6, 5)
    links = torch.tensor([[0, 3], [2, 4]])
    cosine = sum(2 * -(vectors[i] @ vectors[j]) / vectors[i].norm() / vectors[j].norm() for i, j in links)
    torch.testing.assert_close(cosine_loss(vectors, links)[0], cosine)
    squared = sum(
        2 * ((vectors[i] - vectors[j]) ** 2).mean() + 2 * 0.3 * ((vectors[i] - initial[i]) ** 2).mean()
        for i, j in links
    )
    torch.testing.assert_close(squared_loss(vectors, initial, links, 0.3)[0], squared)


@pytest.fixture
def model_and_batch(tmp_path):
    (tmp_path / "dict.txt").write_text("".join(f"w{i} 1\n" for i in range(80)))
    write_linked(tmp_path / "links", tmp_path / "dict.txt", {"train": reversed_pairs(16, seed=3)})
    data = LinkedSentences([LinkedPair(tmp_path / "links", "train", ("en", "xx"))], 0, 1, 1)
    torch.manual_seed(0)
    settings = MultilingualRobertaConfig(
        encoder_layers=LAYERS,
        encoder_embed_dim=16,
        encoder_ffn_embed_dim=32,
        encoder_attention_heads=2,
        max_positions=32,
        dropout=0.0,
        attention_dropout=0.0,
    )
    task = SimpleNamespace(source_dictionary=load_vocabulary(tmp_path / "dict.txt"), languages=())
    return MultilingualRoberta.build_model(settings, task), data.collater([data[i] for i in range(16)])


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}


def test_words_are_the_states_of_first_pieces_at_the_chosen_layer(model_and_batch):
    model, batch = model_and_batch
    model.eval()
    _, extra = model(**batch["net_input"], features_only=True, return_all_hiddens=True)
    for layer in range(LAYERS + 1):
        loss = RealignmentLoss(RealignmentConfig(contrast="cosine", layer=layer), 16, LAYERS)
        words = extra["inner_states"][layer].flatten(0, 1)[batch["words"]]
        torch.testing.assert_close(loss(model, batch)[0], cosine_loss(words, batch["links"])[0])


def test_by_default_the_last_layer_but_one_is_aligned_and_the_last_gets_no_gradient(model_and_batch):
    model, batch = model_and_batch
    found = gradients(model, RealignmentLoss(RealignmentConfig(), 16, LAYERS)(model, batch)[0])
    layers = {int(name.split(".")[3]) for name in found if ".layers." in name}
    assert layers == set(range(LAYERS - 1))


@pytest.mark.parametrize(("part", "frozen"), [("front", {0, 1}), ("back", {2, 3})])
def test_frozen_layers_get_no_gradient_and_the_others_the_same_as_ever(model_and_batch, part, frozen):
    model, batch = model_and_batch
    torch.manual_seed(1)
    free = RealignmentLoss(RealignmentConfig(layer=LAYERS), 16, LAYERS)
    held = RealignmentLoss(RealignmentConfig(layer=LAYERS, freeze=part), 16, LAYERS)
    held.load_state_dict(free.state_dict())
    everything, rest = gradients(model, free(model, batch)[0]), gradients(model, held(model, batch)[0])
    names = set(frozen_names(model, part))
    assert {int(name.split(".")[3]) for name in names} == frozen
    assert set(rest) == set(everything) - names
    assert any("embed_tokens" in name for name in rest)
    for name, gradient in rest.items():
        torch.testing.assert_close(gradient, everything[name])


def test_only_what_realignment_trains_is_left_trainable(model_and_batch):
    model, batch = model_and_batch
    model.register_classification_head("head", 3)
    freeze_all_but(model, "front", LAYERS - 1)
    trainable = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert {int(name.split(".")[3]) for name in trainable if ".layers." in name} == {2}
    assert not [name for name in trainable if "head" in name]
    found = gradients(model, RealignmentLoss(RealignmentConfig(), 16, LAYERS)(model, batch, drop=False)[0])
    assert set(found) == trainable


@pytest.mark.parametrize(("part", "frozen"), [("none", {3}), ("front", {0, 1, 3}), ("back", {2, 3})])
def test_frozen_layers_and_those_above_stay_bit_for_bit(model_and_batch, part, frozen):
    model, batch = model_and_batch
    loss = RealignmentLoss(RealignmentConfig(freeze=part), 16, LAYERS)
    freeze_all_but(model, part, LAYERS - 1)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    chosen = [p for p in [*model.parameters(), *loss.parameters()] if p.requires_grad]
    optimiser = torch.optim.AdamW(chosen, lr=0.01, weight_decay=0.1)
    values = []
    for _ in range(20):
        optimiser.zero_grad()
        value = loss(model, batch, drop=False)[0]
        value.backward()
        optimiser.step()
        values.append(float(value))
    changed = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert {int(name.split(".")[3]) for name in changed if ".layers." in name} == {0, 1, 2, 3} - frozen
    assert any("embed_tokens" in name for name in changed) and not any("lm_head.d" in name for name in changed)
    assert values[-1] < values[0]


@pytest.mark.parametrize("contrast", ["strong", "weak", "cosine", "mse"])
def test_every_loss_goes_down_when_it_is_trained(model_and_batch, contrast):
    model, batch = model_and_batch
    loss = RealignmentLoss(RealignmentConfig(contrast=contrast), 16, LAYERS, copy.deepcopy(model))
    optimiser = torch.optim.Adam([*model.parameters(), *loss.parameters()], lr=0.003)
    values = []
    for _ in range(20):
        optimiser.zero_grad()
        value = loss(model, batch)[0]
        value.backward()
        optimiser.step()
        values.append(float(value))
    assert values[-1] < values[0]


def test_squared_distance_keeps_words_of_the_first_language_where_they_were(model_and_batch):
    model, batch = model_and_batch
    with pytest.raises(InputError, match="--anchor-model"):
        RealignmentLoss(RealignmentConfig(contrast="mse"), 16, LAYERS)
    initial = copy.deepcopy(model)
    loss = RealignmentLoss(RealignmentConfig(contrast="mse", anchor_weight=5.0), 16, LAYERS, initial)
    plain = RealignmentLoss(RealignmentConfig(contrast="mse", anchor_weight=0.0), 16, LAYERS, initial)
    torch.testing.assert_close(loss(model, batch)[0], plain(model, batch)[0])  # nothing has moved yet
    assert not list(loss.parameters())  # nothing of the anchor is trained or saved
    with torch.no_grad():
        model.word_embeddings.add_(torch.randn_like(model.word_embeddings))
    assert loss(model, batch)[0] > plain(model, batch)[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.0}, "--temperature 0 is not"),
        ({"temperature": float("nan")}, "--temperature nan"),
        ({"layer": 5}, "--layer 5 is not between 0 and 4"),
        ({"head_size": 0}, "--head-size 0"),
        ({"layer": 2, "freeze": "back"}, "none of these layers is below"),
    ],
)
def test_settings_that_train_nothing_or_make_no_sense_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        RealignmentLoss(RealignmentConfig(**settings), 16, LAYERS)
