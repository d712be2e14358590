"""A training text in several folders: one an epoch, in turn, as stock fairseq does."""

from __future__ import annotations

import os
import re
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from data_prep.text.line_blocks import count_lines, read_lines
from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.tasks.multilingual_mlm import MultilingualMLM, MultilingualMLMConfig

LANGUAGES, SHARDS = ("en", "xx"), 3


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pair whose text is in pieces, whole in bin/ and in three parts in shards/."""
    root = tmp_path_factory.mktemp("pair")
    words = [f"w{number}" for number in range(30)]
    (root / "bin").mkdir()
    (root / "bin" / "dict.txt").write_text("".join(f"{word} 1\n" for word in words))
    numbers = np.random.default_rng(0)
    for language in LANGUAGES:
        (root / "pieces" / language).mkdir(parents=True)
        for split, lines in (("train", 200), ("valid", 20)):
            text = "".join(" ".join(numbers.choice(words, numbers.integers(0, 9))) + "\n" for _ in range(lines))
            (root / "pieces" / language / f"{split}.txt").write_text(text)
    prepare = ["binarize", "--pair", str(root), "--workers", "1"]
    assert main("data_prep", "", prepare) == 0
    assert main("data_prep", "", [*prepare, "--shards", "3", "--shard", "2"]) == 0
    assert [path.name for path in (root / "shards").iterdir()] == ["2-of-3"]
    assert main("data_prep", "", [*prepare, "--shards", "3"]) == 0
    return root


def shards(pair: Path, count: int = SHARDS) -> str:
    return os.pathsep.join(str(pair / "shards" / f"{number}-of-{SHARDS}") for number in range(1, count + 1))


@pytest.mark.parametrize("size", [1, 7, 50, 1 << 18])
@pytest.mark.parametrize("text", ["", "\n", "a", "a\n", "a\n\nbb\nccc\n\n\ndd", "é\r\nf\n" * 9])
def test_parts_of_a_text_are_its_lines_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, size: int
) -> None:
    from data_prep.text import line_blocks

    path = tmp_path / "text"
    path.write_bytes(text.encode())
    monkeypatch.setattr(line_blocks.read_blocks, "__defaults__", (size,))
    lines = text.removesuffix("\n").split("\n") if text else []
    assert count_lines(path) == len(lines)
    for parts in (1, 2, 3, 20):
        cuts = [number * len(lines) // parts for number in range(parts + 1)]
        blocks = [list(read_lines(path, first, stop)) for first, stop in pairwise(cuts)]
        assert "".join(block.text() for part in blocks for block in part) == text
        for part, first, stop in zip(blocks, cuts, cuts[1:], strict=False):
            assert sum(len(block.lines()) for block in part) == stop - first
            assert not part or part[0].first_line == first + 1


def test_shards_together_are_the_text_and_each_has_the_validation_text(pair: Path) -> None:
    for language in LANGUAGES:
        whole = np.fromfile(pair / "bin" / language / "train.bin", np.uint16)
        folders = [Path(folder) / language for folder in shards(pair).split(os.pathsep)]
        parts = [np.fromfile(folder / "train.bin", np.uint16) for folder in folders]
        assert all(len(part) for part in parts) and np.array_equal(np.concatenate(parts), whole)
        assert {len(load_binarized(folder / "train")) for folder in folders} == {66, 67}
        for folder in folders:
            assert (folder / "valid.bin").read_bytes() == (pair / "bin" / language / "valid.bin").read_bytes()


def test_a_shard_is_loaded_an_epoch_and_counts_are_those_of_all(pair: Path) -> None:
    tasks = {
        name: MultilingualMLM.setup_task(MultilingualMLMConfig(data=data, tokens_per_sample=16, seed=1))
        for name, data in {"whole": str(pair / "bin"), "shards": shards(pair)}.items()
    }
    for language in LANGUAGES:
        assert np.array_equal(*(task.token_counts(language) for task in tasks.values()))
    task = tasks["shards"]
    assert task.has_sharded_data("train") and not tasks["whole"].has_sharded_data("train")

    def instances(folder: str) -> int:
        cfg = MultilingualMLMConfig(data=folder, tokens_per_sample=16, seed=1)
        alone = MultilingualMLM.setup_task(cfg)
        alone.load_dataset("train")
        return len(alone.dataset("train"))

    for epoch in range(1, 8):
        task.load_dataset("train", epoch=epoch)
        folder = shards(pair).split(os.pathsep)[(epoch - 1) % SHARDS]
        assert len(task.dataset("train")) == instances(folder)


def test_a_shard_of_another_vocabulary_or_one_that_is_missing_is_told_before_training(
    pair: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(pair / "shards" / "2-of-3", tmp_path / "other")
    (other / "identity.json").unlink(missing_ok=True)
    (other / "dict.txt").write_text("w1 1\n")
    for second, message in ((other, "dict.txt: differs from"), (tmp_path / "gone", "dict.txt: no such file")):
        data = os.pathsep.join([str(pair / "shards" / "1-of-3"), str(second)])
        with pytest.raises(InputError, match=message):
            MultilingualMLM.setup_task(MultilingualMLMConfig(data=data, tokens_per_sample=16, seed=1))


@pytest.mark.parametrize(
    ("flags", "message"),
    [("--shards 2 --shard 3", "--shard 3: there are only 2"), ("--shards 2 --with fairseq-preprocess", "--with")],
)
def test_flags_that_contradict_each_other_are_one_line(
    pair: Path, capsys: pytest.CaptureFixture[str], flags: str, message: str
) -> None:
    assert main("data_prep", "", ["binarize", "--pair", str(pair), *flags.split()]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_training_takes_the_shards_in_turn(pair: Path, training) -> None:
    done = training.run("--criterion", "mlm", "--max-epoch", "4", "--batch-size", "32", data=shards(pair))
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = re.findall(r"train: ([\d, a-z]+) instances", done.stdout + done.stderr)
    expected = []
    for folder in shards(pair).split(os.pathsep):
        task = MultilingualMLM.setup_task(MultilingualMLMConfig(data=folder, tokens_per_sample=16, seed=7))
        task.load_dataset("train")
        expected.append(len(task.dataset("train")))
    numbers = [sum(map(int, re.findall(r"\d+", line))) for line in loaded]
    assert numbers[:4] == [*expected, expected[0]]  # and one more, for the epoch that is not begun
