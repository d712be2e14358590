"""Questions in SQuAD's format: pieces know where they stand, answers are found again, broken files are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from data_prep.labelled.piece_offsets import Piece, PieceOffsets, piece_places
from data_prep.labelled.question_answering import answer_span
from data_prep.labelled.squad import Question, read_questions
from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.errors import InputError

DATA = Path("../shared/data")
CONTEXT = "The old river saw the mayor.  Zürich built 1,000 bridges."


def squad(*questions: tuple[str, str, str, int], context: str = CONTEXT) -> str:
    qas = [
        {"id": key, "question": text, "answers": [{"text": answer, "answer_start": start}]}
        for key, text, answer, start in questions
    ]
    return json.dumps({"data": [{"paragraphs": [{"context": context, "qas": qas}]}]})


def test_pieces_know_where_they_stand(encoded_pair):
    cut = PieceOffsets(encoded_pair / "spm.model", None)
    pieces = cut(CONTEXT)
    covered = {place for piece in pieces for place in range(piece.begin, piece.end)}
    assert covered == {place for place, character in enumerate(CONTEXT) if not character.isspace()}
    for piece in pieces:
        surface = piece.symbol.replace("▁", "")
        assert surface in ("", "<unk>") or CONTEXT[piece.begin : piece.end] == surface


@pytest.mark.parametrize(
    ("word", "surfaces", "places"),
    [
        ("bridges", ["brid", "ges"], [(0, 4), (4, 7)]),
        ("a\u200bb", ["a", "b"], [(0, 1), (2, 3)]),  # an invisible character is in no piece
        ("ﬁne", ["f", "ine"], [(0, 1), (0, 3)]),  # one character of two letters
        ("e\u0301t", ["é", "t"], [(0, 3), (0, 3)]),  # cannot be followed: both stand for the word
        ("bridge", ["", "bridge"], [(0, 0), (0, 6)]),
    ],
)
def test_places_of_a_words_pieces(word, surfaces, places):
    assert piece_places(word, surfaces) == places


def test_answer_is_the_pieces_that_hold_it():
    pieces = [Piece(text, place, place + len(text)) for text, place in (("The", 0), ("o", 4), ("ld", 5), ("river", 8))]

    def span(answer, start):
        return answer_span(Question("q", "?", "The old river", answer, start), pieces)

    assert span("old", 4) == (1, 2)
    assert span("d river", 6) == (2, 3)
    assert span(" old ", 3) == (1, 2)
    assert span("old", 5) is None
    assert span("", 0) is None
    assert span(None, -1) is None


def test_the_command_writes_what_the_task_reads(tmp_path, encoded_pair, prepare):
    pair = shutil.copytree(encoded_pair, tmp_path / "pair")
    train = tmp_path / "train.json"
    train.write_text(squad(("a", "Who saw?", "old river", 4), ("b", "What?", "bridges", 49), ("c", "?", "gone", 3)))
    options = ("--pair", pair, "--task", "xquad", "--language", "en")
    assert prepare("xtreme", *options, "--train", train, "--dev", train) == 0
    folder = pair / "xtreme" / "xquad" / "en"
    assert (folder / "valid.json").read_bytes() == train.read_bytes()
    answers, offsets = (load_binarized(folder / "bin" / part / "train") for part in ("answer", "offsets"))
    assert answers[2].tolist() == [0, 0, 0]
    for line, text in ((0, "old river"), (1, "bridges")):
        has, first, last = answers[line].tolist()
        places = offsets[line].view(-1, 2)
        assert has == 1
        assert text in CONTEXT[places[first][0] : places[last][1]]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert "answers that stand elsewhere" in json.dumps(manifest)
    train.write_text(squad(("a", "Who saw?", "old river", 3)))
    with pytest.raises(InputError, match="no answer stands where answer_start says"):
        prepare_raising(options, train)


def test_further_languages_are_prepared_in_the_same_go(tmp_path, encoded_pair, prepare):
    for name in ("train", "fr", "de"):
        (tmp_path / f"{name}.tsv").write_text(f"river\tNOUN\n{name}\tX\n")
    pair = shutil.copytree(encoded_pair, tmp_path / "pair")  # others read the shared one
    options = ("--pair", pair, "--task", "udpos", "--language", "en", "--train", tmp_path / "train.tsv")
    further = [f"--test-of={name}={tmp_path / name}.tsv" for name in ("fr", "de")]
    assert prepare("xtreme", *options, *further) == 0
    for name in ("fr", "de"):
        folder = pair / "xtreme" / "udpos" / name
        assert (folder / "test.tsv").read_text() == f"river\tNOUN\n{name}\tX\n"
        assert (folder / "bin" / "labels" / "dict.txt").read_text() == "NOUN 1\nX 1\n"
        manifest = (folder / "manifest.json").stat().st_mtime_ns
        assert prepare("xtreme", *options, *further) == 0
        assert (folder / "manifest.json").stat().st_mtime_ns == manifest  # up to date
    assert prepare("xtreme", *options, "--test-of=fr") == 2


def prepare_raising(options, train):
    from argparse import ArgumentParser

    from data_prep.commands import xtreme

    parser = ArgumentParser()
    xtreme.add_arguments(parser)
    return xtreme.run(parser.parse_args([*map(str, options), "--train", str(train)]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is not in SQuAD's format"),
        ('{"data": []}', "holds no question"),
        ("[1]", "is not in SQuAD's format"),
        ("no", "not JSON"),
    ],
)
def test_what_is_no_question_file_is_refused(tmp_path, text, message):
    (tmp_path / "q.json").write_text(text)
    with pytest.raises(InputError, match=message):
        list(read_questions(tmp_path / "q.json"))


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data in ../shared/data")
def test_answers_of_real_files_stand_where_they_are_said_to(encoded_pair):
    cut = PieceOffsets(encoded_pair / "spm.model", None)
    for name in ("xquad/xquad.hi.json", "xquad/xquad.ar.json", "tydiqa/tydiqa.goldp.en.train.json"):
        questions = list(read_questions(DATA / name))[:200]
        found = [(question, cut(question.context)) for question in questions]
        spans = [(question, pieces, answer_span(question, pieces)) for question, pieces in found]
        assert sum(span is not None for *_, span in spans) >= 0.97 * len(spans)
        for question, pieces, span in spans:
            if span is not None:
                text = question.context[pieces[span[0]].begin : pieces[span[1]].end]
                assert question.answer.strip() in text
