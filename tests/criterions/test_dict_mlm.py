"""DICT-MLM: its rates over a million tokens, and its loss and gradient against plain torch."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fairseq_alignmlm.criterions.dict_mlm import DictMLM, DictMLMConfig, TranslationTable
from fairseq_alignmlm.data.masked_instances import MaskedInstances
from fairseq_alignmlm.data.masking import MaskingRates
from fairseq_alignmlm.data.parts import MonolingualPart
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity

WORDS = 200
MASK = 4 + 2 * WORDS
PAD = 1


class Vocabulary:
    """Words of two languages; w0..w199 and their counterparts."""

    symbols = ("<s>", "<pad>", "</s>", "<unk>", *(f"w{i}" for i in range(WORDS)), *(f"x{i}" for i in range(WORDS)))

    def __len__(self):
        return len(self.symbols) + 1

    def index(self, symbol):
        return self.symbols.index(symbol) if symbol in self.symbols else 3

    def unk(self):
        return 3

    def pad(self):
        return PAD


class Task:
    languages = ("en", "xx")
    source_dictionary = target_dictionary = Vocabulary()
    identity = Identity()

    def token_counts(self, language):
        counts = np.zeros(len(Vocabulary()), dtype=np.int64)
        start = 4 + WORDS * self.languages.index(language)
        counts[start : start + WORDS] = 1
        return counts

    def use_sentence_instances(self):
        self.sentences = True

    def use_branch_draws(self):
        self.branch_draws = True

    def language_number(self, name):
        if name not in self.languages:
            raise InputError(f"unknown language {name!r}")
        return self.languages.index(name) + 1


@pytest.fixture
def dictionary(tmp_path):
    """The first half of the words have a translation, w0 has three."""
    lines = [f"w{i}\tx{i}" for i in range(WORDS // 2)] + ["w0\tx1", "w0\tx2"]
    path = tmp_path / "dictionary.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


def make_criterion(dictionary, task=None, **settings):
    return DictMLM(DictMLMConfig(dictionary=dictionary and str(dictionary), **settings), task or Task())


def million_tokens():
    """Half of the tokens in the dictionary; random tokens come from words that the text does not have."""
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.integers(4, 4 + 150, (1000, 1000)))
    instances = SimpleNamespace(sizes=np.full(1000, 1000))
    part = MonolingualPart("en", 1, instances)
    part.segments = lambda index: [(1, rows[index])]
    part.__class__ = type("Part", (MonolingualPart,), {"__len__": lambda self: 1000})
    special = np.zeros(len(Vocabulary()), dtype=bool)
    special[[0, 1, 2, 3, MASK]] = True
    unseen = [np.arange(4 + 150, 4 + WORDS)] * 2
    dataset = MaskedInstances(
        *([part], None, MaskingRates(), special, unseen, MASK, PAD),
        seed=3,
        shuffle=False,
        with_language_ids=True,
        with_branch_draws=True,
    )
    return rows, dataset.collater([dataset[i] for i in range(1000)])


def assert_rate(found, trials, probability):
    error = np.sqrt(trials * probability * (1 - probability))
    assert abs(float(found) - float(trials) * probability) <= 3 * error


def test_rates_of_substitution_over_a_million_tokens(dictionary):
    original, batch = million_tokens()
    net_input, target, translated = make_criterion(dictionary).corrupt(batch)
    source, languages = net_input["src_tokens"], net_input["language_ids"]
    selected = target.ne(PAD)
    n = selected.sum().item()
    assert_rate(n, original.numel(), 0.15)
    assert target[selected].equal(original[selected])  # the target stays the original
    has_entry = original < 4 + WORDS // 2
    share = (has_entry & selected).sum().item() / n
    assert_rate(translated.sum(), n, 0.5 * share)
    assert_rate((source == MASK)[selected].sum(), n, 0.5 * 0.8)
    assert_rate(((source >= 4 + 150) & (source < 4 + WORDS))[selected].sum(), n, 0.5 * 0.1)
    # Kept: the usual tenth, and the words of the cross-lingual branch that have no entry.
    assert_rate((source == original)[selected].sum(), n, 0.5 * 0.1 + 0.5 * (1 - share))
    assert source[~selected].equal(original[~selected])
    assert languages.eq(2).equal(translated)  # the language follows the substituted token
    zero = translated & (original == 4)
    counts = torch.bincount(source[zero] - 4 - WORDS, minlength=3)
    for count in counts[:3]:
        assert_rate(count, zero.sum().item(), 1 / 3)
    simple = translated & (original != 4)
    assert source[simple].equal(original[simple] + WORDS)


def test_rates_of_prediction_over_a_million_tokens(dictionary):
    original, batch = million_tokens()
    usual = batch["net_input"]["src_tokens"].clone()
    net_input, target, translated = make_criterion(dictionary, dict_mlm_variant="predict").corrupt(batch)
    selected = target.ne(PAD)
    n = selected.sum().item()
    assert net_input["src_tokens"].equal(usual)  # the input is that of plain masking
    assert_rate((usual == MASK)[selected].sum(), n, 0.8)
    assert_rate((usual == original)[selected].sum(), n, 0.1)
    share = ((original < 4 + WORDS // 2) & selected).sum().item() / n
    assert_rate(translated.sum(), n, 0.5 * share)
    kept = selected & ~translated
    assert target[kept].equal(original[kept])
    simple = translated & (original != 4)
    assert target[simple].equal(original[simple] + WORDS)
    assert net_input["language_ids"].eq(1).all()


class TinyModel(torch.nn.Module):
    """Logits from the input token and its language alone."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.table = torch.nn.Embedding(len(Vocabulary()), len(Vocabulary()))
        self.languages = torch.nn.Embedding(3, len(Vocabulary()))

    def forward(self, src_tokens, language_ids, masked_tokens=None, **_):
        logits = self.table(src_tokens) + self.languages(language_ids)
        return (logits if masked_tokens is None else logits[masked_tokens],)


