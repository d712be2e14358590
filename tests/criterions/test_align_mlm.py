"""L_ALIGN and its gradient against ten lines of numpy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary

from fairseq_alignmlm.criterions.align_mlm import AlignMLM, AlignMLMConfig, alignment_loss, mean_vectors
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.alignment import alignment_scores
from fairseq_alignmlm.evaluation.checkpoint import read_checkpoint_embeddings
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta


def reference_loss_and_gradient(embeddings, source, target, weight):
    """Section 3 written out: one entry at a time, lists of pieces, no batching."""
    gradient, loss = np.zeros_like(embeddings), 0.0
    for left, right, w in zip(source, target, weight / weight.sum(), strict=True):
        a, b = embeddings[left].mean(0), embeddings[right].mean(0)
        na, nb = np.linalg.norm(a), np.linalg.norm(b)
        cosine = a @ b / (na * nb)
        loss -= w * cosine
        np.add.at(gradient, left, -w * (b / (na * nb) - cosine * a / na**2) / len(left))
        np.add.at(gradient, right, -w * (a / (na * nb) - cosine * b / nb**2) / len(right))
    return loss, gradient


def padded(lists):
    width = max(map(len, lists))
    return torch.tensor([entry + [-1] * (width - len(entry)) for entry in lists])


ENTRIES = {
    "single pieces": ([[4], [5], [6]], [[10], [11], [12]], np.ones(3)),
    "a word on both sides of two entries": ([[4], [4]], [[10], [11]], np.array([0.5, 0.5])),
    "several pieces": ([[4, 5], [6], [7, 8, 9]], [[10], [11, 12], [13, 14]], np.array([1.0, 1.0, 1.0])),
    "shared weights": ([[4], [4], [6]], [[10], [11, 12], [13]], np.array([0.5, 0.5, 1.0])),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_alignment_loss_and_gradient_equal_a_numpy_reference(name):
    source, target, weight = ENTRIES[name]
    embeddings = torch.randn(16, 8, dtype=torch.float64, generator=torch.manual_seed(3)).float().requires_grad_()
    loss = alignment_loss(embeddings, padded(source), padded(target), torch.tensor(weight).float())
    loss.backward()
    expected, gradient = reference_loss_and_gradient(embeddings.detach().double().numpy(), source, target, weight)
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(embeddings.grad.numpy(), gradient, atol=1e-6)


def test_identical_sides_give_minus_one_and_opposite_sides_one():
    embeddings = torch.tensor([[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0]])
    one = torch.ones(1)
    assert alignment_loss(embeddings, torch.tensor([[0]]), torch.tensor([[1]]), one).item() == pytest.approx(-1)
    assert alignment_loss(embeddings, torch.tensor([[0]]), torch.tensor([[2]]), one).item() == pytest.approx(1)


def test_padding_of_an_entry_does_not_touch_the_mean_or_the_last_row():
    embeddings = torch.arange(8.0).view(4, 2).requires_grad_()
    mean = mean_vectors(embeddings, torch.tensor([[1, -1], [1, 2]]))
    assert mean.tolist() == [[2.0, 3.0], [3.0, 4.0]]
    mean.sum().backward()
    assert embeddings.grad[3].tolist() == [0.0, 0.0]
    assert embeddings.grad[0].tolist() == [0.0, 0.0]


WORDS = "abcd"


@pytest.fixture
def task():
    """Two languages of four words."""
    vocabulary = Dictionary()
    symbols = (*WORDS, *(f"x:{word}" for word in WORDS), "<mask>")
    for symbol, count in zip(symbols, (5, 4, 3, 2, 1, 1, 1, 1, 0), strict=True):
        vocabulary.add_symbol(symbol, count)

    def token_counts(language):
        counts = np.zeros(13, dtype=np.int64)
        counts[4:8] = language == "en"
        counts[8:12] = language == "x"
        return counts

    return SimpleNamespace(
        source_dictionary=vocabulary,
        target_dictionary=vocabulary,
        languages=["en", "x"],
        identity=Identity(symbols="aa", languages=("en", "x")),
        token_counts=token_counts,
    )


@pytest.fixture
def files(tmp_path):
    """A dictionary of two of the words, one of them with two translations, and the counterparts of all."""
    (tmp_path / "dictionary.tsv").write_text("a\tx:a\nb\tx:b x:c\na b\tx:d\n")
    (tmp_path / "counterparts.tsv").write_text("".join(f"{word}\tx:{word}\n" for word in WORDS))
    return {name: str(tmp_path / f"{name}.tsv") for name in ("dictionary", "counterparts")}


@pytest.mark.parametrize("language_embeddings", [False, True])
def test_validation_measures_what_the_command_measures_on_the_checkpoint(
    task, files, tmp_path, language_embeddings, caplog
):
    sizes = {"encoder_layers": 1, "encoder_embed_dim": 2, "encoder_ffn_embed_dim": 4, "encoder_attention_heads": 1}
    cfg = MultilingualRobertaConfig(max_positions=8, language_embeddings=language_embeddings, **sizes)
    model = MultilingualRoberta.build_model(cfg, task).eval()
    encoder = model.encoder.sentence_encoder
    words = torch.tensor([[2.0, 1.0], [-2.0, 1.0], [0.0, 5.0], [1.0, -3.0]])
    with torch.no_grad():
        encoder.embed_tokens.weight[4:12] = torch.cat([words, words + torch.tensor([7.0, 0.0])])
        if language_embeddings:
            encoder.embed_languages.weight[1:] = torch.tensor([[0.0, 0.0], [-7.0, 0.0]])
    criterion = AlignMLM(AlignMLMConfig(**files), task)
    tokens = torch.tensor([[0, 4, 5, 2]])
    sample = {"net_input": {"src_tokens": tokens}, "target": tokens, "ntokens": 4, "nsentences": 2}
    if language_embeddings:
        sample["net_input"]["language_ids"] = torch.ones_like(tokens)
    with caplog.at_level("WARNING"):
        log = criterion(model, sample)[2]
        criterion(model, sample)
    assert caplog.text.count("the paper trains it without (G.5)") == language_embeddings  # once

    state = {"model": model.state_dict(), "args": None, "cfg": {"task": {"languages": "en,x"}}}
    torch.save(state, tmp_path / "checkpoint.pt")
    read = read_checkpoint_embeddings(tmp_path / "checkpoint.pt")
    rows, in_dictionary = torch.arange(4, 8), torch.tensor([True, True, False, False])
    vectors = read.language_vectors("en", "x")
    expected = alignment_scores(read.words, rows, rows + 4, in_dictionary, torch.tensor([5, 4, 3, 2]), vectors)
    for name in ("frequency", "held_out_frequency", "all", "dictionary", "held_out"):
        assert log[f"alignment/{name}"] / 2 == pytest.approx(getattr(expected, name)), name
    assert (expected.all == 100) == language_embeddings


def test_bad_input_is_named(task, files, tmp_path):
    with pytest.raises(InputError, match="--criterion align_mlm needs --dictionary FILE"):
        AlignMLM(AlignMLMConfig(), task)
    (tmp_path / "foreign.tsv").write_text("q\ty:q\n")
    with pytest.raises(InputError, match=r"foreign\.tsv: no token of it is in dict\.txt"):
        AlignMLM(AlignMLMConfig(dictionary=files["dictionary"], counterparts=str(tmp_path / "foreign.tsv")), task)
    for alpha in (float("nan"), float("inf"), -1.0, 0.0):
        with pytest.raises(InputError, match=r"--align-alpha .* is not a number above 0"):
            AlignMLM(AlignMLMConfig(align_alpha=alpha, **files), task)


def test_counterparts_of_other_data_are_refused(task, files, tmp_path):
    counterparts = tmp_path / "counterparts.tsv"
    for own, what in (
        (Identity(symbols="bb"), "another vocabulary"),
        (Identity(symbols="aa", languages=("x", "en")), "goes from x to en, and is used from en to x"),
    ):
        counterparts.write_text(f"# {own.comment()}\na\tx:a\n")
        with pytest.raises(InputError, match=what):
            AlignMLM(AlignMLMConfig(**files), task)
