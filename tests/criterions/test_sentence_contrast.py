"""The contrast of sentences: loss and gradient, slow weights and queue against references written out."""

from __future__ import annotations

import copy
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from fairseq.data import Dictionary

from fairseq_alignmlm.criterions.contrast_settings import SentenceContrastConfig
from fairseq_alignmlm.criterions.info_nce import info_nce
from fairseq_alignmlm.criterions.momentum import KeyQueue, SlowWeights
from fairseq_alignmlm.criterions.sentence_contrast import SentenceContrast
from fairseq_alignmlm.criterions.transliteration_contrast import (
    TransliterationContrast,
    TransliterationContrastConfig,
)
from fairseq_alignmlm.criterions.xlco import XLCO, XLCOConfig
from fairseq_alignmlm.data.masked_instances import MaskedInstances
from fairseq_alignmlm.data.masking import MaskingRates
from fairseq_alignmlm.data.parts import MonolingualPart, ParallelPart
from fairseq_alignmlm.data.sentences import ParallelInstances, SentenceInstances
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.tasks.multilingual_mlm import MultilingualMLM

WIDTH, LAYERS = 8, 2


class Corpus(list):
    def __init__(self, sentences):
        super().__init__(torch.tensor([*sentence, 2]) for sentence in sentences)
        self.sizes = np.array([len(sentence) for sentence in self], dtype=np.int32)


class Task:
    languages = ("en", "xx")
    kept = None

    def __init__(self):
        self.source_dictionary = self.target_dictionary = Dictionary()
        for number in range(40):
            self.source_dictionary.add_symbol(f"w{number}")
        self.source_dictionary.add_symbol("<mask>")
        self.model_settings = MultilingualRobertaConfig(
            encoder_layers=LAYERS,
            encoder_embed_dim=WIDTH,
            encoder_ffn_embed_dim=16,
            encoder_attention_heads=2,
            max_positions=32,
            dropout=0.0,
            attention_dropout=0.0,
        )

    def use_pairs(self, parallel, monolingual):
        self.parallel, self.monolingual = parallel, monolingual

    def keep(self, name, state):
        return self.kept


def make(**settings):
    task = Task()
    torch.manual_seed(1)
    model = MultilingualRoberta.build_model(task.model_settings, task).train()
    usual = {"seed": 1, "max_update": 100, "update_freq": [1], "batch_size": 8, "distributed_world_size": 1}
    return SentenceContrast(SentenceContrastConfig(**(usual | settings)), task).train(), model, task


def make_batch(count=6, seed=3, mono=0):
    rng = np.random.default_rng(seed)
    english = [rng.integers(4, 24, rng.integers(2, 7)).tolist() for _ in range(count)]
    other = [[token + 20 for token in sentence] for sentence in english]
    pairs = ParallelInstances(Corpus(english), Corpus(other), 30, 0, np.arange(count), single=True)
    parts = [ParallelPart("pairs", (1, 2), pairs, None)]
    if mono:
        parts.append(MonolingualPart("en", 1, SentenceInstances(Corpus(english[:mono]), 30, 0, single=True)))
    special = np.zeros(45, dtype=bool)
    special[[0, 1, 2, 3, 44]] = True
    replacements = [np.arange(4, 24), np.arange(24, 44)]
    data = MaskedInstances(
        *(parts, None, MaskingRates(), special, replacements, 44, 1, 5, True, False), with_sides=True
    )
    return data.collater([data[number] for number in range(len(data))])


def reference(model, projection, batch, negatives, temperature=0.05, layer=None, mean=False, normalise=True, keys=None):
    """L_TLM + L_contrast of section 2, a row at a time."""
    vectors = []
    for side, weights in (("first", model), ("second", keys or model)):
        rows = []
        for tokens in batch["pairs"][side]["src_tokens"]:
            states = weights(tokens[tokens != 1][None], features_only=True, return_all_hiddens=True)
            state = (states[0] if layer is None else states[1]["inner_states"][layer])[0]
            vector = state.mean(0) if mean else state[0]
            vector = vector if projection is None else vector @ (projection[side]).t()
            rows.append(vector / vector.norm() if normalise else vector)
        vectors.append(torch.stack(rows))
    queries, own = vectors
    losses = []
    for number, query in enumerate(queries):
        others = negatives(number, own)
        products = [torch.exp(query @ key / temperature) for key in (own[number], *others)]
        losses.append(-torch.log(products[0] / sum(products)))
    logits = model(batch["net_input"]["src_tokens"], positions=batch["net_input"]["positions"])[0]
    predicted = batch["target"] != 1
    tlm = F.cross_entropy(logits[predicted], batch["target"][predicted], reduction="sum")
    return tlm, torch.stack(losses)


