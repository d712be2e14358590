"""Parsers of dictionary formats, on what they must read and on anything at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.vocabulary.dictionaries import formats
from data_prep.vocabulary.dictionaries.formats import MalformedLine, ParsedLine, load, recognise
from data_prep.vocabulary.dictionaries.reading import Problem, WordPair, clean, read
from fairseq_alignmlm.errors import InputError

DATA = Path("../shared/data")
LETTERS = "abcdefgéœßабвअआईخنزäñ"
words = st.text(alphabet=LETTERS, min_size=1, max_size=8)
phrases = st.lists(words, min_size=1, max_size=3).map(" ".join)
inside = st.text(alphabet=LETTERS + " ,;:'.", max_size=12)


@st.composite
def annotated(draw: st.DrawFn, phrase: str) -> str:
    """Return a Wiktionary translation of ``phrase`` with whatever may stand around it."""
    gender = draw(st.sampled_from(["", " {m}", " {f-p}", " {{t}}"]))
    sound = draw(st.one_of(st.just(""), inside.map(lambda text: f" /{text}/")))
    note = draw(
        st.one_of(st.just(""), inside.map(lambda text: f" [{text}]"), inside.map(lambda text: f" (({text}), x)"))
    )
    return f"{phrase}{gender}{sound}{note}"


@given(words, words, st.sampled_from([" ", "\t", "  ", " \t "]))
@settings(deadline=None, max_examples=100)
def test_muse_gives_back_the_two_words(source: str, target: str, separator: str) -> None:
    assert load("muse").parse(f"{source}{separator}{target}") == ParsedLine(((source, target),))


@given(phrases, phrases)
@settings(deadline=None, max_examples=100)
def test_tsv_keeps_phrases(source: str, target: str) -> None:
    assert load("tsv").parse(f"{source}\t{target}") == ParsedLine(((source, target),))


@given(
    st.data(), phrases, st.sampled_from(["n", "adj", "m", "prop"]), inside, st.lists(phrases, min_size=1, max_size=4)
)
@settings(deadline=None, max_examples=100)
def test_wiktionary_gives_back_every_translation_without_its_annotations(
    data: st.DataObject, head: str, part_of_speech: str, sense: str, translations: list[str]
) -> None:
    separator = data.draw(st.sampled_from([", ", "; "]))
    right = separator.join(data.draw(annotated(translation)) for translation in translations)
    line = f"{head} {{{part_of_speech}}} ({sense}) :: {right}"
    assert load("wiktionary").parse(line) == ParsedLine(tuple((head, translation) for translation in translations))


@given(
    st.text(alphabet=st.characters(blacklist_characters="\n"), max_size=60)
    | st.text(alphabet="a :()[]{}/,;-\t#|", max_size=40)
)
@settings(deadline=None, max_examples=300)
def test_any_line_is_parsed_or_called_malformed_and_no_markup_survives(line: str) -> None:
    for name in formats.names():
        try:
            parsed = load(name).parse(line)
        except MalformedLine:
            continue
        for pair in parsed.pairs if name == "wiktionary" else ():
            assert all(side and not set(side) & set("(){}[]|/") for side in pair)


@pytest.mark.parametrize(
    "line,expected",
    [
        ("larguer {vt} [colloquial] :: to ditch, dump (break up with)", [("larguer", "ditch"), ("larguer", "dump")]),
        ("abdiquer {vit} :: To abdicate [one's powers]", [("abdiquer", "abdicate")]),
        ("à {prep} :: to [destination]", [("à", "to")]),
        (
            "largesse {f} :: largess; financial generosity",
            [("largesse", "largess"), ("largesse", "financial generosity")],
        ),
        ("abaca {n} (plant) :: قنب مانيلا {m} /qanab manila/", [("abaca", "قنب مانيلا")]),
        ("drum {n} :: a/b, ... ki, x|gloss=y, {{t x, good", [("drum", "good")]),
        ("di- {prefix} (two, twice) :: द्वि /dvi/", []),
        ("à {letter} :: A", []),
        ("Dany {prop} [given name, male, or=female] ::", []),
        ("foo {n} SEE: bar :: bar", []),
        ("x {n} :: -ment, ment", [("x", "ment")]),
    ],
)
def test_wiktionary_examples(line: str, expected: list[tuple[str, str]]) -> None:
    assert list(load("wiktionary").parse(line).pairs) == expected


def test_what_gives_no_pair_has_a_reason() -> None:
    assert load("wiktionary").parse("foo {n} SEE: bar ::").dropped == ("cross-reference",)
    assert load("wiktionary").parse("di- {prefix} (two) :: द्वि").dropped == ("affix, letter or symbol",)
    assert load("wiktionary").parse("Dany {prop} ::").dropped == ("no translation",)
    assert load("wiktionary").parse("a {n} :: b|c, d").dropped == ("markup or placeholder",)


@pytest.mark.parametrize(
    "name,line,why",
    [
        ("muse", "the", "1 column instead of 2"),
        ("muse", "the le la", "3 columns instead of 2"),
        ("muse", "the\tle\tla", "3 columns instead of 2"),
        ("tsv", "the le", "1 column instead of 2"),
        ("wiktionary", "the\tle", "no '::'"),
    ],
)
def test_malformed_lines_say_what_is_wrong(name: str, line: str, why: str) -> None:
    with pytest.raises(MalformedLine, match=why):
        load(name).parse(line)


def test_formats_are_recognised_by_what_parses() -> None:
    assert recognise(["the le", "of de"]) == "muse"
    assert recognise(["ice cream\tglace à l'eau", "of\tde"]) in ("muse", "tsv")
    assert recognise(["the {article} :: le {m}", "of {prep} :: de"]) == "wiktionary"


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="muse, tsv, wiktionary"):
        load("ding")


def test_reading_counts_broken_lines_with_their_numbers_and_skips_the_comments_at_the_top(tmp_path: Path) -> None:
    path = tmp_path / "d.txt"
    path.write_bytes("\ufeff# a comment\nthe le\n\nof de la\n".encode() + b"caf\xe9 coffee\n# diese\n")
    items = list(read(path, "muse"))
    assert items[0] == WordPair("the", "le", path, 2)
    assert items[1] == Problem("3 columns instead of 2", path, 4, True)
    assert items[2] == Problem("not valid UTF-8", path, 5, True)
    assert items[3] == WordPair("#", "diese", path, 6)
    first = next(iter(read(path, "muse", invert=True)))
    assert isinstance(first, WordPair) and first[:2] == ("le", "the")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment\n"])
def test_an_empty_file_is_bad_input(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.txt").write_bytes(content)
    with pytest.raises(InputError, match="holds no entries"):
        list(read(tmp_path / "d.txt"))


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        list(read(tmp_path / "d.txt"))


@given(st.text(max_size=20) | st.text(alphabet="ab \u200f\u00a0\t", max_size=6))
@settings(deadline=None, max_examples=100)
def test_cleaning_is_idempotent_and_leaves_no_odd_space(word: str) -> None:
    cleaned = clean(word)
    assert clean(cleaned) == cleaned
    assert cleaned.split(" ") == (cleaned.split() or [""])
    assert "\u200f" not in cleaned


def test_cleaning_keeps_the_joiners_of_hindi_and_drops_marks_of_direction() -> None:
    assert clean("\u200fإخصاء\u00a0 ") == "إخصاء"
    assert clean("क्\u200dष") == "क्\u200dष"


@pytest.mark.parametrize(
    "file,name,pairs",
    [
        ("dict_xling_eval/bli_datasets/en-fr/yacle.train.freq.5k.en-fr.tsv", "muse", 5000),
        ("dict_MUSE_dicos/en-ar.5000-6500.n.txt", "muse", 1555),
        ("dict_wiktionary/src/en-hi-enwiktionary.txt", "wiktionary", 7600),
        ("dict_wiktionary/src/en-arb-enwiktionary.txt", "wiktionary", 17500),
        ("dict_wiktionary/src/fr-en-enwiktionary.txt", "wiktionary", 75000),
    ],
)
def test_real_dictionaries_have_no_malformed_line_and_the_number_of_entries_they_state(
    file: str, name: str, pairs: int
) -> None:
    path = DATA / file
    if not path.exists():
        pytest.skip("../shared/data is not there")
    with open(path, encoding="utf-8") as handle:
        assert recognise(line.rstrip("\n") for line in handle if not line.startswith("#")) == name
    items = list(read(path))
    assert not [item for item in items if isinstance(item, Problem) and item.malformed]
    assert sum(isinstance(item, WordPair) for item in items) == pytest.approx(pairs, rel=0.02)
