"""Mining against a slow reference of XTREME's steps, its threshold, and the command on files of BUCC's form."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest
import torch

from fairseq_alignmlm.commands import mine as command
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.mining import best_threshold, mine
from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors


def reference(x: np.ndarray, y: np.ndarray, k: int) -> list[tuple[int, int, float]]:
    """Score the k nearest of every sentence by the ratio margin, take the best pair that is left, again and again."""
    cosine = (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T
    near_x, near_y = np.sort(cosine, axis=1)[:, -k:].mean(axis=1), np.sort(cosine, axis=0)[-k:].mean(axis=0)
    ratio = cosine / ((near_x[:, None] + near_y) / 2)
    proposed = set()
    for i in range(len(x)):
        proposed.add((i, max(np.argsort(-cosine[i])[:k], key=lambda j: ratio[i, j])))
    for j in range(len(y)):
        proposed.add((max(np.argsort(-cosine[:, j])[:k], key=lambda i: ratio[i, j]), j))
    found, left, right = [], set(), set()
    for i, j in sorted(proposed, key=lambda pair: -ratio[pair]):
        if i not in left and j not in right:
            found.append((int(i), int(j), ratio[i, j]))
            left.add(i)
            right.add(j)
    return found


def test_pairs_and_scores_are_those_of_the_reference() -> None:
    generator = np.random.default_rng(4)
    x = generator.normal(size=(40, 8)) + 1.5
    y = np.concatenate([x[:25] + 0.4 * generator.normal(size=(25, 8)), generator.normal(size=(20, 8)) + 1.5])
    found = mine(torch.from_numpy(x), torch.from_numpy(y), neighbours=4)
    expected = reference(x, y, 4)
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    assert [pair.score for pair in found] == pytest.approx([score for *_, score in expected], rel=1e-5)
    assert sum(pair.source == pair.target for pair in found[:20]) >= 15


def test_vectors_that_say_nothing_are_refused() -> None:
    with pytest.raises(FloatingPointError, match="a ratio says nothing"):
        mine(torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]]))
    assert mine(torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]]), margin="distance")[0].score == 0.0
    with pytest.raises(FloatingPointError, match="1 of 1 target sentences hold NaN"):
        mine(torch.ones(1, 2), torch.tensor([[float("nan"), 0.0]]))
    with pytest.raises(ValueError, match="no sentences"):
        mine(torch.ones(0, 2), torch.ones(1, 2))


def test_threshold_has_the_best_f1_and_lies_between_two_pairs() -> None:
    scores = {("a", "1"): 1.4, ("b", "2"): 1.3, ("c", "9"): 1.2, ("d", "4"): 1.1, ("e", "9"): 1.0}
    gold = {("a", "1"), ("b", "2"), ("d", "4"), ("f", "6")}
    assert best_threshold(scores, gold) == pytest.approx((1.1 + 1.0) / 2)
    assert best_threshold({("a", "1"): 1.4}, gold) == 1.4
    with pytest.raises(ValueError, match="none of the mined pairs"):
        best_threshold(scores, {("z", "1")})


def test_the_command_chooses_the_threshold_on_dev_and_writes_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = np.random.default_rng(1)
    meaning = generator.normal(size=(60, 16)) + 1.0

    class Encoder:
        layers = 12

        def encode(self, sentences: list[str], path: Path, sentencepiece: Path) -> list[str]:
            return list(sentences)

        def vectors(self, sentences: list[str], layer: int, *rest: object) -> torch.Tensor:
            assert (layer, rest[-1]) == (8, "first")
            noise = np.array([len(text) for text in sentences])[:, None] * 1e-3
            return torch.from_numpy(np.stack([meaning[int(text.split()[1])] for text in sentences]) + noise)

    monkeypatch.setattr(SentenceVectors, "load", lambda *_: Encoder())
    (tmp_path / "model.pt").write_bytes(b"")
    for split, first in (("dev", 0), ("test", 30)):
        source = [f"fr-{i:09d}\tphrase {i}\n" for i in range(first, first + 20)]
        target = [f"en-{i + 100:09d}\tsentence {i}\n" for i in range(first + 10, first + 30)]
        again = source[12].replace("fr-", "fr-1") if split == "test" else ""
        (tmp_path / f"{split}.fr").write_text("".join(source) + again)
        (tmp_path / f"{split}.en").write_text("".join(target))
    gold = "".join(f"fr-{i:09d}\ten-{i + 100:09d}\n" for i in range(10, 20))
    (tmp_path / "dev.gold").write_text(gold)
    arguments = ["--checkpoint", "model.pt", "--vocab", "dict.txt", "--sentencepiece", "spm.model"]
    arguments += ["--source", "test.fr", "--target", "test.en", "--output", "out/bucc2018/test-fr.tsv"]
    dev = ["--dev-source", "dev.fr", "--dev-target", "dev.en", "--dev-gold", "dev.gold"]
    monkeypatch.chdir(tmp_path)
    assert run(*arguments, *dev, "--json", "out.json") == 0
    assert "F1 100.00 on 10 known pairs" in capsys.readouterr().out
    rows = (tmp_path / "out" / "bucc2018" / "test-fr.tsv").read_text().splitlines()
    expected = {f"fr-{i:09d}\ten-{i + 100:09d}" for i in range(40, 50)}
    assert set(rows) == expected - {"fr-000000042\ten-000000142"}  # its sentence occurs twice: of which is unknown
    with pytest.raises(InputError, match="give --threshold, or all of --dev-source"):
        run(*arguments)
    with pytest.raises(InputError, match=r"scores 99\.0000 or more"):
        run(*arguments, "--threshold", "99")
    (tmp_path / "test.fr").write_text("no identifier\n")
    with pytest.raises(InputError, match=r"test\.fr:1: is not `id TAB sentence`"):
        run(*arguments, *dev)


def run(*arguments: str) -> int:
    parser = ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))
