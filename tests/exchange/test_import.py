"""Import: every family exactly, and back byte for byte; what cannot be exact is refused in one line."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import read_state
from fairseq_alignmlm.exchange.importing import import_folder
from fairseq_alignmlm.exchange.own_model import build_own
from fairseq_alignmlm.exchange.source import Source
from fairseq_alignmlm.exchange.weights_out import to_folder
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary

FOLDERS = json.loads(Path(__file__).with_name("folders.json").read_text())
WITH_HEAD = [name for name in FOLDERS if name != "roberta without a head"]


def imported(folder, **options):
    target = folder / "imported" / "model.pt"
    record = import_folder(folder, target, **options)
    return read_state(target), record


@pytest.mark.parametrize("name", WITH_HEAD)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_weights_come_back_byte_for_byte(make_folder, name, dtype):
    folder = make_folder(name, dtype=dtype)
    state, record = imported(folder)
    assert record["dtype"] == str(dtype).removeprefix("torch.")
    source = Source.read(folder)
    back = to_folder(
        state["model"], source.family, source.kind, 2, source.tokenizer.order, state["exchange"]["kept"], source.config
    )
    original = load_file(folder / "model.safetensors")
    assert set(original) - set(back) == set(record["dropped"])
    for key, tensor in back.items():
        assert torch.equal(tensor.to(dtype), original[key]), key


@pytest.mark.parametrize("name", WITH_HEAD)
def test_logits_are_those_of_transformers(make_folder, name):
    pytest.importorskip("transformers", reason="needs the extra [hf]")
    from fairseq_alignmlm.exchange.verification import verify

    folder = make_folder(name)
    imported(folder)
    agreement = verify(folder / "imported" / "model.pt", folder)
    assert agreement.sequences == 64
    assert agreement.argmax_equal == agreement.positions
    assert agreement.largest_difference < 5e-6 * agreement.scale


def test_a_comparison_with_other_weights_fails(make_folder):
    pytest.importorskip("transformers", reason="needs the extra [hf]")
    from fairseq_alignmlm.exchange.verification import verify

    folder = make_folder("bert")
    imported(folder)
    weights = load_file(folder / "model.safetensors")
    weights["bert.encoder.layer.1.output.LayerNorm.bias"][3] += 0.01
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="transformers computes something else"):
        verify(folder / "imported" / "model.pt", folder)


@pytest.mark.parametrize("name", ["bert", "camembert", "xlm-roberta"])
def test_dict_txt_numbers_the_rows_of_the_embeddings(make_folder, name):
    folder = make_folder(name)
    state, _ = imported(folder)
    dictionary = load_vocabulary(folder / "imported" / "dict.txt")
    words = state["model"]["encoder.sentence_encoder.embed_tokens.weight"]
    assert len(dictionary) == len(words)
    source = Source.read(folder)
    original = load_file(folder / "model.safetensors")[source.family.words]
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    ids = vocabulary if name == "bert" else {piece: number for number, (piece, _) in enumerate(vocabulary)}
    for number in (20, 35, 58):
        symbol = f"w{number}" if name == "bert" else f"▁w{number}"
        assert torch.equal(words[dictionary.index(symbol)], original[number])
    for use, row in (("bos", dictionary.bos()), ("pad", 1), ("eos", 2), ("unk", 3), ("mask", len(words) - 1)):
        assert torch.equal(words[row], original[ids[source.special[use]]])
    if name == "bert":  # its own word <s> is not the special symbol
        assert torch.equal(words[dictionary.index("<token:s>")], original[14])


def test_parts_are_read_through_their_index(make_folder):
    folder = make_folder("roberta")
    whole, _ = imported(folder)
    weights = load_file(folder / "model.safetensors")
    keys = sorted(weights)
    parts = {"model-00001-of-00002.safetensors": keys[:9], "model-00002-of-00002.safetensors": keys[9:]}
    for name, part in parts.items():
        save_file({key: weights[key] for key in part}, folder / name)
    index = {"weight_map": {key: name for name, part in parts.items() for key in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").unlink()
    parted, _ = imported(folder)
    assert all(torch.equal(parted["model"][key], tensor) for key, tensor in whole["model"].items())
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(InputError, match=r"model-00002-of-00002.safetensors: no such file, .*index.json names it"):
        imported(folder)
    index["weight_map"]["lm_head.bias"] = "../elsewhere.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"'\.\./elsewhere.safetensors' is not a file of the folder"):
        imported(folder)


def test_old_names_of_layer_norms_and_index_tables_are_understood(make_folder):
    folder = make_folder("bert")
    expected, _ = imported(folder)
    weights = load_file(folder / "model.safetensors")
    for key in [key for key in weights if "LayerNorm" in key]:
        weights[key.replace(".weight", ".gamma").replace(".bias", ".beta")] = weights.pop(key)
    weights["bert.embeddings.position_ids"] = torch.arange(40)[None]
    weights["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"].clone()
    save_file(weights, folder / "model.safetensors")
    found, _ = imported(folder)
    assert all(torch.equal(found["model"][key], tensor) for key, tensor in expected["model"].items())


def test_an_encoder_without_a_head_needs_a_fresh_one_and_a_pooler_can_start_a_head(make_folder):
    folder = make_folder("roberta without a head")
    with pytest.raises(InputError, match=r"has no masked language modelling head.*give --fresh-lm-head"):
        imported(folder)
    state, record = imported(folder, fresh_lm_head=True, pooler_classes=3)
    assert record["fresh"] == ["lm_head"]
    assert record["dropped"] == ["roberta.pooler.dense.bias", "roberta.pooler.dense.weight"]
    dense = state["model"]["classification_heads.xtreme_classification.dense.weight"]
    assert torch.equal(dense, load_file(folder / "model.safetensors")["pooler.dense.weight"])
    model = build_own(state, folder)
    assert model(torch.tensor([[0, 5, 2]]), classification_head_name="xtreme_classification")[0].shape == (1, 3)


def test_token_types_become_languages_when_asked(make_folder):
    folder = make_folder("roberta-prelayernorm tagger")
    state, _ = imported(folder, languages=["en"])
    original = load_file(folder / "model.safetensors")
    types = original["roberta_prelayernorm.embeddings.token_type_embeddings.weight"]
    assert torch.equal(state["model"]["encoder.sentence_encoder.embed_languages.weight"], types)
    with pytest.raises(InputError, match="2 token types are not padding and the languages en,fr"):
        imported(folder, languages=["en", "fr"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_act": "gelu_new"}, "hidden_act 'gelu_new' is another function"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'relative_key' makes another model"),
        ({"rope_theta": 10000.0}, "rope_theta 10000.0 makes another model"),
        ({"model_type": "deberta"}, "model_type 'deberta' is not converted; these are: bert"),
        ({"architectures": ["BertForQuestionAnswering"]}, "class BertForQuestionAnswering is not converted"),
        ({"hidden_size": "16"}, "hidden_size '16' is not a size"),
        ({"hidden_size": 10**12}, "hidden_size 1000000000000 is not a size"),
        ({"hidden_size": 18}, r"word_embeddings.weight has shape \(60, 16\), config.json gives \(60, 18\)"),
        ({"num_hidden_layers": 3}, "lacks bert.encoder.layer.2"),
        ({"num_hidden_layers": 1}, "holds bert.encoder.layer.1.*for which there is no place"),
        ({"layer_norm_eps": None}, r"layer_norm_eps None is not a number"),
        ({"layer_norm_eps": "leave out"}, "has no layer_norm_eps"),
        ({"vocab_size": 50}, "token 'w50' has id 50, the model 50 rows"),
        ({"is_decoder": True}, "is_decoder True makes another model"),
        ({"auto_map": {"AutoModel": "evil.py"}}, "auto_map .* makes another model"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings is false and the output projection is missing"),
    ],
)
def test_another_model_is_refused_by_name(make_folder, changes, message):
    folder = make_folder("bert", changes)
    with pytest.raises(InputError, match=message):
        imported(folder)
    assert not (folder / "imported" / "model.pt").exists()


def test_an_output_projection_of_its_own_is_refused(make_folder):
    folder = make_folder("roberta", **{"lm_head.decoder.weight": torch.zeros(60, 16)})
    with pytest.raises(InputError, match=r"lm_head\.decoder\.weight differs from the word embeddings"):
        imported(folder)


def break_weights(folder, how):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    if how == "pickle":
        path.unlink()
        torch.save({}, folder / "pytorch_model.bin")
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "header":
        path.write_bytes(content[:100])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "huge header":
        path.write_bytes(struct.pack("<Q", 1 << 62) + content[8:])
    elif how == "not a number":
        weights = load_file(path)
        weights["lm_head.bias"][3] = float("nan")
        save_file(weights, path)
    elif how == "integers":
        weights = load_file(path)
        weights["lm_head.bias"] = weights["lm_head.bias"].long()
        save_file(weights, path)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("pickle", "no model.safetensors, only pytorch_model.bin, which is not read: a pickle can run code"),
        ("truncated", "model.safetensors: is truncated"),
        ("header", "model.safetensors: is truncated"),
        ("empty", "model.safetensors: is truncated"),
        ("huge header", "model.safetensors: not a safetensors file"),
        ("not a number", "lm_head.bias holds NaN or infinity"),
        ("integers", "lm_head.bias holds I64, no floating-point numbers"),
    ],
)
def test_broken_weights_are_one_line(make_folder, capsys, how, message):
    folder = make_folder("roberta")
    break_weights(folder, how)
    assert main("fairseq_alignmlm", "", ["import", str(folder), "--to", str(folder / "imported" / "model.pt")]) == 2
    told = capsys.readouterr().err.strip()
    assert message in told
    assert "\n" not in told
    assert not (folder / "imported").exists() or not list((folder / "imported").glob("*.pt"))


def hostile(content, how):
    if how == "regex":
        content["pre_tokenizer"] = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}
    elif how == "amplifier":
        content["normalizer"] = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100_000}
    elif how == "kind":
        content["model"]["type"] = "Script"
    elif how == "no vocabulary":
        content["model"]["vocab"] = {}
    elif how == "ids":
        content["model"]["vocab"]["w20"] = 21
    elif how == "negative":
        content["model"]["vocab"]["w20"] = -1
    elif how == "special":
        del content["model"]["vocab"]["<mask>"]
    elif how == "charsmap":
        content["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    elif how == "nested":
        return '{"model":' * 100_000
    return json.dumps(content)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("regex", "has a pattern of its own, '(a+)+$', which could take for ever"),
        ("amplifier", "the normalizer's content has 100,000 characters"),
        ("kind", "a model of type 'Script' is not read"),
        ("no vocabulary", "has no vocabulary"),
        ("ids", "have one id"),
        ("negative", "token 'w20' has id -1, the model 60 rows"),
        ("special", "has no token '<mask>', which serves as mask"),
        ("charsmap", "not a tokenizer"),
        ("nested", "not JSON"),
    ],
)
def test_a_hostile_tokenizer_is_one_line(make_folder, capsys, how, message):
    folder = make_folder("roberta")
    path = folder / "tokenizer.json"
    path.write_text(hostile(json.loads(path.read_text()), how))
    assert main("fairseq_alignmlm", "", ["import", str(folder), "--to", str(folder / "imported" / "model.pt")]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(told) == 1
    assert message in told[0]


def test_tokens_cannot_add_lines_or_words_to_dict_txt(make_folder):
    folder = make_folder("roberta")
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    vocabulary = content["model"]["vocab"]
    strange = {"a b": 20, "c\nd 5": 21, "e\u2028f": 22, "": 23, " ": 24, "g\u00a0h": 25, "<000A>": 26, "\n": 27}
    content["model"]["vocab"] = {word: row for word, row in vocabulary.items() if row not in strange.values()} | strange
    path.write_text(json.dumps(content))
    _, record = imported(folder)
    assert record["tokens_respelled_in_dict"] == 7
    dictionary = load_vocabulary(folder / "imported" / "dict.txt")
    assert len(dictionary) == 60
    lines = (folder / "imported" / "dict.txt").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 56
    assert all(len(line.split()) == 2 for line in lines[:-1])


def test_a_second_vocabulary_does_not_go_into_the_same_folder(make_folder, tmp_path):
    first, second = make_folder("roberta"), make_folder("bert")
    import_folder(first, tmp_path / "models" / "a.pt")
    with pytest.raises(InputError, match="is the tokenizer of another model; give --to a folder of its own"):
        import_folder(second, tmp_path / "models" / "b.pt")
    shutil.rmtree(tmp_path / "models")
    import_folder(second, tmp_path / "models" / "b.pt")
