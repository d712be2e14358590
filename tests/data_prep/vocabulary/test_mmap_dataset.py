"""Directly written binarized text has the bytes of fairseq-preprocess."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.text.line_blocks import read_blocks
from data_prep.vocabulary.mmap_dataset import MmapBinarizer, SymbolIndices, item_type
from fairseq_alignmlm.errors import InputError

SYMBOLS = ["▁a", "b", "▁ç", "fr:▁a", "#", "0", "▁"]
tokens = st.sampled_from([*SYMBOLS, "<unk>", "</s>", "<pad>", "unknown", "漢"])
spaces = st.sampled_from([" ", "  ", "\t", "\u00a0", "\u2028"])
lines = st.lists(st.tuples(tokens, spaces).map("".join), max_size=6).map("".join)
texts = st.tuples(
    st.lists(st.tuples(lines, st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])).map("".join), max_size=12).map(
        "".join
    ),
    lines,
).map("".join)


def write_symbols(folder: Path, symbols: list[str]) -> Path:
    path = folder / "dict.txt"
    path.write_text("".join(f"{symbol} 1\n" for symbol in symbols), encoding="utf-8", newline="\n")
    return path


def fairseq_bytes(text: Path, symbols: Path, prefix: Path) -> list[bytes]:
    """Return what the code behind fairseq-preprocess writes, in this process."""
    from fairseq.binarizer import FileBinarizer, VocabularyDatasetBinarizer
    from fairseq.data import Dictionary

    dictionary = Dictionary.load(str(symbols))
    binarizer = VocabularyDatasetBinarizer(dictionary, append_eos=True)
    FileBinarizer.multiprocess_dataset(str(text), "mmap", binarizer, str(prefix), vocab_size=len(dictionary))
    return both(prefix)


def write(text: Path, symbols: Path, prefix: Path, workers: int = 1) -> int:
    with MmapBinarizer(symbols, workers) as binarizer:
        return binarizer.write(text, prefix)


def both(prefix: Path) -> list[bytes]:
    return [Path(f"{prefix}.{suffix}").read_bytes() for suffix in ("bin", "idx")]


@given(texts)
@settings(max_examples=150)
def test_random_lines_have_the_bytes_of_fairseq(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "random_lines"
    folder.mkdir(exist_ok=True)
    symbols = write_symbols(folder, SYMBOLS)
    (folder / "text").write_text(text, encoding="utf-8", newline="")
    write(folder / "text", symbols, folder / "ours")
    assert both(folder / "ours") == fairseq_bytes(folder / "text", symbols, folder / "theirs")


@pytest.mark.parametrize("size", [65_495, 65_496, 70_000])
def test_the_integer_type_changes_at_the_same_vocabulary_size(tmp_path: Path, size: int) -> None:
    symbols = write_symbols(tmp_path, [f"s{number}" for number in range(size)])
    (tmp_path / "text").write_text(f"s0 s{size - 1}\n\ns17 gone\n")
    write(tmp_path / "text", symbols, tmp_path / "ours")
    assert both(tmp_path / "ours") == fairseq_bytes(tmp_path / "text", symbols, tmp_path / "theirs")
    assert item_type(size + 4) == (np.uint16 if size + 4 < 65_500 else np.uint32)


def test_three_workers_and_small_blocks_write_the_bytes_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = write_symbols(tmp_path, SYMBOLS)
    text = tmp_path / "text"
    text.write_text("".join(f"{SYMBOLS[i % 7]} {SYMBOLS[i % 3]}\n" * (i % 4) + "\n" for i in range(500)))
    write(text, symbols, tmp_path / "one")
    monkeypatch.setattr(read_blocks, "__defaults__", (97,))
    monkeypatch.setattr("data_prep.vocabulary.mmap_dataset.LINES_AT_A_TIME", 100)
    assert write(text, symbols, tmp_path / "three", workers=3) == text.read_text().count("\n")
    assert both(tmp_path / "one") == both(tmp_path / "three")
    assert both(tmp_path / "one") == fairseq_bytes(text, symbols, tmp_path / "theirs")


@pytest.mark.parametrize(
    ("content", "why"),
    [("a 1\nb\n", ":2: expected `symbol count`"), ("a 1\n<unk> 4\n", "'<unk>' is fairseq's own symbol")],
)
def test_a_broken_dictionary_is_bad_input(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "dict.txt").write_text(content)
    with pytest.raises(InputError, match=why):
        SymbolIndices(tmp_path / "dict.txt")
    with pytest.raises(InputError, match="no such file"):
        SymbolIndices(tmp_path / "gone.txt")


@pytest.mark.slow
def test_the_command_writes_the_bytes_of_the_stock_program(tmp_path, encoded_pair, prepare, capsys):
    stock = shutil.copytree(encoded_pair, tmp_path / "stock")
    direct = shutil.copytree(encoded_pair, tmp_path / "direct")
    assert prepare("binarize", "--pair", stock, "--workers", 1, "--with", "fairseq-preprocess") == 0
    assert prepare("binarize", "--pair", direct, "--workers", 2) == 0
    for language in ("en", "en_trans_inv"):
        for split in ("train", "valid"):
            assert both(direct / "bin" / language / split) == both(stock / "bin" / language / split)
            counts = [np.load(pair / "bin" / language / f"{split}.counts.npy") for pair in (direct, stock)]
            assert np.array_equal(*counts)
            tokens = np.fromfile(direct / "bin" / language / f"{split}.bin", np.uint16)
            assert counts[0].tolist() == [int((tokens == symbol).sum()) for symbol in range(len(counts[0]))]
    capsys.readouterr()
    assert prepare("binarize", "--pair", direct, "--with", "direct") == 0
    assert capsys.readouterr().out.count("up to date") == 2
