"""The Python API: names of the package, features and masked words as stock fairseq has them, tables."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary
from fairseq.models.roberta import RobertaModel

import data_prep
import fairseq_alignmlm
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"encoder_layers": 2, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_attention_heads": 2}
WORDS = ["▁the", "▁dog", "▁runs", "▁fast"]
DERIVED = [f"xx:{word}" for word in WORDS]


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """The files of a language pair, without a SentencePiece model: sentences are given as pieces."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dict.txt").write_text("".join(f"{word} 1\n" for word in WORDS + DERIVED), encoding="utf-8")
    lines = (f"{first}\t{second}\n" for first, second in zip(WORDS, DERIVED, strict=True))
    (tmp_path / "counterparts.tsv").write_text("".join(lines), encoding="utf-8")
    return tmp_path


def vocabulary(pair: Path) -> Dictionary:
    symbols = Dictionary.load(str(pair / "bin/dict.txt"))
    symbols.add_symbol("<mask>")
    return symbols


def test_the_package_exports_the_api_and_stays_light() -> None:
    code = (
        "import sys, fairseq_alignmlm, data_prep; assert 'torch' not in sys.modules and 'fairseq' not in sys.modules;"
        "print(sorted(fairseq_alignmlm.__all__), callable(fairseq_alignmlm.score))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['alignment', 'from_pretrained', 'read_results', 'score'] True"
    with pytest.raises(AttributeError, match="nonsense"):
        _ = fairseq_alignmlm.nonsense


def test_a_sentence_is_derived() -> None:
    assert data_prep.derive(["the", "dog", "runs", "."]) == ["runs", "dog", "the", "."]
    words = ["a", "b", "c", "d", "e", "f", "g", "h", "."]
    permuted = data_prep.derive(words, ["perm"], seed=3)
    assert permuted != words and sorted(permuted) == sorted(words)
    assert permuted == data_prep.derive(words, ["perm"], seed=3) != data_prep.derive(words, ["perm"], seed=4)
    with pytest.raises(InputError, match="needs noun="):
        data_prep.derive(words, ["syn"])


def test_alignment_of_tables_is_that_of_numpy() -> None:
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(50, 8)), rng.normal(size=(60, 8))
    target[:30] = source[:30] + 0.1 * rng.normal(size=(30, 8))
    unit = [table / np.linalg.norm(table, axis=1, keepdims=True) for table in (source, target)]
    expected = 100 * np.mean((unit[0] @ unit[1].T).argmax(1) == np.arange(50))
    assert fairseq_alignmlm.alignment(source, target) == pytest.approx(expected)
    source[3, 2] = np.nan
    with pytest.raises(FloatingPointError):
        fairseq_alignmlm.alignment(source, target)
    with pytest.raises(ValueError, match="M >= N"):
        fairseq_alignmlm.alignment(target, source)


def test_features_and_masked_words_are_those_of_stock_fairseq(pair: Path) -> None:
    torch.manual_seed(4)
    args = Namespace(max_positions=20, dropout=0.0, attention_dropout=0.0, **SIZES)
    task = SimpleNamespace(source_dictionary=vocabulary(pair), max_positions=lambda: 20)
    stock = RobertaModel.build_model(args, task)
    with torch.no_grad():
        stock.encoder.sentence_encoder.embed_tokens.weight.normal_(0, 0.5)
    torch.save({"model": stock.state_dict(), "args": args}, pair / "model.pt")
    stock.train()  # without dropout; evaluation goes through the stock model's second copies of its weights
    model = fairseq_alignmlm.from_pretrained(pair / "model.pt", pair)

    tokens = model.encode("▁the <mask> ▁runs")
    assert tokens.tolist() == [0, 4, 12, 6, 2]
    features, extra = stock(tokens[None], features_only=True, return_all_hiddens=True)
    torch.testing.assert_close(model.extract_features(tokens), features, atol=1e-5, rtol=0)
    hiddens = model.extract_features(tokens, return_all_hiddens=True)
    assert len(hiddens) == 3
    torch.testing.assert_close(hiddens[1], extra["inner_states"][1].transpose(0, 1), atol=1e-5, rtol=0)

    best = stock(tokens[None])[0][0, 2].softmax(-1).topk(3)
    found = model.fill_mask("▁the <mask> ▁runs", topk=3)
    assert [filling.piece for filling in found] == [task.source_dictionary[i] for i in best.indices.tolist()]
    assert [filling.probability for filling in found] == pytest.approx(best.values.tolist(), abs=1e-5)
    with pytest.raises(InputError, match="2 times <mask>"):
        model.fill_mask("<mask> ▁the <mask>")
    with pytest.raises(InputError, match="positions for 20"):
        model.extract_features(torch.full((30,), 5))


