"""Links: dictionary rule and filters against their definitions spelled out; Pharaoh files; symmetrisation."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.links.aligners import grow_diag_final_and
from data_prep.links.dictionary import LinkDictionary
from data_prep.links.filters import kept_links, make_wrong, one_to_one
from data_prep.links.pharaoh import parse_links, write_links
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity

WORDS = st.lists(st.sampled_from("abcdef"), max_size=8)
PAIRS = st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("ABCDEF")), min_size=1, max_size=14)
LINKS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


@given(PAIRS, WORDS, WORDS.map(lambda words: [word.upper() for word in words]))
def test_dictionary_links_are_those_of_the_definition(tmp_path_factory, pairs, source, target):
    path = tmp_path_factory.mktemp("dictionary") / "words.tsv"
    path.write_text("".join(f"{a}x\t{b}Y\n" for a, b in sorted(pairs)), encoding="utf-8")
    table = LinkDictionary.read(path, None, Identity(), Counter(), "tsv")
    expected = []
    for i, w in enumerate(source):  # exactly one translation occurs, once, and one source occurrence translates back
        there = {c for c in target if (w, c) in pairs}
        for j, c in enumerate(target):
            back = [k for k, other in enumerate(source) if (other, c) in pairs]
            if there == {c} and target.count(c) == 1 and back == [i]:
                expected.append((i, j))
    assert table.links([f"{w}x" for w in source], [f"{c}Y" for c in target]) == expected


def test_a_dictionary_of_its_own_for_the_way_back_decides_what_translates_back(tmp_path):
    (tmp_path / "forth.tsv").write_text("cat\tchat\ndog\tchien\n", encoding="utf-8")
    (tmp_path / "back.tsv").write_text("chat\tcat\nchien\thound\nchien\tthe dog\n", encoding="utf-8")
    dropped: Counter[str] = Counter()
    table = LinkDictionary.read(tmp_path / "forth.tsv", tmp_path / "back.tsv", Identity(), dropped, "tsv")
    assert table.links(["The", "Cat", "dog"], ["CHAT", "chien"]) == [(1, 0)]
    assert dropped == {"entries of several words": 1}


@given(LINKS)
def test_kept_links_are_one_to_one_and_of_different_words(links):
    source, target = list("abcdef"), list("abXYZf")
    dropped: Counter[str] = Counter()
    found = kept_links(links, source, target, dropped)
    distinct = set(links)
    single = [(i, j) for i, j in distinct if all((i == a) == (j == b) or (i != a and j != b) for a, b in distinct)]
    assert found == sorted((i, j) for i, j in single if source[i] != target[j])
    assert sum(dropped.values()) + len(found) == len(distinct)
    assert one_to_one(found) == found


@given(st.integers(2, 12), st.floats(0, 1), st.integers(0, 10**6))
def test_wrong_links_are_an_exchange_of_translations(size, share, seed):
    links = [(i, size - i) for i in range(size)]
    found, wrong = make_wrong(links, share, random.Random(seed).random)
    assert sorted(j for _, j in found) == sorted(j for _, j in links)
    assert sum(a != b for a, b in zip(links, found, strict=True)) == wrong


def test_as_many_links_are_wrong_as_asked_for():
    numbers = random.Random(0)
    links = [(i, i) for i in range(5)]
    wrong = sum(make_wrong(links, 0.1, numbers.random)[1] for _ in range(20000))
    assert wrong / (5 * 20000) == pytest.approx(0.1, abs=0.01)


@given(LINKS)
def test_pharaoh_lines_are_read_as_written(links):
    assert parse_links(write_links(links), (6, 6), "links", 1) == links


@pytest.mark.parametrize(
    ("text", "message"),
    [("0-0 1_1", "'1_1' is no link"), ("0-7", "link 0-7, but the sentences have 2 and 3 words"), ("-1-0", "no link")],
)
def test_a_broken_pharaoh_line_is_refused_with_its_place(text, message):
    with pytest.raises(InputError, match=message) as error:
        parse_links(text, (2, 3), "all.links", 12)
    assert str(error.value).startswith("all.links:12: ")


def test_symmetrisation_grows_from_the_intersection_to_neighbours_and_lone_words():
    forth = [(0, 0), (1, 1), (2, 1), (4, 4)]
    back = [(0, 0), (1, 1), (1, 2), (5, 5)]
    # (2, 1) and (1, 2) touch (1, 1) and each has a word without a link; (4, 4) and (5, 5) are lone in one direction
    assert grow_diag_final_and(forth, back) == [(0, 0), (1, 1), (1, 2), (2, 1), (4, 4), (5, 5)]
    assert grow_diag_final_and([(0, 0), (0, 1)], [(0, 0), (1, 0)]) == [(0, 0), (0, 1), (1, 0)]
    assert grow_diag_final_and([], []) == []
