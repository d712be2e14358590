"""From raw text to sentences: formats, entities, words, documents, validation."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.labelled.tagged_sentences import read_tagged
from data_prep.languages.syntax.conllu import read_sentences
from data_prep.text.documents import LONGEST_DOCUMENT, detect_format, find_files, read_documents
from data_prep.text.line_blocks import read_blocks
from data_prep.text.normalisation import normalise
from data_prep.text.readers import load
from data_prep.text.sentences import is_valid, with_splits
from data_prep.text.tokenisation import Tokeniser
from fairseq_alignmlm.errors import InputError

WIKI = """<doc id="1" url="u" title="Sea &amp; Sky">
Sea &amp; Sky

The sea &lt;br/&gt; is 5&nbsp;km deep. Is it? &quot;Yes!&quot;
It is.

</doc>
<doc id="2" url="u" title="Empty">
Empty

</doc>
<doc id="3" url="u" title="Say "no"">
Say "no"
Say no.
</doc>
"""


@pytest.fixture(scope="module")
def english() -> Tokeniser:
    return Tokeniser("en")


def documents_of(path, form):
    dropped: Counter[str] = Counter()
    return [document.lines for document in read_documents([(path, form)], dropped)], dropped


def test_wikiextractor_documents_lose_titles_markup_entities_and_nothing_else(tmp_path):
    path = tmp_path / "wiki_00"
    path.write_text(WIKI + "stray line\n")
    documents, dropped = documents_of(path, "wikiextractor")
    assert documents == [['The sea   is 5\xa0km deep. Is it? "Yes!"', "It is."], ["Say no."]]
    assert dropped == {"titles": 3, "empty documents": 1, "lines outside documents": 1}


def test_hidden_files_and_manifests_of_a_folder_are_no_part_of_a_corpus(tmp_path):
    names = ["b.txt", "a/c.txt", "a/manifest.json", "b.txt.manifest.json", ".git/x", "a/.cache/y", "a/.hidden"]
    folder = tmp_path / ".own" / "corpus"
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    skipped: Counter[str] = Counter()
    assert find_files([folder], skipped) == [folder / "a/c.txt", folder / "b.txt"]
    assert skipped == {"hidden files": 3, "manifests": 2}
    assert find_files([folder / "a/.hidden"], skipped) == [folder / "a/.hidden"]


def test_blank_lines_end_documents_and_endless_documents_are_cut(tmp_path):
    path = tmp_path / "text"
    path.write_text("\n\na\nb\n\n\nc\n" + "\n" + "d\n" * (2 * LONGEST_DOCUMENT + 1))
    documents, _ = documents_of(path, "lines")
    assert [len(lines) for lines in documents] == [2, 1, LONGEST_DOCUMENT, LONGEST_DOCUMENT, 1]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (WIKI, "wikiextractor"),
        ("\ufeff" + WIKI, "wikiextractor"),
        (" \n = Sea = \n \n It is . It was . \n", "wikitext"),
        ("It is 3 @.@ 5 km .\n = = Course = =\nIt is . It was .\n", "wikitext"),
        ("One sentence here. Another.\n\n= Title =\n", "plain"),
        ("One sentence here.\nAnd another one.\n", "lines"),
        ("One sentence here. And another one.\nThird.\n", "plain"),
        ("", "lines"),
    ],
)
def test_the_format_is_found_out(tmp_path, english, text, form):
    path = tmp_path / "file"
    path.write_text(text)
    assert detect_format(path, english.sentences) == form


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The end.", "The end ."),
        ("The end .", "The end ."),
        ("Really?!", "Really ? !"),
        ("It ends with etc.", "It ends with etc ."),
        ("He doesn't, and can't.", "He does n't , and ca n't ."),
        ("Mr. Smith of the U.S. Army left.", "Mr. Smith of the U.S. Army left ."),
        ("a\u00a0b\u200bc \ufeff d\u00ad", "a bc d"),
        ("AT&T <b> [x]", "AT & T < b > [ x ]"),
        ("one▁two", "one _ two"),
        ("Zu\u0308rich", "Z\u00fcrich"),
    ],
)
def test_words_of_known_sentences(english, sentence, words):
    assert english.words(sentence) == words.split(" ")


def test_sentences_end_where_a_reader_ends_them(english):
    text = "Mr. Smith went home. It was 3.5 km! Was it far? No."
    assert [s.strip() for s in english.sentences(text)] == [
        "Mr. Smith went home.",
        "It was 3.5 km!",
        "Was it far?",
        "No.",
    ]


@settings(deadline=None, max_examples=100)
@given(text=st.text(max_size=60))
def test_words_hold_no_space_of_any_kind_and_cutting_twice_changes_nothing(english, text):
    words = english.words(text)
    assert all(word and not any(character.isspace() or character == "▁" for character in word) for word in words)
    plain = Tokeniser("en", "none")
    assert plain.words(" ".join(words)) == words
    assert normalise(normalise(text)) == normalise(text)


def test_validation_documents_depend_on_seed_and_number_only_and_have_the_asked_share():
    chosen = [n for n in range(1000) if is_valid(n, 1, 10, 0.0)]
    assert len(chosen) == 100
    assert [n // 10 for n in chosen] == list(range(100))
    assert chosen == [n for n in reversed(range(1000)) if is_valid(n, 1, 10, 0.0)][::-1]
    assert chosen != [n for n in range(1000) if is_valid(n, 2, 10, 0.0)]
    assert 60 < sum(is_valid(n, 1, None, 0.1) for n in range(1000)) < 140


@given(st.integers(0, 9), st.frozensets(st.integers(0, 9)))
def test_every_document_gets_a_split_and_the_last_is_for_validation_if_no_other_is(number, chosen):
    found = list(with_splits(range(number), lambda item: item in chosen))
    assert sorted(item for item, _ in found) == list(range(number))
    valid = {item for item, split in found if split == "valid"}
    drawn = chosen & set(range(number))
    assert valid == (drawn or ({number - 1} if number > 1 else set()))


def test_a_small_corpus_has_validation_text(tmp_path, prepare, capsys):
    corpus, text = tmp_path / "corpus.txt", tmp_path / "pair" / "text" / "en"
    corpus.write_text("One .\n\nTwo .\n\nThree .\n\n\u200b\n")
    assert prepare("sentences", corpus, "--pair", tmp_path / "pair", "--workers", 1) == 0
    assert (text / "train.txt").read_text() == "One .\n\nTwo .\n"
    assert (text / "valid.txt").read_text() == "Three .\n"
    assert "dropped (documents without words 1)" in capsys.readouterr().out


@settings(deadline=None, max_examples=60)
@given(lines=st.lists(st.text(alphabet="ab é\u2028\x85", max_size=6), max_size=8), size=st.integers(1, 9))
def test_blocks_give_the_lines_and_their_numbers_for_any_block_size(tmp_path_factory, lines, size):
    path = tmp_path_factory.mktemp("blocks") / "text"
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    found = [(block.first_line + i, line) for block in read_blocks(path, size) for i, line in enumerate(block.lines())]
    assert found == list(enumerate(lines, 1))


def test_a_file_with_windows_line_ends_or_without_a_last_one_reads_the_same(tmp_path):
    path = tmp_path / "text"
    for data in (b"a\r\nb\r\n", b"a\nb", b"a\nb\n"):
        path.write_bytes(data)
        assert [line for block in read_blocks(path) for line in block.lines()] == ["a", "b"]


def test_a_byte_order_mark_is_no_part_of_the_first_line_of_any_format(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfen:a\tX\nen:b\tY\n")
    for size in (1, 3, 100):
        assert [line for block in read_blocks(path, size) for line in block.lines()] == ["en:a\tX", "en:b\tY"]
    assert [sentence.words for sentence in read_tagged(path)] == [["a", "b"]]
    path.write_bytes(b"\xef\xbb\xbf")
    assert list(read_blocks(path)) == []
    path.write_bytes(b"\xef\xbb\xbf" + WIKI.encode())
    assert "lines outside documents" not in documents_of(path, "wikiextractor")[1]
    for comment in (b"", b"# text = Go\n"):
        path.write_bytes(b"\xef\xbb\xbf" + comment + b"1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n")
        (sentence,) = read_sentences(path)
        assert sentence.words == ("Go",)
        assert list(load("conll").read(next(read_blocks(path)).lines(), None)) == ["Go"]


def test_bytes_that_are_not_utf8_are_located(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"a\nb\n\xffc\nd\n")
    with pytest.raises(InputError, match=r"text:3: not valid UTF-8 \(byte 0xff\); convert"):
        [block.lines() for block in read_blocks(path)]