def test_languages_have_symbols_and_embeddings_of_their_own(pair: Path) -> None:
    torch.manual_seed(5)
    cfg = MultilingualRobertaConfig(max_positions=20, language_embeddings=True, init_std=0.5, **SIZES)
    task = SimpleNamespace(source_dictionary=vocabulary(pair), languages=["en", "xx"])
    built = MultilingualRoberta.build_model(cfg, task).eval()  # type: ignore[arg-type]
    settings = {"cfg": {"model": {"encoder_attention_heads": 2}, "task": {"languages": "en,xx"}}}
    torch.save({"model": built.state_dict(), **settings}, pair / "ids.pt")
    model = fairseq_alignmlm.from_pretrained(pair / "ids.pt", pair)
    assert model.languages == ("en", "xx")
    tokens = model.encode("▁runs ▁dog", "xx")
    assert [model.dictionary[i] for i in tokens[1:-1].tolist()] == ["xx:▁runs", "xx:▁dog"]
    assert model.decode(tokens) == "runs dog"
    expected = built(tokens[None], language_ids=torch.full((1, 4), 2), features_only=True)[0]
    torch.testing.assert_close(model.extract_features(tokens, "xx"), expected)
    with pytest.raises(InputError, match="name the language"):
        model.extract_features(tokens)
    with pytest.raises(InputError, match="unknown language 'fr'"):
        model.encode("▁runs", "fr")


def test_the_tour_of_the_documentation_runs(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(6)
    task = SimpleNamespace(source_dictionary=vocabulary(pair), languages=["en", "xx"])
    cfg = MultilingualRobertaConfig(max_positions=20, init_std=0.5, **SIZES)
    built = MultilingualRoberta.build_model(cfg, task)  # type: ignore[arg-type]
    with torch.no_grad():
        built.word_embeddings[8:12] = built.word_embeddings[4:8]  # counterparts are equal: aligned
    settings = {"cfg": {"model": {"encoder_attention_heads": 2}, "task": {"languages": "en,xx"}}}
    torch.save({"model": built.state_dict(), **settings}, pair / "tour.pt")
    spec = importlib.util.spec_from_file_location("api_tour", ROOT / "docs/examples/api_tour.py")
    assert spec and spec.loader
    tour = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tour)
    tour.main(str(pair), str(pair / "tour.pt"))
    printed = capsys.readouterr().out
    assert "inverted: cat a sees dog the ." in printed
    assert "alignment: 100.0 %" in printed and "layers: 2" in printed


def test_files_that_are_missing_are_one_line(pair: Path) -> None:
    with pytest.raises(InputError, match=r"no such checkpoint"):
        fairseq_alignmlm.from_pretrained(pair / "none.pt", pair)
    with pytest.raises(InputError, match="give `pair`"):
        fairseq_alignmlm.from_pretrained(pair / "none.pt")


def test_scores_and_results(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    (tmp_path / "gold.tsv").write_text("the\tDET\ndog\tNOUN\n", encoding="utf-8")
    (tmp_path / "predicted.tsv").write_text("DET\nVERB\n", encoding="utf-8")
    found = fairseq_alignmlm.score("udpos", tmp_path / "predicted.tsv", tmp_path / "gold.tsv", language="en")
    assert found["languages"]["en"]["scores"]["accuracy"] == 50.0
    (tmp_path / "short.tsv").write_text("DET\n", encoding="utf-8")
    with pytest.raises(InputError):
        fairseq_alignmlm.score("udpos", tmp_path / "short.tsv", tmp_path / "gold.tsv", language="en")

    result = """{"objective": "mlm", "pair": "en-xx", "transformation": "trans", "scale": "toy", "seed": 1,
        "alignment": {"all": 12.5}, "transfer": {"pos": {"sup": {"accuracy": 90}, "zs": {"accuracy": 60}}}}"""
    (tmp_path / "result.json").write_text(result, encoding="utf-8")
    table = fairseq_alignmlm.read_results(tmp_path)
    assert table.query("direction == 'delta'").percent.tolist() == [30.0]
    assert table.query("task == 'alignment'").percent.tolist() == [12.5]
