"""XTREME's protocol end to end: a stock checkpoint of XLM-R's shape, fine-tuned on one language, tested on two."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from argparse import Namespace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairseq_alignmlm.command_line import Parser
from fairseq_alignmlm.run.recipes import xtreme as recipe

WORDS = [f"w{number}" for number in range(40)]


@pytest.fixture
def checkpoint(tmp_path):
    """Random weights under XLM-R's key names, its vocabulary files beside them."""
    import sentencepiece
    from fairseq.data import Dictionary
    from fairseq.models.roberta import RobertaModel

    folder = tmp_path / "xlmr"
    folder.mkdir()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(WORDS[first : first + 10]) for first in range(31)] * 3),
        model_prefix=str(folder / "sentencepiece.bpe"),
        vocab_size=60,
        model_type="unigram",
        hard_vocab_limit=False,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.bpe.model"))
    pieces = [processor.id_to_piece(number) for number in range(3, len(processor))]
    (folder / "dict.txt").write_text("".join(f"{piece} 1\n" for piece in pieces), encoding="utf-8")
    dictionary = Dictionary.load(str(folder / "dict.txt"))
    dictionary.add_symbol("<mask>")
    args = Namespace(
        arch="roberta_base",
        task="multilingual_masked_lm",
        encoder_layers=1,
        encoder_embed_dim=16,
        encoder_ffn_embed_dim=32,
        encoder_attention_heads=2,
        dropout=0.1,
        attention_dropout=0.1,
        max_positions=40,
    )
    torch.manual_seed(1)
    task = SimpleNamespace(source_dictionary=dictionary, max_positions=lambda: 40)
    weights = RobertaModel.build_model(args, task).state_dict()
    weights = {key.replace("encoder.", "decoder.", 1): value for key, value in weights.items()}
    history = [{"criterion_name": "MaskedLmLoss", "optimizer_name": "FairseqAdam", "lr_scheduler_state": {}}]
    history[0] |= {"best_loss": None, "num_updates": 0}
    extra = {"train_iterator": {"epoch": 1}, "val_loss": None}
    state = {"args": args, "model": weights, "optimizer_history": history, "extra_state": extra}
    torch.save({**state, "last_optimizer_state": None}, folder / "model.pt")
    return folder / "model.pt"


def write_tags(path, sentences, seed, longest=9):
    rng = np.random.default_rng(seed)
    blocks = []
    for _ in range(sentences):
        numbers = rng.integers(0, 40, rng.integers(2, longest))
        blocks.append("".join(f"w{number}\t{('NOUN', 'VERB')[number % 2]}\n" for number in numbers))
    path.write_text("\n".join(blocks))


def xtreme(repository, *options):
    command = [str(repository / "recipes" / "xtreme.sh"), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, cwd=repository)


