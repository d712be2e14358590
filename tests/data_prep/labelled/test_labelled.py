"""Labelled data: labels follow their words, mentions are mended, only first pieces carry a label."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.labelled.derivation import Derivation
from data_prep.labelled.mentions import complete_tags, reorder_mentions
from data_prep.labelled.pair_classification import PairTask, read_label_counts
from data_prep.labelled.sentence_pairs import read_pairs
from data_prep.labelled.tagged_sentences import SPLIT, read_tagged
from data_prep.labelled.tagging import TaggingTask, read_tag_counts
from data_prep.labelled.writing import write_language
from data_prep.pair import Pair
from data_prep.vocabulary.mmap_dataset import binarize_files
from data_prep.vocabulary.pieces import WordPieces
from fairseq_alignmlm.errors import InputError

DATA = Path("../shared/data")
IOB2 = st.lists(st.sampled_from(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), max_size=10)


def spans_of(tags: list[str]) -> list[tuple[str, int, int]]:
    """Return (type, start, stop) of every span, read the long way round."""
    spans: list[tuple[str, int, int]] = []
    for i, tag in enumerate(tags):
        if tag == "O":
            continue
        if tag[0] == "I" and spans and spans[-1][0] == tag[2:] and spans[-1][2] == i:
            spans[-1] = (tag[2:], spans[-1][1], i + 1)
        else:
            spans.append((tag[2:], i, i + 1))
    return spans


@pytest.mark.parametrize(
    ("tags", "order", "expected", "split"),
    [
        ("B-PER I-PER O B-LOC", [3, 2, 1, 0], "B-LOC O B-PER I-PER", 0),
        ("B-PER I-PER I-PER O", [0, 3, 2, 1], "B-PER O B-PER I-PER", 1),
        ("B-PER B-PER", [1, 0], "B-PER B-PER", 0),  # two mentions side by side stay two
        ("B-PER I-PER B-PER", [0, 2, 1], "B-PER B-PER B-PER", 1),
        ("I-LOC I-LOC O", [0, 1, 2], "B-LOC I-LOC O", 0),
        ("B-PER I-LOC", [1, 0], "B-LOC B-PER", 0),
        ("", [], "", 0),
    ],
)
def test_mentions_of_known_sentences(tags, order, expected, split):
    mended = reorder_mentions(tags.split(), order)
    assert mended.tags == expected.split()
    assert mended.split == split


@settings(deadline=None, max_examples=150)
@given(tags=IOB2, data=st.data())
def test_mended_tags_are_iob2_and_every_span_holds_words_of_one_mention(tags, data):
    order = data.draw(st.permutations(range(len(tags))))
    mended = reorder_mentions(tags, order)
    old = {word: number for number, (_, start, stop) in enumerate(spans_of(tags)) for word in range(start, stop)}
    new = spans_of(mended.tags)
    assert [tag == "O" for tag in mended.tags] == [tags[i] == "O" for i in order]
    assert all(mended.tags[start][0] == "B" for _, start, _ in new)
    assert all(len({old[order[i]] for i in range(start, stop)}) == 1 for _, start, stop in new)
    assert all(tags[order[i]][2:] == type_ for type_, start, stop in new for i in range(start, stop))
    assert mended.mentions == len(spans_of(tags))
    assert len(new) - mended.mentions >= mended.split  # every split mention adds at least one span
    assert (len(new) == mended.mentions) == (mended.split == 0)


@settings(deadline=None, max_examples=80)
@given(tags=IOB2)
def test_inverting_mentions_splits_none_and_twice_gives_the_spans_back(tags):
    backwards = list(range(len(tags)))[::-1]
    once = reorder_mentions(tags, backwards)
    twice = reorder_mentions(once.tags, backwards)
    assert once.split == 0
    assert twice.malformed == 0
    assert spans_of(twice.tags) == spans_of(tags)


def test_both_tags_of_a_type_are_in_the_label_set():
    assert complete_tags(["O", "I-PER", "B-LOC"]) == {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}


def test_conllu_and_tsv_of_the_same_sentences_read_the_same(tmp_path):
    table = tmp_path / "train.tsv"
    table.write_text("I\tPRON\ndo\tAUX\nn't\tPART\n\n10 000\tNUM\n")
    tree = tmp_path / "train.conllu"
    rows = [
        "# text = I don't",
        "1\tI\tI\tPRON\t_\t_\t2\tnsubj\t_\t_",
        "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_",
        "2\tdo\tdo\tAUX\t_\t_\t0\troot\t_\t_",
        "3\tn't\tnot\tPART\t_\t_\t2\tadvmod\t_\t_",
        "3.1\tgo\tgo\tVERB\t_\t_\t_\t_\t_\t_",
        "",
        "1\t10 000\t_\tNUM\t_\t_\t0\troot\t_\t_",
    ]
    tree.write_text("\n".join(rows) + "\n")
    split = list(read_tagged(tree, SPLIT))
    assert [s[:2] for s in split] == [s[:2] for s in read_tagged(table)]
    assert (split[0].lines, split[0].multiword) == ([2, 4, 5], 1)
    fused = list(read_tagged(tree))
    assert fused[0] == (["I", "don't"], ["PRON", "AUX"], [2, 3], 1)
    assert fused[1] == split[1]
    with pytest.raises(InputError, match="panx is not read from CoNLL-U"):
        read_tag_counts(TaggingTask("panx", mentions=True), tree)


def test_labels_of_another_task_are_refused_with_their_line(tmp_path):
    """A file of parts of speech read as entity tags once became ``B-OPN`` (of PROPN) and trained."""
    path = tmp_path / "train.tsv"
    path.write_text("Ann\tPROPN\nsees\tVERB\n")
    with pytest.raises(InputError, match=r"train\.tsv:1: 'PROPN' is no label of panx .*; give --task udpos, or other"):
        read_tag_counts(TaggingTask("panx", mentions=True), path)
    path.write_text("Ann\tB-PER\nsees\tO\n")
    with pytest.raises(InputError, match=r"train\.tsv:1: 'B-PER' is no label of udpos .*; give --task panx, or other"):
        read_tag_counts(TaggingTask("udpos", mentions=False), path)
    path.write_text("Ann\tCONJ\n")
    with pytest.raises(InputError, match=r"'CONJ' is no label of udpos .*; convert the labels"):
        read_tag_counts(TaggingTask("udpos", mentions=False), path)
    path.write_text("a\tb\tneutral\na\tc\t1\n")
    with pytest.raises(InputError, match=r"train\.tsv:2: '1' is no label of xnli .*; give --task pawsx"):
        read_label_counts(PairTask("xnli", "en", "moses"), path)


def test_pairs_are_read_unquoted_and_with_the_alias(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text('He said "no.\tShe\'s "in"\tcontradictory\n\nA\tB\tneutral\n')
    assert [pair[:3] for pair in read_pairs(path)] == [
        ('He said "no.', 'She\'s "in"', "contradiction"),
        ("A", "B", "neutral"),
    ]
    path.write_text("A\tB\n")
    with pytest.raises(InputError, match=r"train\.tsv:1: 2 columns instead of 3"):
        list(read_pairs(path))


@pytest.fixture
def binarized_text(monkeypatch):
    """Give back the content of the text files that are binarized."""
    kept: dict[str, list[str]] = {}

    def keep(files, symbols, target):
        binarize_files(files, symbols, target)
        for path in files.values():
            kept[path.name] = path.read_text(encoding="utf-8").splitlines()

    monkeypatch.setattr("data_prep.labelled.writing.binarize_files", keep)
    return kept


def derivation_of(pair: Path) -> Derivation:
    return Derivation(Pair(pair), "en_trans_inv", ["inv"], 1, derived=True)


def test_tags_follow_words_and_sit_on_first_pieces(tmp_path, encoded_pair, binarized_text):
    path = tmp_path / "train.tsv"
    sentences = ["the/DET old/ADJ river/NOUN ./PUNCT", "Zürich/PROPN \u200b/X 犬/SYM", "the/NOUN the/DET"]
    path.write_text("\n\n".join(s.replace("/", "\t").replace(" ", "\n") for s in sentences) + "\n")
    task = TaggingTask("udpos", mentions=False)
    tags = read_tag_counts(task, path)
    folder = tmp_path / "out"
    folder.mkdir()
    write_language(task, derivation_of(encoded_pair), {"train": path, "valid": path}, {}, tags, folder)

    expected = ["river/NOUN old/ADJ the/DET ./PUNCT", "犬/SYM \u200b/X Zürich/PROPN", "the/DET the/NOUN"]
    assert [
        " ".join(f"{word}/{tag}" for word, tag in zip(s.words, s.tags, strict=True))
        for s in read_tagged(folder / "train.tsv")
    ] == expected
    assert folder.joinpath("train.tsv").read_text().endswith("the\tNOUN\n")  # no blank tail
    word_pieces = WordPieces(encoded_pair / "spm.model", encoded_pair / "counterparts.tsv")
    for sentence, tokens, labels in zip(
        expected, binarized_text["train.tokens"], binarized_text["train.labels"], strict=True
    ):
        words, gold = zip(*(item.split("/") for item in sentence.split(" ")), strict=True)
        assert tokens.split(" ") == [piece for word in words for piece in word_pieces[word].split(" ")]
        assert [label for label in labels.split(" ") if label != "<pad>"] == list(gold)
        starts = [sum(len(word_pieces[w].split(" ")) for w in words[:i]) for i in range(len(words))]
        assert [i for i, label in enumerate(labels.split(" ")) if label != "<pad>"] == starts
    assert list(tags) == sorted(tags)
    assert (folder / "bin" / "labels" / "dict.txt").read_text().split("\n")[0] == "ADJ 1"
    assert (folder / "bin" / "tokens" / "dict.txt").read_bytes() == (encoded_pair / "bin" / "dict.txt").read_bytes()
    assert not (folder / "scratch").exists()


def test_pairs_are_cut_into_words_and_transformed_on_both_sides(tmp_path, encoded_pair, binarized_text):
    path = tmp_path / "train.tsv"
    path.write_text("A river. It saw the mayor!\tBridges build a mayor\tneutral\n")
    folder = tmp_path / "out"
    folder.mkdir()
    task = PairTask("xnli", "en", "moses")
    write_language(task, derivation_of(encoded_pair), {"train": path}, {}, {"neutral": 1}, folder)
    expected = "river A . mayor the saw It !\tmayor a build Bridges\tneutral\n"
    assert (folder / "train.tsv").read_text() == expected
    word_pieces = WordPieces(encoded_pair / "spm.model", encoded_pair / "counterparts.tsv")
    assert binarized_text["train.input0"] == [word_pieces.encode(expected.split("\t")[0].split())]
    assert binarized_text["train.input1"] == [word_pieces.encode(expected.split("\t")[1].split())]
    assert binarized_text["train.label"] == ["neutral"]


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data in ../shared/data")
def test_real_mentions_are_well_formed_and_counted():
    """PAN-X English dev: inversion splits a mention only where a final mark cuts through it."""
    from data_prep.languages.sentence_spans import sentence_spans
    from data_prep.languages.transforms import inv

    split = expected = mentions = 0
    for sentence in read_tagged(DATA / "panx" / "dev-en.tsv"):
        mended = reorder_mentions(sentence.tags, inv.order(sentence.words))
        mentions += mended.mentions
        split += mended.split
        marks = {i for _, end, stop in sentence_spans(sentence.words) for i in range(end, stop)}
        expected += sum(
            any(i in marks for i in range(start, stop)) and stop - start > 1
            for _, start, stop in spans_of(sentence.tags)
        )
    assert mentions == 14_146
    assert 0 < split <= expected