@pytest.mark.parametrize("variant", ["substitute", "predict"])
def test_loss_and_gradient_equal_a_plain_reference(dictionary, variant):
    _, batch = million_tokens()
    del batch["selected"]  # counts positions of the whole batch
    batch = {key: value[:2] if torch.is_tensor(value) else value for key, value in batch.items()}
    batch["net_input"] = {k: v[:2] if torch.is_tensor(v) else v for k, v in batch["net_input"].items()}
    criterion, model = make_criterion(dictionary, dict_mlm_variant=variant), TinyModel()
    loss, size, log = criterion(model, batch)
    loss.backward()
    ours = model.table.weight.grad.clone()
    model.zero_grad()

    translations = {i: [i + WORDS] for i in range(4, 4 + WORDS // 2)}
    translations[4] = [4 + WORDS, 5 + WORDS, 6 + WORDS]
    reference, count, crossed = torch.zeros(()), 0, 0
    for row in range(2):
        for place in range(1000):
            target = batch["target"][row, place].item()
            if target == PAD:
                continue
            token, language = batch["net_input"]["src_tokens"][row, place].item(), 1
            branch, choice = batch["branch"][row, place].tolist()
            if branch < 0.5 and variant == "substitute":
                token = target
            if branch < 0.5 and target in translations:
                crossed += 1
                found = translations[target][int(choice * len(translations[target]))]
                token, target, language = (found, target, 2) if variant == "substitute" else (token, found, 1)
            logits = model.table.weight[token] + model.languages.weight[language]
            reference = reference + F.cross_entropy(logits, torch.tensor(target))
            count += 1
    reference.backward()
    assert (size.item(), log["translated"].item()) == (count, crossed)
    torch.testing.assert_close(loss, reference, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(ours, model.table.weight.grad, rtol=1e-4, atol=1e-5)


def test_translations_are_looked_up_by_language_too():
    table = TranslationTable(np.array([[1, 5, 2, 7], [2, 5, 1, 9]]), languages=2, vocabulary_size=12)
    has_entry, translation, language = table(torch.tensor([5, 5, 6]), torch.tensor([1, 2, 1]), torch.rand(3))
    assert has_entry.tolist() == [True, True, False]
    assert translation.tolist() == [7, 9, 6]
    assert language.tolist() == [2, 1, 1]


def test_the_task_is_asked_for_sentences_and_branch_draws(dictionary):
    task = Task()
    make_criterion(dictionary, task)
    assert task.sentences
    assert task.branch_draws


def test_bad_input_is_named(dictionary, tmp_path):
    with pytest.raises(InputError, match="--criterion dict_mlm needs --dictionary FILE"):
        make_criterion(None)
    for wrong in (1.5, -0.1, float("nan")):
        with pytest.raises(InputError, match=r"--dict-mlm-prob .* is not above 0 and up to 1"):
            make_criterion(dictionary, dict_mlm_prob=wrong)
    with pytest.raises(InputError, match="DICT-MLM that translates nothing is MLM: give --criterion mlm"):
        make_criterion(dictionary, dict_mlm_prob=0.0)
    with pytest.raises(InputError, match="'en-zz' is no pair of the languages en, xx"):
        make_criterion(f"en-zz={dictionary}")
    several = tmp_path / "several.tsv"
    several.write_text("w1 w2\tx1\n")
    with pytest.raises(InputError, match="no entry has a single piece on both sides"):
        make_criterion(several)
    with pytest.raises(InputError, match="--language-embeddings"):
        make_criterion(dictionary)(None, {"net_input": {}})
