"""Multiword tokens: the written form with the tag that XTREME's conversion gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.labelled.fused_tokens import fuse
from data_prep.labelled.tagged_sentences import SPLIT, read_tagged

DATA = Path("../shared/data")


def rows(*lines: str) -> list[list[str]]:
    """Return ten columns of ``id form upos head [deps]``."""
    found = []
    for line in lines:
        number, form, tag, head, deps = (*line.split(), "_")[:5]
        found.append([number, form, "_", tag, "_", "_", head, "_", deps, "_"])
    return found


FRENCH = rows("1 vue VERB 0", "2-3 du _ _", "2 de ADP 4", "3 le DET 4", "4 parc NOUN 1")


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        (FRENCH, "fr", "vue/VERB du/ADP parc/NOUN"),  # equally high: ADP comes before DET
        (rows("1-2 dámelo _ _", "1 da VERB 0", "2 lo PRON 1"), "es", "dámelo/VERB"),  # the higher one
        (rows("1 x NOUN 0", "2-3 ab _ _", "2 a NUM 1", "3 b INTJ 1"), "fr", "x/NOUN ab/NUM"),  # in no list: the first
        (rows("1 x NOUN 0", "2-3 ab _ _", "2 a PART 1", "3 b NOUN 1"), "fi", "x/NOUN ab/NOUN"),
        # an enhanced dependency puts the first word lower
        (rows("1 x X 0", "2 y NOUN 1", "3-4 ab _ _", "3 a VERB 1 1:x|2:y", "4 b DET 1"), "de", "x/X y/NOUN ab/DET"),
        (rows("1 go VERB 0", "1.1 went VERB _", "2 on ADV 1"), "en", "go/VERB on/ADV"),
        (rows("1-2 ab _ _", "1 a X 2", "2 b X 1", "3 c X 1"), "en", "ab/X c/X"),  # a cycle
    ],
)
def test_tag_is_that_of_the_highest_word(sentence: list[list[str]], language: str, expected: str) -> None:
    assert " ".join(f"{token.form}/{token.tag}" for token in fuse(sentence, language)) == expected


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data in ../shared/data")
def test_french_text_has_its_written_forms() -> None:
    path = DATA / "ud" / "UD_French-PUD" / "fr_pud-ud-test.conllu"
    fused, split = (list(read_tagged(path, *how)) for how in ((), (SPLIT,)))
    multiword = sum(sentence.multiword for sentence in fused)
    assert sum(len(s.words) for s in split) - sum(len(s.words) for s in fused) == multiword == 595
    first = {(word, tag) for s in fused for word, tag in zip(s.words, s.tags, strict=True) if word in ("du", "aux")}
    assert first == {(word, tag) for word in ("du", "aux") for tag in ("ADP", "DET")}


@pytest.mark.parametrize("number", ["1-99999999999", "1-999999999", "²-3", "1-²", "1-" + "9" * 5000])
def test_the_numbers_of_a_range_are_taken_for_what_they_are(tmp_path, number):
    """A range that no sentence has took for ever; a digit that is no ASCII digit was a traceback."""
    path = tmp_path / "a.conllu"
    row = "{}\t{}\t_\tNOUN\t_\t_\t{}\tdep\t_\t_\n"
    path.write_text(row.format(number, "ab", "_") + row.format(1, "a", 0) + row.format(2, "b", 1) + "\n")
    words = [sentence.words for sentence in read_tagged(path)]
    assert words == ([["ab"]] if number == "1-999999999" else [["a", "b"]])
