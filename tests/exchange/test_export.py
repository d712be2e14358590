"""Export: plain transformers computes the same from what is written, and nothing else is written."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

pytest.importorskip("transformers", reason="needs the extra [hf]")

import torch
import transformers
from fairseq.data import Dictionary
from safetensors.torch import load_file

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import read_state
from fairseq_alignmlm.exchange.exporting import export_checkpoint
from fairseq_alignmlm.exchange.importing import checkpoint_state, import_folder
from fairseq_alignmlm.exchange.own_model import model_settings
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

SIZES = {"encoder_layers": 2, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_attention_heads": 2}
TEXT = ["the cat sat on the mat", "a dog saw the cat", "under the mat sat a dog and a cat , too"] * 20


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """English and its transliteration: SentencePiece model and binarized text, as `data_prep` makes them."""

    root = tmp_path_factory.mktemp("pair")
    folder = root / "text" / "en"
    folder.mkdir(parents=True)
    for split in ("train", "valid"):
        (folder / f"{split}.txt").write_text("\n".join(TEXT) + "\nunseen: Zoé\u00ad ␟ x ▁ y\n", encoding="utf-8")
    derived = root / "text" / "en_trans"
    derived.mkdir()
    for path in folder.iterdir():
        (derived / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    for command in (
        ["vocabulary", "--pair", str(root), "--language", "en", "--size", "40"],
        ["encode", "--pair", str(root), "--language", "en", "--derived", "en_trans"],
        ["binarize", "--pair", str(root), "--with", "direct"],
    ):
        assert main("data_prep", "", command) == 0
    return root


def own_checkpoint(pair, path, kind="ForMaskedLM", labels=(), criterion="mlm", **settings):
    """Save a random model as a run of this package does."""
    torch.manual_seed(5)
    dictionary = Dictionary.load(str(pair / "bin" / "dict.txt"))
    dictionary.add_symbol("<mask>")
    cfg = MultilingualRobertaConfig(max_positions=20, init_std=0.3, **{**SIZES, **settings})
    model = MultilingualRoberta.build_model(cfg, SimpleNamespace(source_dictionary=dictionary, languages=["en", "xx"]))
    if labels:
        tags = kind == "ForTokenClassification"
        name = "xtreme_tagging" if tags else "xtreme_classification"
        model.register_classification_head(name, len(labels), per_token=tags)
    for weight in model.parameters():
        weight.data.add_(torch.randn_like(weight), alpha=0.3)
    known = {name: getattr(cfg, name) for name in ("encoder_normalize_before", "layer_norm_eps", "max_positions")}
    known |= {name: str(getattr(cfg, name)) for name in ("activation_fn", "pooler_activation_fn")}
    known |= {"encoder_attention_heads": 2, "pooler_dropout": 0.0}
    state = checkpoint_state(model.state_dict(), known, kind, pair / "bin", ["en", "en_trans"], labels)
    state["cfg"]["criterion"] = {"_name": criterion}
    torch.save(state, path)
    return model.eval()


@pytest.mark.parametrize("pre_norm", [False, True])
@pytest.mark.parametrize("languages", [False, True])
def test_an_own_model_in_transformers(pair, tmp_path, pre_norm, languages):
    checkpoint = tmp_path / "run" / "model.pt"
    checkpoint.parent.mkdir()
    model = own_checkpoint(pair, checkpoint, encoder_normalize_before=pre_norm, language_embeddings=languages)
    record = export_checkpoint(checkpoint, tmp_path / "out")
    assert record["logits"]["argmax_equal"] == record["logits"]["positions"]
    assert record["tokenizer"]["en"] == {"lines": 61, "different": 0, "first": (), "file": "valid.txt"}
    assert record["tokenizer"]["en_trans"]["different"] == 0
    other = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "out").eval()
    assert type(other).__name__ == ("RobertaPreLayerNormForMaskedLM" if pre_norm else "RobertaForMaskedLM")
    for number, language in enumerate(("en", "en_trans"), 1):
        tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out", subfolder=language)
        batch = tokenizer(["the cat sat", "a dog saw the mat and <mask>"], padding=True, return_tensors="pt")
        present = batch["attention_mask"]
        with torch.no_grad():
            expected = model(batch["input_ids"], language_ids=number * present if languages else None)[0]
            found = other(**batch).logits
        torch.testing.assert_close(found[present.bool()], expected[present.bool()], atol=1e-4, rtol=0)
        assert batch["input_ids"][1][-2] == len(model.word_embeddings) - 1  # <mask>
        if languages:  # without token types the result is another one, which the card says
            del batch["token_type_ids"]
            with torch.no_grad():
                assert (other(**batch).logits - found).abs().max() > 0.05 * found.abs().max()
    card = (tmp_path / "out" / "README.md").read_text()
    assert ("Token types are languages: 1 = en, 2 = en_trans" in card) == languages
    assert "masked language modelling (MLM)" in card


@pytest.mark.parametrize("kind", ["ForTokenClassification", "ForSequenceClassification"])
def test_fine_tuned_heads_with_their_labels(pair, tmp_path, kind):
    checkpoint = tmp_path / "tuned.pt"
    model = own_checkpoint(pair, checkpoint, kind, labels=["B-PER", "I-PER", "O"])
    export_checkpoint(checkpoint, tmp_path / "out")
    other = getattr(transformers, f"AutoModel{kind}").from_pretrained(tmp_path / "out").eval()
    assert other.config.id2label == {0: "B-PER", 1: "I-PER", 2: "O"}
    tokens = torch.tensor([[0, 7, 9, 2]])
    name = "xtreme_tagging" if "Token" in kind else "xtreme_classification"
    with torch.no_grad():
        torch.testing.assert_close(
            other(tokens).logits, model(tokens, classification_head_name=name)[0], atol=1e-5, rtol=0
        )


@pytest.mark.parametrize("name", ["bert", "camembert", "xlm-roberta tagger", "distilbert classifier", "bert tagger"])
def test_an_imported_model_goes_back_as_it_came(make_folder, tmp_path, name):
    folder = make_folder(name)
    import_folder(folder, tmp_path / "in" / "model.pt")
    (tmp_path / "text").write_text("w7 w8 w40\nw9 unknown </s>\n")
    record = export_checkpoint(tmp_path / "in" / "model.pt", tmp_path / "out", lines=[("x", tmp_path / "text")])
    before, after = (load_file(path / "model.safetensors") for path in (folder, tmp_path / "out"))
    assert before.keys() == after.keys()
    assert all(torch.equal(tensor, after[key]) for key, tensor in before.items())
    configs = [json.loads((path / "config.json").read_text()) for path in (folder, tmp_path / "out")]
    assert configs[1] == configs[0]
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (folder / "tokenizer.json").read_bytes()
    assert record["tokenizer"]["x"]["lines"] == 2


def test_a_model_with_languages_comes_back_with_their_names(pair, tmp_path):
    checkpoint = tmp_path / "model.pt"
    own_checkpoint(pair, checkpoint, language_embeddings=True)
    export_checkpoint(checkpoint, tmp_path / "out", pair)
    import_folder(tmp_path / "out", tmp_path / "again" / "model.pt")
    before, after = read_state(checkpoint), read_state(tmp_path / "again" / "model.pt")
    assert after["task_state"]["languages"] == ["en", "en_trans"]
    assert all(torch.equal(tensor, after["model"][key]) for key, tensor in before["model"].items())
    assert before["model"].keys() == after["model"].keys()


def test_nothing_is_written_when_transformers_disagrees(pair, tmp_path, monkeypatch):
    checkpoint = tmp_path / "model.pt"
    own_checkpoint(pair, checkpoint)
    from fairseq_alignmlm.exchange import exporting

    def wrong(*arguments):
        found = dict(to_folder(*arguments))
        found["lm_head.bias"] = found["lm_head.bias"] + torch.linspace(0, 0.01, len(found["lm_head.bias"]))
        return found

    to_folder = exporting.to_folder
    monkeypatch.setattr(exporting, "to_folder", wrong)
    with pytest.raises(InputError, match="transformers computes something else: 64 sequences"):
        export_checkpoint(checkpoint, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_no_class_has_is_refused(pair, tmp_path, capsys):
    for settings, message in (
        ({"no_layernorm_embedding": True}, "no layer norm on the embeddings"),
        ({"language_positions": True}, "--language-positions, embeddings that no class of transformers has"),
        ({"activation_fn": "relu"}, "the output layer has activation relu"),
        ({"activation_fn": "gelu_accurate"}, "activation gelu_accurate is not exported"),
    ):
        own_checkpoint(pair, tmp_path / "model.pt", **settings)
        assert main("fairseq_alignmlm", "", ["export", str(tmp_path / "model.pt"), "--to", str(tmp_path / "out")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_another_vocabulary_is_refused(pair, make_folder, tmp_path):
    own_checkpoint(pair, tmp_path / "model.pt")
    import_folder(make_folder("bert"), tmp_path / "in" / "model.pt")
    with pytest.raises(InputError, match="has 60 symbols, the checkpoint"):
        export_checkpoint(tmp_path / "model.pt", tmp_path / "out", tmp_path / "in")
    import_folder(make_folder("camembert"), tmp_path / "other" / "model.pt")
    with pytest.raises(InputError, match=r"is of another vocabulary .* than the checkpoint"):
        export_checkpoint(tmp_path / "in" / "model.pt", tmp_path / "out", tmp_path / "other")
    with pytest.raises(InputError, match=r"no vocabulary in .*give --vocabulary"):
        export_checkpoint(tmp_path / "model.pt", tmp_path / "out", tmp_path / "nowhere")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(InputError, match="is there and no earlier export"):
        export_checkpoint(tmp_path / "model.pt", tmp_path / "mine")


def test_settings_of_a_run_are_kept(pair, tmp_path):
    own_checkpoint(pair, tmp_path / "model.pt", layer_norm_eps=1e-7)
    settings = model_settings(read_state(tmp_path / "model.pt"), tmp_path / "model.pt")
    assert settings["layer_norm_eps"] == 1e-7
    assert settings["encoder_attention_heads"] == 2
