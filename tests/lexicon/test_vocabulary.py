"""``dict.txt`` is read as fairseq reads it, and what is broken is told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.vocabulary import MASK, SPECIAL, read_symbols, read_vocabulary, write_symbols

SYMBOL = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1).filter(
    lambda symbol: symbol not in (*SPECIAL, MASK, "#fairseq:overwrite") and symbol.split() == [symbol]
)


@given(st.dictionaries(SYMBOL, st.integers(0, 10**15), min_size=1))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, counts: dict[str, int]) -> None:
    path = tmp_path_factory.mktemp("dict") / "dict.txt"
    write_symbols(path, counts, counts)
    assert read_symbols(path) == counts
    assert list(read_vocabulary(path).index) == [*SPECIAL, *counts, MASK]


def test_windows_line_ends_and_the_mark_of_fairseq_are_no_part_of_a_line(tmp_path: Path) -> None:
    (tmp_path / "dict.txt").write_bytes(b"a 3\r\nb 2 #fairseq:overwrite\r\n")
    assert read_symbols(tmp_path / "dict.txt") == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1\n\xff 2\n", r":2: not valid UTF-8 \(byte 0xff\)"),
        ("a ²\n".encode(), ":1: expected `symbol count`, found 'a ²'"),
        ("a ٣\n".encode(), ":1: expected `symbol count`"),
        (b"a -1\n", ":1: expected `symbol count`"),
        (b"a " + b"9" * 10_000 + b"\n", ":1: expected `symbol count`"),
        (b"a\rb 2\n", ":1: expected `symbol count`"),
        (b" 2\n", ":1: expected `symbol count`"),
        (b"a 1\n\nb 1\n", ":2: expected `symbol count`"),
        (b"a 1\n<unk> 4\n", ":2: '<unk>' is fairseq's own symbol"),
        (b"a 1\na 4\n", ":2: 'a' occurs twice"),
        (b"", "holds no symbols"),
        (None, r"dict\.txt: no such file"),
    ],
)
def test_a_broken_dict_is_told_in_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "dict.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_symbols(path)
    assert len(str(caught.value)) < 300


def test_a_dict_that_holds_the_mask_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dict.txt").write_text("a 1\n<mask> 1\n")
    with pytest.raises(InputError, match="holds <mask>"):
        read_vocabulary(tmp_path / "dict.txt")
