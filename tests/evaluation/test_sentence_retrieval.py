"""Sentence retrieval against numpy, on checkpoints of this package and of stock shape; what a checkpoint's shape is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary, indexed_dataset
from fairseq.models.roberta import RobertaModel

from fairseq_alignmlm.commands import retrieve as command
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.architecture import architecture_options
from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors, default_layer, retrieve
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

WORDS = [f"▁w{number}" for number in range(30)]
SIZES = {"encoder_layers": 2, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_attention_heads": 2}


@pytest.fixture
def dictionary(tmp_path):
    path = tmp_path / "dict.txt"
    path.write_text("".join(f"{word} 1\n" for word in WORDS), encoding="utf-8")
    return path


def task_of(dictionary, languages=()):
    symbols = Dictionary.load(str(dictionary))
    symbols.add_symbol("<mask>")
    return SimpleNamespace(source_dictionary=symbols, languages=list(languages), max_positions=lambda: 20)


def saved(path, model, settings):
    torch.save({"model": model.state_dict(), **settings}, path)
    return path


@pytest.fixture
def ours(tmp_path, dictionary):
    torch.manual_seed(3)
    cfg = MultilingualRobertaConfig(max_positions=20, init_std=0.5, **SIZES)
    model = MultilingualRoberta.build_model(cfg, task_of(dictionary)).eval()
    settings = {"cfg": {"model": Namespace(encoder_attention_heads=2), "task": {"languages": "en,xx"}}}
    return saved(tmp_path / "ours.pt", model, settings), model


def sentences(count=40, seed=1):
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.integers(4, 34, rng.integers(1, 18))) for _ in range(count)]


def reference(model, rows, layer):
    """Mean hidden states, a sentence at a time."""
    found = []
    for row in rows:
        tokens = torch.tensor([[0, *row.tolist(), 2]])
        states = model(tokens, features_only=True, return_all_hiddens=True)[1]["inner_states"][layer]
        found.append(states[0].detach().numpy().astype(np.float64).mean(axis=0))
    return np.stack(found)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_vectors_are_means_over_the_layer_and_neighbours_those_of_numpy(ours, dictionary, layer):
    path, model = ours
    encoder = SentenceVectors.load(path, dictionary)
    rows, others = sentences(seed=1), sentences(seed=2)
    vectors, candidates = (encoder.vectors(side, layer, batch_size=7) for side in (rows, others))
    expected, expected_candidates = reference(model, rows, layer), reference(model, others, layer)
    np.testing.assert_allclose(vectors.numpy(), expected, atol=1e-5)
    unit, unit_candidates = (
        side / np.linalg.norm(side, axis=1, keepdims=True) for side in (expected, expected_candidates)
    )
    np.testing.assert_array_equal(retrieve(vectors, candidates).numpy(), (unit @ unit_candidates.T).argmax(axis=1))


@pytest.mark.parametrize(("layers", "expected"), [(12, 8), (24, 14), (1, 1), (2, 1), (3, 2), (4, 3), (6, 4), (16, 10)])
def test_default_layer_is_xtremes(layers, expected):
    assert default_layer(layers) == expected


def test_a_stock_checkpoint_gives_the_hidden_states_of_stock_fairseq(tmp_path, dictionary):
    torch.manual_seed(4)
    args = Namespace(max_positions=20, dropout=0.0, attention_dropout=0.0, **SIZES)
    stock = RobertaModel.build_model(args, task_of(dictionary))
    state = {key.replace("encoder.", "decoder.", 1): value for key, value in stock.state_dict().items()}
    torch.save({"model": state, "args": args}, tmp_path / "model.pt")
    assert " ".join(architecture_options(tmp_path / "model.pt")) == (
        "--arch multilingual_roberta --encoder-layers 2 --encoder-embed-dim 16 --encoder-ffn-embed-dim 24 "
        "--encoder-attention-heads 2 --activation-fn gelu --layer-norm-eps 1e-05 --max-positions 20"
    )
    rows = sentences(6)
    found = SentenceVectors.load(tmp_path / "model.pt", dictionary).vectors(rows, 1)
    stock.train()  # evaluation goes through the stock model's dead copies of its weights
    for row, vector in zip(rows, found, strict=True):
        states = stock(torch.tensor([[0, *row.tolist(), 2]]), features_only=True, return_all_hiddens=True)[1]
        torch.testing.assert_close(vector, states["inner_states"][1][:, 0].mean(dim=0), atol=1e-5, rtol=0)


def test_the_activation_function_is_that_of_the_run(tmp_path, dictionary):
    cfg = MultilingualRobertaConfig(max_positions=20, activation_fn="relu", init_std=0.5, **SIZES)
    model = MultilingualRoberta.build_model(cfg, task_of(dictionary)).eval()
    settings = {"cfg": {"model": {"encoder_attention_heads": 2, "activation_fn": "relu"}, "task": {}}}
    path = saved(tmp_path / "relu.pt", model, settings)
    found = SentenceVectors.load(path, dictionary).vectors(sentences(4), 2)
    np.testing.assert_allclose(found.numpy(), reference(model, sentences(4), 2), atol=1e-5)
    assert " --activation-fn relu " in " ".join(architecture_options(path))


def test_every_layer_norm_has_the_epsilon_of_the_run(tmp_path, dictionary):
    cfg = MultilingualRobertaConfig(max_positions=20, layer_norm_eps=0.5, encoder_normalize_before=True, **SIZES)
    model = MultilingualRoberta.build_model(cfg, task_of(dictionary)).eval()
    norms = [module.eps for module in model.modules() if isinstance(module, torch.nn.LayerNorm)]
    assert norms == [0.5] * 7  # embeddings, two a layer, the last one, the head's
    settings = {
        "cfg": {"model": {"encoder_attention_heads": 2, "layer_norm_eps": 0.5, "encoder_normalize_before": True}}
    }
    path = saved(tmp_path / "eps.pt", model, settings)
    found = SentenceVectors.load(path, dictionary).vectors(sentences(4), 2)
    np.testing.assert_allclose(found.numpy(), reference(model, sentences(4), 2), atol=1e-5)


def test_a_model_with_language_embeddings_wants_to_know_the_language(tmp_path, dictionary):
    cfg = MultilingualRobertaConfig(max_positions=20, language_embeddings=True, **SIZES)
    model = MultilingualRoberta.build_model(cfg, task_of(dictionary, ("en", "xx")))
    settings = {"cfg": {"model": {"encoder_attention_heads": 2}, "task": {"languages": "en,xx"}}}
    encoder = SentenceVectors.load(saved(tmp_path / "xlm.pt", model, settings), dictionary)
    rows = sentences(3)
    assert not torch.equal(encoder.vectors(rows, 1, "en"), encoder.vectors(rows, 1, "xx"))
    with pytest.raises(InputError, match=r"language embeddings \(en, xx\): name both with --languages"):
        encoder.vectors(rows, 1)


def run(*arguments):
    parser = ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(argument) for argument in arguments]))


def test_the_command_reads_text_writes_indices_and_signs_the_accuracy(tmp_path, ours, dictionary, capsys):
    sentencepiece = pytest.importorskip("sentencepiece")
    lines = [" ".join(f"w{n}" for n in rng.integers(0, 30, 6)) for rng in map(np.random.default_rng, range(60))]
    (tmp_path / "a.txt").write_text("\n".join(lines) + "\n")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(tmp_path / "spm"),
        vocab_size=33,
        model_type="word",
        minloglevel=2,
    )
    common = ("--checkpoint", ours[0], "--dict", dictionary, "--sentencepiece", tmp_path / "spm.model")
    output = tmp_path / "tatoeba" / "test-xx.tsv"
    files = ("--source", tmp_path / "a.txt", "--target", tmp_path / "a.txt", "--output", output)
    assert run(*common, *files, "--aligned", "--languages", "xx,en", "--layer", "1", "--json", tmp_path / "r.json") == 0
    assert output.read_text().split() == [str(number) for number in range(60)]
    said = capsys.readouterr().out
    assert "accuracy 100.00  task:retrieval|dir:xx>en|metric:accuracy|rule:mean-of-layer-1|n:60|model:" in said
    (tmp_path / "b.txt").write_text("w1\n")
    with pytest.raises(InputError, match=r"has 60 sentences, .*b\.txt 1: --aligned needs equally many"):
        run(*common, "--source", tmp_path / "a.txt", "--target", tmp_path / "b.txt", "--aligned")
    with pytest.raises(InputError, match=r"--layer 3: the model has the embeddings \(0\) and layers 1 to 2"):
        run(*common, *files, "--layer", "3")
    assert run(*common[:4], *files) == 0  # the pieces that lie beside dict.txt
    (tmp_path / "spm.model").unlink()
    with pytest.raises(InputError, match="no binarized data, so text; give --sentencepiece"):
        run(*common[:4], *files)


def write_text(path, indices):
    builder = indexed_dataset.make_builder(f"{path}.bin", impl="mmap", vocab_size=40)
    for row in indices:
        builder.add_item(torch.cat((row, torch.tensor([2]))))
    builder.finalize(f"{path}.idx")
    return path


def test_bad_requests_are_told_in_one_line_before_the_work(tmp_path, ours, dictionary, capsys):
    text, output = write_text(tmp_path / "a b", sentences(3)), tmp_path / "out.tsv"
    common = ("--checkpoint", ours[0], "--dict", dictionary, "--source", text, "--target", text, "--output", output)
    assert run(*common) == 0
    output.unlink()
    capsys.readouterr()
    with pytest.raises(InputError, match="only --aligned has a result"):
        run(*common, "--json", tmp_path / "r.json")
    with pytest.raises(InputError, match="--batch-size 0 is not at least 1"):
        run(*common, "--batch-size", "0")
    with pytest.raises(InputError, match="'a b>a b' cannot stand in a score's signature"):
        run(*common, "--aligned")
    torch.nn.init.constant_(ours[1].encoder.sentence_encoder.embed_tokens.weight, float("nan"))
    diverged = saved(tmp_path / "nan.pt", ours[1], {"cfg": {"model": {"encoder_attention_heads": 2}}})
    with pytest.raises(InputError, match=r"nan\.pt: .*: the run diverged; take an earlier checkpoint"):
        run("--checkpoint", diverged, *common[2:])
    assert not output.exists()
    assert not capsys.readouterr().out


def test_another_kind_of_checkpoint_is_refused_in_one_line(tmp_path):
    torch.save({"model": {"encoder.weight": torch.zeros(1)}}, tmp_path / "other.pt")
    with pytest.raises(InputError, match=r"other.pt: holds no sentence_encoder.embed_positions.weight"):
        architecture_options(tmp_path / "other.pt")
    with pytest.raises(InputError, match="there is no such checkpoint"):
        architecture_options(tmp_path / "none.pt")
