"""Blocks of text are cut into the pieces that their words have one by one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep.text.line_blocks import read_blocks
from data_prep.vocabulary.bpe import load
from data_prep.vocabulary.encoding import LanguageBlock, LanguageSymbols, WordIndices, make_block_encoder
from data_prep.vocabulary.pieces import WordPieces
from fairseq_alignmlm.errors import InputError

DERIVED = "en_trans_inv"
words = st.sampled_from(
    ["the", "river", "Zürich", "犬", "\u200b", "\0", "\0the", "a▁b", "<unk>", "</s>", "\1", "e", "\u0301a"]
)
spaces = st.sampled_from([" ", "  ", "\t", "\r", "\u2028", "\x1c"])
lines = st.lists(st.tuples(words, spaces).map("".join), max_size=5).map("".join)
texts = st.lists(st.tuples(lines, st.sampled_from(["\n", "\n", "\r\n"])).map("".join), max_size=8).map("".join)


def symbols_of(pair: Path) -> LanguageSymbols:
    return LanguageSymbols(pair / "spm.model", {"en": None, DERIVED: pair / "counterparts.tsv"})


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, last=lines, size=st.integers(1, 60), remembered=st.sampled_from([2, 1 << 17]))
def test_random_lines_have_the_pieces_of_their_words(encoded_pair, tmp_path, monkeypatch, text, last, size, remembered):
    monkeypatch.setattr("data_prep.vocabulary.encoding.REMEMBERED_WORDS", remembered)
    path = tmp_path / "text"
    path.write_bytes((text + last).encode())
    symbols = symbols_of(encoded_pair)
    encode = make_block_encoder(symbols)
    for language, table in symbols.tables.items():
        blocks = [encode(LanguageBlock(language, block)) for block in read_blocks(path, size)]
        plain = WordPieces(encoded_pair / "spm.model", table)
        cut = [line.split() for line in (text + last).replace("\r\n", "\n").removesuffix("\n").split("\n")]
        expected = [plain.encode(line) for line in cut] if text + last else []
        written = b"".join(block.data for block in blocks).decode()
        assert written == "".join(line + "\n" for line in expected)
        assert sum(block.lines for block in blocks) == len(expected)
        assert sum(block.words for block in blocks) == sum(map(len, cut))
        counts: Counter[str] = Counter()
        for block in blocks:
            for symbol, count in zip(symbols.by_language[language], block.counts.tolist(), strict=True):
                counts[symbol] += count
        assert +counts == Counter(written.split())


def test_what_is_remembered_stays_bounded(encoded_pair, monkeypatch):
    monkeypatch.setattr("data_prep.vocabulary.encoding.REMEMBERED_WORDS", 10)
    processor = load(encoded_pair / "spm.model")
    indices = WordIndices(processor)
    for start in range(0, 100, 20):
        many = [f"a{number}" for number in range(start, start + 20)]
        expected = [piece for ids in processor.encode(many) for piece in ids]
        assert indices.piece_ids(many).tolist() == expected
        assert len(indices) == 10


def test_counterparts_of_another_vocabulary_are_bad_input(encoded_pair, tmp_path):
    rows = (encoded_pair / "counterparts.tsv").read_text().split("\n")
    (tmp_path / "counterparts.tsv").write_text("\n".join(rows[:-2]) + "\n")
    with pytest.raises(InputError, match=r"made for another vocabulary than spm\.model"):
        make_block_encoder(LanguageSymbols(encoded_pair / "spm.model", {DERIVED: tmp_path / "counterparts.tsv"}))