def gradients(module):
    return {name: weight.grad.clone() for name, weight in module.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("projected", [True, False])
@pytest.mark.parametrize("place", [{}, {"layer": 1, "mean": True}, {"layer": 0, "normalise": False}])
def test_loss_and_gradient_with_a_queue_equal_a_plain_reference(projected, place):
    settings = {"contrast_layer": place.get("layer"), "contrast_pooling": "mean" if place.get("mean") else "first"}
    settings |= {"contrast_projection": "linear" if projected else "none", "contrast_weight": 2.0}
    settings |= {"contrast_similarity": "cosine" if place.get("normalise", True) else "dot"}
    criterion, model, _ = make(contrast_queue=5, contrast_temperature=0.3, **settings)
    queue = F.normalize(torch.randn(3, WIDTH, generator=torch.manual_seed(2)))
    criterion.queue.add(queue)
    batch = make_batch()
    criterion.begin_update(model, 0)
    with torch.no_grad():  # the trained weights leave the slow copy behind
        slow = copy.deepcopy(model)
        head = copy.deepcopy(criterion.projection)
        for weight in [*model.parameters(), *criterion.parameters()]:
            weight.add_(0.05 * torch.randn(weight.shape, generator=torch.manual_seed(4)))
    loss, size, log = criterion(model, batch)
    loss.backward()
    found = gradients(model) | {"projection": gradients(criterion)}
    model.zero_grad(), criterion.zero_grad()
    projection = {"first": criterion.projection.weight, "second": head.weight} if projected else None
    tlm, losses = reference(
        model, projection, batch, lambda *_: queue, 0.3, **place, keys=lambda *a, **k: _detached(slow, a, k)
    )
    expected = tlm + 2.0 * losses.mean() * size
    expected.backward()
    torch.testing.assert_close(loss, expected)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(found[name], weight.grad, atol=5e-5, rtol=1e-3)
    if projected:
        torch.testing.assert_close(found["projection"]["projection.weight"], criterion.projection.weight.grad)
    assert log["contrast_pairs"] == 6 and log["contrast_negatives"] == 18


def _detached(model, args, options):
    with torch.no_grad():
        return model(*args, **options)


@pytest.mark.parametrize("keys", ["trained", "slow"])
def test_an_empty_queue_with_the_batch_equals_ten_lines_of_info_nce(keys):
    criterion, model, _ = make(contrast_negatives="both", contrast_keys=keys, contrast_projection="none")
    batch = make_batch()
    criterion.begin_update(model, 0)
    loss, size, _ = criterion(model, batch)
    loss.backward()
    found = gradients(model)
    model.zero_grad()
    slow = copy.deepcopy(model)
    frozen = None if keys == "trained" else (lambda *a, **k: _detached(slow, a, k))

    def negatives(number, own):
        return [key for other, key in enumerate(own) if other != number]

    tlm, losses = reference(model, None, batch, negatives, keys=frozen)
    (tlm + losses.mean() * size).backward()
    torch.testing.assert_close(loss, tlm + losses.mean() * size)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(found[name], weight.grad, atol=5e-5, rtol=1e-3)


def test_one_forward_pass_gives_what_tlm_and_contrast_give_apart():
    criterion, model, _ = make(contrast_negatives="batch", contrast_keys="trained")
    batch = make_batch(mono=3)
    both, size, log = criterion(model, batch)
    criterion.with_tlm = False
    contrast, pairs, _ = criterion(model, batch)
    assert pairs == 6 == len(batch["pairs"]["row"]) and len(batch["target"]) == 9
    torch.testing.assert_close(both, log["mlm_loss"] + contrast / 6 * size)


def test_slow_weights_equal_the_closed_form_and_repeat_nothing():
    momentum, random = 0.9, torch.manual_seed(0)
    steps = [torch.randn(3, generator=random) for _ in range(8)]
    slow = SlowWeights(momentum)
    for update, step in enumerate(steps):
        slow.follow({"w": step}, update)
        slow.follow({"w": step}, update)  # a second micro-batch
    expected = momentum**7 * steps[0] + sum((1 - momentum) * momentum ** (7 - k) * steps[k] for k in range(1, 8))
    torch.testing.assert_close(slow.weights["w"], expected)
    assert slow.weights["w"].dtype == torch.float32 and not slow.weights["w"].requires_grad


def test_keys_have_no_gradient_and_follow_the_model_by_the_momentum():
    criterion, model, _ = make(contrast_momentum=0.5, contrast_queue=4)
    name = "encoder.sentence_encoder.layers.0.fc1.weight"
    values = []
    for update in range(3):
        criterion.begin_update(model, update)
        criterion(model, make_batch())[0].backward()
        with torch.no_grad():
            values.append(dict(model.named_parameters())[name].clone())
            for weight in model.parameters():
                weight.add_(0.1)
    torch.testing.assert_close(criterion.slow.weights[name], 0.25 * values[0] + 0.25 * values[1] + 0.5 * values[2])
    assert not any(weight.requires_grad for weight in criterion.slow.weights.values())
    assert not criterion.queue.rows.requires_grad
    keys = criterion._slow_keys(model, make_batch()["pairs"]["second"])
    assert not keys.requires_grad


def test_the_queue_keeps_the_last_keys_in_order_and_only_from_the_next_update_on():
    queue, keys = KeyQueue(5, 2), torch.arange(16.0).view(8, 2)
    queue.add(keys[:2])
    queue.add(keys[2:4])
    assert len(queue.rows) == 0
    queue.end_update()
    assert queue.rows.tolist() == keys[:4].tolist() and not queue.is_full
    queue.add(keys[4:7])
    queue.end_update()
    assert queue.rows.tolist() == [*keys[5:7].tolist(), *keys[2:5].tolist()] and queue.is_full
    again = KeyQueue(5, 2)
    again.load(queue.state())
    for each in (queue, again):
        each.add(keys)
        each.end_update()
        assert sorted(each.rows.tolist()) == keys[3:].tolist()
    assert again.rows.tolist() == queue.rows.tolist()
    with pytest.raises(InputError, match="queue of the checkpoint is 5 x 2, now 6 x 2"):
        KeyQueue(6, 2).load(queue.state())


def test_noise_fills_the_queue_at_once_but_it_counts_as_full_only_with_keys():
    queue = KeyQueue(4, 3, noise_seed=1)
    assert queue.rows.norm(dim=1).tolist() == pytest.approx([1.0] * 4) and not queue.is_full
    assert KeyQueue(4, 3, 1).rows.tolist() == queue.rows.tolist() != KeyQueue(4, 3, 2).rows.tolist()
    criterion, model, _ = make(
        contrast_queue=8, contrast_queue_start="noise", contrast_begin="full", contrast_similarity="dot"
    )
    logs = []
    for update in range(3):
        criterion.begin_update(model, update)
        logs.append(criterion(model, make_batch())[2])
    assert [int(log["contrast_pairs"]) for log in logs] == [0, 0, 6]
    assert logs[0]["loss"] == logs[0]["mlm_loss"] and logs[2]["loss"] > logs[2]["mlm_loss"]


def test_the_log_is_in_bits_and_leaves_out_what_was_not_compared(monkeypatch):
    logged = {}
    monkeypatch.setattr("fairseq.metrics.log_scalar", lambda name, value, *a, **k: logged.__setitem__(name, value))
    criterion, model, _ = make(contrast_queue=50)
    for update in range(2):
        criterion.begin_update(model, update)
        logged.clear()
        log = criterion(model, make_batch())[2]
        SentenceContrast.reduce_metrics([log])
        assert ("contrast_loss" in logged) == (update == 1)  # the first update has no negatives
    assert float(logged["loss"]) == pytest.approx(float(logged["mlm_loss"] + logged["contrast_loss"]), rel=1e-5)
    assert float(logged["contrast_loss"]) == pytest.approx(float(log["contrast_loss"]) / 6 / math.log(2), rel=1e-5)
    assert logged["contrast_negatives"] == 6


def test_which_side_is_the_query_is_one_draw_for_both_losses_and_even():
    batch = make_batch(count=400)
    first, length = batch["pairs"]["first"], batch["pairs"]["first"]["src_lengths"]
    swapped = first["src_tokens"][:, 1] >= 24
    assert 150 < int(swapped.sum()) < 250
    target = batch["target"]
    for row in range(400):
        tokens = first["src_tokens"][row, : length[row]]
        inside = torch.where(target[row] == 1, batch["net_input"]["src_tokens"][row], target[row])
        assert inside[: length[row]].tolist() == tokens.tolist()  # TLM's instance begins with the query
        assert batch["net_input"]["positions"][row, length[row]] == 2


def test_the_state_goes_on_exactly():
    criterion, model, _ = make(contrast_queue=7, contrast_momentum=0.5)
    for update in range(2):
        criterion.begin_update(model, update)
        criterion(model, make_batch(seed=update))
    Task.kept, model_again = copy.deepcopy(criterion._state()), copy.deepcopy(model)
    try:
        again = make(contrast_queue=7, contrast_momentum=0.5)[0]
    finally:
        Task.kept = None
    again.load_state_dict(criterion.state_dict())
    for each, one in ((criterion, model), (again, model_again)):
        each.begin_update(one, 2)
    assert criterion(model, make_batch(seed=5))[0].item() == again(model_again, make_batch(seed=5))[0].item()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"contrast_temperature": 0.0}, "--contrast-temperature 0 is not"),
        ({"contrast_temperature": math.nan}, "--contrast-temperature nan is not"),
        ({"contrast_momentum": 1.0}, "--contrast-momentum 1: the slow copy would never change"),
        ({"contrast_weight": 0.0}, "--contrast-weight 0 is not"),
        ({"contrast_layer": 3}, "--contrast-layer 3 is not between 0 and 2"),
        ({"contrast_queue": 0}, "--contrast-queue 0 is not at least 1"),
        ({"contrast_negatives": "batch", "contrast_begin": "full"}, "needs a queue"),
        ({"contrast_begin": "full"}, "100 updates of 8 instances never fill a queue of 32,000"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        make(**settings)


def test_one_language_and_other_instances_than_pairs_are_refused():
    alone = type("Alone", (Task,), {"languages": ("en",)})()
    with pytest.raises(InputError, match="--criterion sentence_contrast needs two languages or more, there is en"):
        SentenceContrast(SentenceContrastConfig(), alone)
    cfg = SimpleNamespace(instances="blocks")
    task = MultilingualMLM(cfg, alone.source_dictionary, ["en", "xx"], Identity())
    with pytest.raises(InputError, match="--instances blocks: this criterion wants one sentence pair each, lines"):
        task.use_pairs(None, False)


def test_short_and_long_pairs_are_dropped_and_counted():
    english, other = Corpus([[4] * n for n in (9, 10, 11, 50, 12)]), Corpus([[24] * n for n in (20, 10, 9, 80, 12)])
    packing = ParallelInstances(english, other, 128, 0, np.arange(5), single=True, shortest=10).packing
    assert (packing.kept.tolist(), packing.too_short, packing.too_long, packing.blank) == ([1, 4], 2, 1, 0)


def test_a_single_pair_without_negatives_and_numbers_that_are_none_are_refused():
    criterion, model, _ = make(contrast_negatives="batch")
    criterion.begin_update(model, 0)
    with pytest.raises(InputError, match="one pair has no negatives; give a larger --batch-size"):
        criterion(model, make_batch(count=1))
    criterion, model, _ = make(contrast_negatives="batch")
    with torch.no_grad():
        criterion.projection.weight[0] = math.nan
    criterion.begin_update(model, 0)
    with pytest.raises(InputError, match="no finite number: give a smaller --lr"):
        criterion(model, make_batch())


def test_info_nce_prefers_the_nearest():
    query = torch.eye(3)
    found = info_nce(query, query, 0.1, query, torch.arange(3))
    assert found.correct.all() and found.negatives == 2
    wrong = info_nce(query, query.roll(1, 0), 0.1, query.roll(1, 0), torch.arange(3))
    assert not wrong.correct.any() and (wrong.loss > 9).all()
    assert found.loss.max() < 1e-3


def test_named_settings_are_those_of_the_published_methods():
    task = Task()
    task.model_settings.encoder_layers = 12
    xlco = XLCO(XLCOConfig(seed=1, max_update=0, update_freq=[1], batch_size=8, distributed_world_size=1), task)
    assert (xlco.layer, xlco.temperature, xlco.normalises, xlco.means, xlco.waits) == (8, 0.25, False, False, True)
    assert xlco.queue.rows.shape == (131_072, WIDTH) and xlco.queue.rows.std() == pytest.approx(1.0, abs=0.01)
    assert [weight.shape for weight in xlco.parameters()] == [(WIDTH, WIDTH)] and task.monolingual
    pairs = TransliterationContrast(TransliterationContrastConfig(seed=1, max_update=0), task)
    assert (pairs.layer, pairs.means, pairs.queue, pairs.slow, list(pairs.parameters())) == (8, True, None, None, [])
