"""PreAlign: the contrast of words against numpy, and input-only code-switching by count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary

from fairseq_alignmlm.criterions.code_switched_mlm import CodeSwitchedMLM, CodeSwitchedMLMConfig
from fairseq_alignmlm.criterions.dictionary_contrast import DictionaryContrast, DictionaryContrastConfig
from fairseq_alignmlm.data.masked_instances import MaskedInstances
from fairseq_alignmlm.data.masking import MaskingRates
from fairseq_alignmlm.data.parts import MonolingualPart
from fairseq_alignmlm.data.word_pairs import WordPairs
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

WORDS, MASK, PAD = 40, 84, 1


class Task:
    languages = ("en", "xx")
    identity = Identity()

    def __init__(self):
        self.source_dictionary = self.target_dictionary = Dictionary()
        for start in "wx":
            for number in range(WORDS):
                self.source_dictionary.add_symbol(f"{start}{number}")
        self.source_dictionary.add_symbol("<mask>")

    def token_counts(self, language):
        counts = np.zeros(85, dtype=np.int64)
        start = 4 + WORDS * self.languages.index(language)
        counts[start : start + WORDS] = 1
        return counts

    def language_number(self, name):
        return self.languages.index(name) + 1

    def use_words(self, words):
        self.words = words

    def use_branch_draws(self):
        self.draws = True


@pytest.fixture
def dictionary(tmp_path):
    path = tmp_path / "dictionary.tsv"
    lines = ["w0\tx0", "w0\tx1", "w1 w2\tx2", "w3\tx3 x4 x5", *(f"w{n}\tx{n}" for n in range(6, 20))]
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def small_model(task, **settings):
    sizes = {"encoder_layers": 2, "encoder_embed_dim": 8, "encoder_ffn_embed_dim": 16, "encoder_attention_heads": 2}
    torch.manual_seed(0)
    cfg = MultilingualRobertaConfig(max_positions=16, dropout=0.0, attention_dropout=0.0, **sizes, **settings)
    return MultilingualRoberta.build_model(cfg, task).train()


def reference(model, pairs, temperature):
    """One word at a time, one layer at a time, in numpy."""
    vectors = []
    for side in range(2):
        rows = []
        for pair in pairs:
            tokens = torch.from_numpy(pair[side][1])[None]
            states = model(tokens, features_only=True, return_all_hiddens=True)[1]["inner_states"]
            rows.append([state[0, 1:-1].mean(0).detach().numpy() for state in states])
        vectors.append(np.array(rows).transpose(1, 0, 2))
    losses = []
    for first, second in zip(*vectors, strict=True):
        a, b = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (first, second))
        products = np.exp(a @ b.T / temperature)
        for matrix in (products, products.T):
            losses.append(-np.log(np.diag(matrix) / matrix.sum(1)))
    return np.mean(losses, axis=0)


def test_the_contrast_of_words_equals_numpy_and_reaches_every_weight(dictionary):
    task = Task()
    criterion = DictionaryContrast(DictionaryContrastConfig(dictionary=dictionary, dictionary_temperature=0.2), task)
    assert [len(others) for _, others in task.words[:3]] == [2, 1, 1] and len(task.words) == 17
    assert task.words[1][0][1].tolist() == [0, 5, 6, 2] and task.words[2][1][0][1].tolist() == [0, 47, 48, 49, 2]
    data = WordPairs(task.words, PAD, seed=1, shuffle=True, with_language_ids=False)
    samples = [data[int(number)] for number in data.ordered_indices()[:9]]
    model = small_model(task)
    loss, size, log = criterion(model, data.collater(samples))
    losses = reference(model, [sample["sides"] for sample in samples], 0.2)
    assert size == 9 and loss.item() == pytest.approx(losses.sum(), rel=1e-5) == log["loss"].item()
    loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())  # which data-parallel workers need
    assert model.encoder.sentence_encoder.layers[1].fc1.weight.grad.abs().max() > 0


def test_the_loss_of_words_falls_and_its_gradient_is_that_of_differences(dictionary):
    task = Task()
    criterion = DictionaryContrast(DictionaryContrastConfig(dictionary=dictionary), task)
    data = WordPairs(task.words, PAD, 1, False, False)
    batch = data.collater([data[number] for number in range(len(data))])
    model = small_model(task).double()
    loss, _, _ = criterion(model, batch)
    loss.backward()
    weight = model.encoder.sentence_encoder.layers[0].fc1.weight
    step, losses = 1e-2, []
    for sign in (1, -1):
        with torch.no_grad():
            weight[0, 0] += sign * step
            losses.append(criterion(model, batch)[0].item())
            weight[0, 0] -= sign * step
    assert weight.grad[0, 0].item() == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=0.02, abs=1e-4)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(30):
        optimiser.zero_grad()
        now, _, log = criterion(model, batch)
        now.backward()
        optimiser.step()
    assert now < 0.3 * loss and log["correct"] / 17 > 0.9


def test_an_epoch_has_every_word_once_and_draws_its_translation(dictionary):
    task = Task()
    DictionaryContrast(DictionaryContrastConfig(dictionary=dictionary), task)
    data = WordPairs(task.words, PAD, 1, True, True)
    seen = set()
    for epoch in range(1, 20):
        data.set_epoch(epoch)
        assert sorted(data.ordered_indices()) == list(range(17))
        seen.add(data[0]["sides"][1][1].tolist()[1])
        assert data[0]["sides"][1][1].tolist() == data[0]["sides"][1][1].tolist()
    assert seen == {44, 45}
    batch = data.collater([data[0], data[1]])
    assert batch["pairs"]["second"]["language_ids"].unique().tolist() == [2]


def switched_batch(criterion, select):
    rng = np.random.default_rng(0)

    class Text(list):
        sizes = np.full(500, 100)

    text = Text(torch.from_numpy(rng.integers(4, 4 + WORDS, 100)) for _ in range(500))
    special = np.zeros(85, dtype=bool)
    special[[0, 1, 2, 3, MASK]] = True
    parts = [MonolingualPart("en", 1, text)]
    replacements = [np.arange(4, 4 + WORDS)] * 2
    data = MaskedInstances(
        *(parts, None, MaskingRates(select=select), special, replacements, MASK, PAD, 1, True, False),
        with_branch_draws=True,
    )
    batch = data.collater([data[number] for number in range(500)])
    return batch, *criterion.switch(batch)


@pytest.mark.parametrize("probability", [0.05, 1.0])
def test_the_share_of_switched_words_is_counted_and_labels_stay(dictionary, probability):
    criterion = CodeSwitchedMLM(CodeSwitchedMLMConfig(dictionary=dictionary, code_switch_prob=probability), Task())
    batch, net_input, switched = switched_batch(criterion, 0.15)
    source, changed = batch["net_input"]["src_tokens"], net_input["src_tokens"]
    translations = {4: {44, 45}} | {4 + n: {44 + n} for n in range(6, 20)}
    can = torch.tensor([[token in translations for token in row] for row in source.tolist()])
    can &= batch["target"].eq(PAD)
    assert torch.equal(switched, changed.ne(source)) and not (switched & ~can).any()
    share = switched.sum().item() / can.sum().item()
    assert share == pytest.approx(probability, abs=4 * (probability * (1 - probability) / can.sum().item()) ** 0.5)
    for before, after in zip(source[switched].tolist(), changed[switched].tolist(), strict=True):
        assert after in translations[before]


def test_the_log_counts_exactly_what_was_switched_and_validation_switches_nothing(dictionary, monkeypatch):
    task = Task()
    criterion = CodeSwitchedMLM(CodeSwitchedMLMConfig(dictionary=dictionary, code_switch_prob=0.5), task)
    batch, net_input, switched = switched_batch(criterion, 0.15)
    small = {key: value[:4] if torch.is_tensor(value) and key != "selected" else value for key, value in batch.items()}
    small["net_input"] = {key: value[:4] if torch.is_tensor(value) else value for key, value in net_input.items()}
    small["net_input"]["src_tokens"] = batch["net_input"]["src_tokens"][:4]
    del small["selected"]
    model = small_model(task)
    model.encoder.sentence_encoder.embed_positions = torch.nn.Embedding(110, 8, PAD)
    small["ntokens"] = 400
    loss, size, log = criterion(model, small)
    assert log["switched"] == switched[:4].sum() > 0
    read = model(net_input["src_tokens"][:4])[0]
    predicted = small["target"] != PAD
    expected = torch.nn.functional.cross_entropy(read[predicted], small["target"][predicted], reduction="sum")
    torch.testing.assert_close(loss, expected)
    logged = {}
    monkeypatch.setattr("fairseq.metrics.log_scalar", lambda name, value, *a, **k: logged.__setitem__(name, value))
    CodeSwitchedMLM.reduce_metrics([log])
    assert float(logged["switched"]) == pytest.approx(100 * switched[:4].sum().item() / 400)
    assert criterion(model.eval(), small)[2]["switched"] == 0 and size == predicted.sum()


def test_bad_input_is_named(dictionary, tmp_path):
    with pytest.raises(InputError, match="--criterion dictionary_contrast needs --dictionary FILE"):
        DictionaryContrast(DictionaryContrastConfig(), Task())
    with pytest.raises(InputError, match="--dictionary-temperature 0 is not"):
        DictionaryContrast(DictionaryContrastConfig(dictionary=dictionary, dictionary_temperature=0.0), Task())
    with pytest.raises(InputError, match=r"--code-switch-prob 0 is not .* without code-switching this is MLM"):
        CodeSwitchedMLM(CodeSwitchedMLMConfig(dictionary=dictionary, code_switch_prob=0.0), Task())
    with pytest.raises(InputError, match="--criterion code_switched_mlm needs --dictionary FILE"):
        CodeSwitchedMLM(CodeSwitchedMLMConfig(), Task())
    task = Task()
    criterion = DictionaryContrast(DictionaryContrastConfig(dictionary=dictionary), task)
    data = WordPairs(task.words, PAD, 1, True, False)
    with pytest.raises(InputError, match="one pair has no negatives"):
        criterion(small_model(task), data.collater([data[0]]))
