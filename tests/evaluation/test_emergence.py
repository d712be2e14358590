"""Measures over checkpoints and layers: against numpy, a word or a sentence at a time, and by models made to fit."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary
from fairseq.data.indexed_dataset import MMapIndexedDatasetBuilder

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

WORDS, MASK = 20, 44  # of each language; tokens 4 to 23 and 24 to 43
SIZES = {"encoder_layers": 2, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_attention_heads": 2}


@pytest.fixture
def pair(tmp_path):
    folder = tmp_path / "bin"
    rng = np.random.default_rng(1)
    sentences = [(rng.permutation(WORDS)[: rng.integers(2, 9)] + 4).tolist() for _ in range(30)]
    sentences.insert(3, [])
    lines = [f"en{word} {word + 1}" for word in range(WORDS)] + [f"xx{word} {word + 1}" for word in range(WORDS)]
    for language, offset in (("en", 0), ("xx", WORDS)):
        (folder / language).mkdir(parents=True)
        prefix = folder / language / "valid"
        builder = MMapIndexedDatasetBuilder(f"{prefix}.bin", dtype=np.int32)
        for sentence in sentences:
            builder.add_item(torch.tensor([token + offset for token in sentence] + [2]))
        builder.finalize(f"{prefix}.idx")
    (folder / "dict.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "counterparts.tsv").write_text("".join(f"en{word}\txx{word}\n" for word in range(WORDS)))
    return tmp_path, [sentence for sentence in sentences if sentence]


def make_model(folder, **settings):
    dictionary = Dictionary.load(str(folder / "bin" / "dict.txt"))
    dictionary.add_symbol("<mask>")
    torch.manual_seed(3)
    cfg = MultilingualRobertaConfig(max_positions=20, init_std=0.5, **SIZES, **settings)
    task = SimpleNamespace(source_dictionary=dictionary, languages=["en", "xx"])
    return MultilingualRoberta.build_model(cfg, task).eval()


def measure(folder, *models, arguments=()):
    paths = []
    for number, model in enumerate(models):
        paths.append(folder / f"{number}.pt")
        history = [{"num_updates": 100 * (len(models) - number)}]
        settings = {"cfg": {"model": dict(SIZES)}, "task_state": {"languages": ["en", "xx"]}}
        torch.save({"model": model.state_dict(), "optimizer_history": history, **settings}, paths[-1])
    output = folder / "points.json"
    given = ["--data", folder / "bin", "--counterparts", folder / "counterparts.tsv", "--json", output, *arguments]
    status = main("fairseq_alignmlm", "", ["emergence", *map(str, paths), *map(str, given)])
    return status, json.loads(output.read_text())["points"] if status == 0 else None


def states(model, tokens, layer, **inputs):
    found = model(torch.tensor([tokens]), features_only=True, return_all_hiddens=True, **inputs)[1]["inner_states"]
    return found[layer][0].detach().numpy().astype(np.float64)


def accuracy(source, target, weights=None):
    unit = [np.stack(side) / np.linalg.norm(np.stack(side), axis=1, keepdims=True) for side in (source, target)]
    return 100 * np.average((unit[0] @ unit[1].T).argmax(axis=1) == np.arange(len(source)), weights=weights)


def test_words_and_sentences_are_those_of_numpy(pair):
    folder, sentences = pair
    model = make_model(folder)
    words = model.word_embeddings.data
    words[24:44] = words[4:24] + 0.35 * torch.randn(20, 16)  # neighbours, but not always the nearest
    status, [point] = measure(folder, model, arguments=("--sentences", 25))
    assert (status, point["updates"], point["sentences"]) == (0, 100, 25)
    for layer, found in enumerate(point["layers"]):
        both = [[states(model, [0, 4 + word + 20 * side, 2], layer)[1] for word in range(WORDS)] for side in (0, 1)]
        assert found["words"] == pytest.approx(accuracy(*both))
        assert found["words_by_frequency"] == pytest.approx(accuracy(*both, weights=np.arange(1, WORDS + 1)))
        texts = [
            [states(model, [0, *(t + 20 * side for t in row), 2], layer).mean(axis=0) for row in sentences[:25]]
            for side in (0, 1)
        ]
        assert found["sentences"] == pytest.approx(accuracy(*texts))
        assert found["sentences_back"] == pytest.approx(accuracy(*texts[::-1]))
    assert 0 < point["layers"][2]["words"] < 100  # neither is by construction
    assert 0 < point["layers"][2]["sentences"] < 100


def test_equal_embeddings_are_all_found_and_checkpoints_come_in_their_order(pair):
    folder, _ = pair
    equal, other = make_model(folder), make_model(folder)
    equal.word_embeddings.data[24:44] = equal.word_embeddings.data[4:24]
    _, points = measure(folder, other, equal)
    assert [point["updates"] for point in points] == [100, 200]
    assert points[0]["alignment"]["all"] == 100
    assert all(layer[name] == 100 for layer in points[0]["layers"] for name in ("words", "sentences"))
    assert points[1]["alignment"]["all"] < 50


def test_a_dictionary_parts_its_tokens_from_held_out_ones(pair):
    folder, _ = pair
    model = make_model(folder)
    model.word_embeddings.data[24:29] = model.word_embeddings.data[
        4:9
    ]  # five words are aligned: those of the dictionary
    (folder / "dictionary.tsv").write_text("".join(f"en{word}\txx{word}\n" for word in range(5)))
    _, [point] = measure(folder, model, arguments=("--dictionary", folder / "dictionary.tsv"))
    scores = point["alignment"]
    assert scores["dictionary"] == 100 > scores["held_out"]
    assert scores["all"] == pytest.approx((5 * 100 + 15 * scores["held_out"]) / 20)


def test_a_model_that_knows_nothing_has_the_loss_of_a_guess_and_one_language_may_have_more(pair):
    folder, _ = pair
    model = make_model(folder)
    model.encoder.lm_head.layer_norm.weight.data.zero_()
    _, [point] = measure(folder, model)
    assert point["loss"] == {"en": pytest.approx(math.log2(45)), "xx": pytest.approx(math.log2(45))}
    model.encoder.lm_head.bias.data[24:44] = 5.0
    _, [point] = measure(folder, model)
    assert point["loss"]["xx"] < math.log2(45) < point["loss"]["en"]


def test_a_model_with_tables_of_each_language_is_told_the_language(pair):
    folder, _ = pair
    model = make_model(folder, language_embeddings=True, language_positions=True)
    _, [point] = measure(folder, model)
    ids = [torch.full((1, 3), number) for number in (1, 2)]
    both = [
        [states(model, [0, 4 + word + 20 * side, 2], 2, language_ids=ids[side])[1] for word in range(WORDS)]
        for side in (0, 1)
    ]
    assert point["layers"][2]["words"] == pytest.approx(accuracy(*both))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--languages", "en,yy"), "was trained on en, xx, not on 'yy'"),
        (("--sentences", "1"), "give at least 2"),
        (("--split", "test"), "no such file"),
    ],
)
def test_bad_input_is_one_line(pair, capsys, arguments, message):
    assert measure(pair[0], make_model(pair[0]), arguments=arguments)[0] == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ") and message in error


def test_a_loss_that_is_no_number_is_refused(pair, capsys):
    model = make_model(pair[0])
    model.encoder.lm_head.bias.data[7] = math.nan  # neither the embeddings nor the layers show it
    assert measure(pair[0], model)[0] == 2
    assert "loss is not finite" in capsys.readouterr().err


def test_a_diverged_run_and_two_checkpoints_of_one_update_are_refused(pair, capsys):
    folder, _ = pair
    model = make_model(folder)
    model.encoder.sentence_encoder.layers[1].fc1.weight.data[0, 0] = math.nan
    assert measure(folder, model)[0] == 2
    assert "diverged" in capsys.readouterr().err
    path = folder / "0.pt"
    torch.save(torch.load(path) | {"model": make_model(folder).state_dict()}, path)
    given = ["--data", folder / "bin", "--counterparts", folder / "counterparts.tsv"]
    assert main("fairseq_alignmlm", "", ["emergence", str(path), str(path), *map(str, given)]) == 2
    assert "same number of updates" in capsys.readouterr().err


def test_counterparts_of_the_other_direction_are_refused(pair, capsys):
    folder, _ = pair
    path = folder / "counterparts.tsv"
    header = '# identity: {"languages": ["xx", "en"]}\n'
    path.write_text(header + "".join(f"xx{word}\ten{word}\n" for word in range(WORDS)))
    assert measure(folder, make_model(folder))[0] == 2
    assert "counterparts.tsv" in capsys.readouterr().err
