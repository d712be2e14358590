"""TLM: loss, gradient and the split of the log against plain torch; its settings."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from fairseq_alignmlm.criterions.tlm import TLM, TLMConfig
from fairseq_alignmlm.errors import InputError


class Task:
    languages = ("en", "fr", "zh-hant")
    target_dictionary = type("Vocabulary", (), {"pad": lambda self: 1})()

    def use_sentence_instances(self, parallel):
        self.parallel = parallel


def make_criterion(**settings):
    task = Task()
    return TLM(TLMConfig(**settings), task), task


class TinyModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.table = torch.nn.Embedding(30, 30)
        self.positions = torch.nn.Embedding(30, 30)
        self.languages = torch.nn.Embedding(4, 30)

    def forward(self, src_tokens, language_ids, positions, masked_tokens=None, **_):
        logits = self.table(src_tokens) + self.languages(language_ids) + self.positions(positions)
        return (logits if masked_tokens is None else logits[masked_tokens],)


def make_batch():
    random = torch.manual_seed(1)
    tokens = torch.randint(4, 30, (4, 8), generator=random)
    target = torch.where(torch.rand(4, 8, generator=random) < 0.4, tokens, 1)
    ids = torch.tensor([[1] * 8, [2] * 8, [1] * 4 + [2] * 4, [1] * 4 + [3] * 4])
    positions = torch.tensor([[*range(2, 10)], [*range(2, 10)], [2, 3, 4, 5] * 2, [2, 3, 4, 5] * 2])
    net_input = {"src_tokens": tokens, "language_ids": ids, "positions": positions}
    part = torch.tensor([0, 1, 3, 4])
    return {"net_input": net_input, "target": target, "language_ids": ids, "part": part, "ntokens": 32, "nsentences": 4}


def test_loss_gradient_and_log_equal_a_plain_reference(monkeypatch):
    criterion, _ = make_criterion()
    model, batch = TinyModel(), make_batch()
    loss, size, log = criterion(model, batch)
    loss.backward()
    ours = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    model.zero_grad()
    total, by_kind, by_language = torch.zeros(()), [0.0, 0.0], [0.0] * 4
    count = 0
    for row in range(4):
        for place in range(8):
            target = batch["target"][row, place]
            if target == 1:
                continue
            token, language, position = (
                batch["net_input"][k][row, place] for k in ("src_tokens", "language_ids", "positions")
            )
            logits = model.table.weight[token] + model.languages.weight[language] + model.positions.weight[position]
            one = F.cross_entropy(logits, target)
            total = total + one
            by_kind[row >= 2] += one.item()
            by_language[language] += one.item()
            count += 1
    total.backward()
    assert size.item() == count
    torch.testing.assert_close(loss, total)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(ours[name], parameter.grad)
    assert log["tlm_loss"].item() == pytest.approx(by_kind[1], rel=1e-5)
    for number in (1, 2, 3):
        assert log[f"language_loss/{number}"].item() == pytest.approx(by_language[number], rel=1e-5)

    logged = {}
    monkeypatch.setattr(
        "fairseq.metrics.log_scalar", lambda name, value, *a, **k: logged.__setitem__(name, float(value))
    )
    TLM.reduce_metrics([log, log])
    assert logged["mlm_loss"] == pytest.approx(by_kind[0] / (count - log["tlm_size"].item()) / math.log(2), rel=1e-5)
    assert logged["loss"] == pytest.approx(total.item() / count / math.log(2), rel=1e-5)
    assert set(logged) == {"loss", "mlm_loss", "tlm_loss", *(f"loss_language_{n}" for n in (1, 2, 3))}


def test_pairs_default_to_the_first_language_with_every_other():
    assert make_criterion()[1].parallel.pairs == (("en", "fr"), ("en", "zh-hant"))
    assert make_criterion(tlm_without_pairs=True)[1].parallel.pairs == ()
    assert make_criterion(tlm_pairs="fr-zh-hant")[1].parallel.pairs == (("fr", "zh-hant"),)


def test_xlm_without_pairs_is_refused_instead_of_training_plain_mlm():
    with pytest.raises(InputError, match=r"--tlm-ratio 0 is not .*; XLM without pairs is MLM: give --criterion mlm"):
        make_criterion(tlm_ratio=0.0)
    alone = type("Alone", (Task,), {"languages": ("en",)})()
    with pytest.raises(InputError, match="--criterion tlm needs two languages or more, there is en"):
        TLM(TLMConfig(), alone)


def test_bad_input_is_named():
    for ratio in (1.5, -1.0, 0.0, math.nan, math.inf):
        with pytest.raises(InputError, match=r"--tlm-ratio .* is not above 0 and up to 1"):
            make_criterion(tlm_ratio=ratio)
    with pytest.raises(InputError, match="'en-de' is no pair of the languages en, fr, zh-hant"):
        make_criterion(tlm_pairs="en-de")
    batch = make_batch()
    del batch["net_input"]["language_ids"]
    with pytest.raises(InputError, match="--language-embeddings"):
        make_criterion()[0](TinyModel(), batch)