@pytest.mark.slow
def test_a_stock_checkpoint_goes_from_labelled_data_to_checked_and_signed_scores(repository, tmp_path, checkpoint):
    data = tmp_path / "data"
    data.mkdir()
    for name, count, longest in (("train-en", 100, 9), ("dev-en", 20, 9), ("test-en", 20, 30), ("test-fr", 20, 30)):
        write_tags(data / f"{name}.tsv", count, len(name) + count, longest)
    options = ("--checkpoint", checkpoint, "--task", "udpos", "--data", data, "--work", tmp_path / "work")
    small = ("--epochs", "2", "--lr", "0.01", "--batch", "20", "--device-batch", "10", "--max-length", "24")
    done = xtreme(repository, *options, *small, "--select-every", "2", "--seeds", "1,7")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    looked_at = re.findall(r"^update (\d+): f1 \d", done.stdout, re.MULTILINE)
    assert looked_at == ["2", "4", "6", "7", "8", "10", "12", "14"] * 2  # every 2 of 14 updates, and after epochs of 7
    assert "udpos: 2 files are sound: en, fr" in done.stdout
    both = [json.loads((tmp_path / "work" / f"udpos-{seed}" / "score.json").read_text()) for seed in (1, 7)]
    rows = {row["language"]: row for row in csv.DictReader((tmp_path / "work" / "udpos.csv").read_text().splitlines())}
    for language, values in {
        "fr": [score["languages"]["fr"]["scores"]["span_f1_0.0.12"] for score in both],
        "mean of languages": [score["score"] for score in both],
    }.items():
        assert float(rows[language]["mean"]) == pytest.approx(np.mean(values), abs=0.006)
        assert float(rows[language]["deviation"]) == pytest.approx(np.std(values, ddof=1), abs=0.006)
    assert "mean of languages" in done.stdout
    run = tmp_path / "work" / "udpos-1"
    assert not list(run.glob("checkpoint*.pt"))
    score = json.loads((run / "score.json").read_text())
    assert score["profile"] == "xtreme"
    assert sorted(score["languages"]) == ["en", "fr"]
    assert score["score"] == score["mean"]["span_f1_0.0.12"]
    assert "|rule:seqeval-0.0.12|split:test|" in score["signature"]
    for language in ("en", "fr"):
        gold = (data / f"test-{language}.tsv").read_text().split("\n\n")
        found = (run / "predictions" / "udpos" / f"test-{language}.tsv").read_text().split("\n\n")
        assert [len(block.split()) for block in found] == [len(block.split()) // 2 for block in gold]


@pytest.mark.slow
def test_test_data_without_labels_are_predicted_and_scored_with_labels_that_are_kept_apart(
    repository, tmp_path, checkpoint
):
    data, labels = tmp_path / "data", tmp_path / "labels" / "udpos"
    for folder in (data, labels):
        folder.mkdir(parents=True)
    for name, count in (("train-en", 60), ("dev-en", 10), ("test-en", 10), ("test-fr", 12)):
        write_tags(data / f"{name}.tsv", count, count + len(name))
    for language in ("en", "fr"):
        path = data / f"test-{language}.tsv"
        rows = [line.partition("\t") for line in path.read_text().split("\n")]
        path.write_text("\n".join(word for word, _, _ in rows))
        (labels / path.name).write_text("\n".join(tag for _, _, tag in rows))
    options = ["--checkpoint", checkpoint, "--task", "udpos", "--data", data, "--work", tmp_path / "work"]
    options += ["--epochs", "1", "--lr", "0.01", "--batch", "20", "--max-length", "24"]
    done = xtreme(repository, *options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert "not scored: test data of en, fr have no labels" in done.stdout
    run = tmp_path / "work" / "udpos-1"
    prepared = tmp_path / "work" / "model" / "xtreme" / "udpos" / "fr"
    assert not (run / "score.json").exists() and not (prepared / "test.tsv").exists()
    assert (prepared / "test.txt").read_text() == (data / "test-fr.tsv").read_text()
    scored = xtreme(repository, *options, "--labels", labels.parent)
    assert scored.returncode == 0, scored.stdout[-2000:] + scored.stderr[-3000:]
    assert "fine-tuning" not in scored.stdout
    score = json.loads((run / "score.json").read_text())
    guess, gold = (
        [tag for line in (folder / "test-fr.tsv").read_text().split("\n") if (tag := line.strip())]
        for folder in (run / "predictions" / "udpos", labels)
    )
    right = np.mean([one == other for one, other in zip(guess, gold, strict=True)])
    assert score["languages"]["fr"]["scores"]["accuracy"] == pytest.approx(100 * right)


def test_the_settings_are_those_of_xtremes_scripts_by_task_and_size(tmp_path, monkeypatch):
    files = {
        name: tmp_path / name
        for name in ("model.pt", "dict.txt", "spm.model", "train-en.tsv", "dev-en.tsv", "test-en.tsv")
    }
    for path in files.values():
        path.write_text("")
    monkeypatch.setattr("fairseq_alignmlm.evaluation.checkpoint.read_state", lambda path: {})
    parser = Parser()
    recipe.add_arguments(parser, "xtreme")
    found = {}
    for task in recipe.TASKS:
        for large in (False, True):
            words = ["--checkpoint", str(files["model.pt"]), "--task", task, "--data", str(tmp_path)]
            width = {"encoder_embed_dim": 1024 if large else 768}
            monkeypatch.setattr("fairseq_alignmlm.evaluation.architecture.architecture", lambda *_, width=width: width)
            (one,) = recipe._runs_of(parser.parse_args(words))
            names = ("seed", "epochs", "lr", "batch", "max_length", "select_every")
            found[task, large] = tuple(one.run.settings[name] for name in names)
    assert found == {  # scripts/train_*.sh of google-research/xtreme
        **{("udpos", large): (1, 10, 2e-5, 32, 128, 500) for large in (False, True)},
        **{("panx", large): (1, 10, 2e-5, 32, 128, 1000) for large in (False, True)},
        **{("pawsx", large): (42, 5, 2e-5, 32, 128, 200) for large in (False, True)},
        ("xnli", False): (42, 5, 2e-5, 32, 128, 100),
        ("xnli", True): (42, 5, 3e-5, 32, 128, 100),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--checkpoint, --task and --data are needed"),
        (("--checkpoint", "x.pt", "--task", "qa", "--data", "d"), "unknown task 'qa'"),
        (("--checkpoint", "x.pt", "--task", "xnli", "--data", "d", "--languages", "en"), "x.pt: no such file"),
        (("--nonsense", "1"), "unrecognized arguments: --nonsense 1"),
    ],
)
def test_wrong_options_are_named_in_one_line(repository, options, message):
    done = xtreme(repository, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
