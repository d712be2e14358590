"""Prediction files: what is written is read again, and every silent failure is found with its line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairseq_alignmlm.commands import check, score
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.metrics import score_file
from fairseq_alignmlm.evaluation.predictions import files_by_language, read_labels, read_tags, write_labels, write_tags
from fairseq_alignmlm.evaluation.validity import check_file
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind, task_named

GOLD = "The\tDET\ncat\tNOUN\nsleeps\tVERB\n\nIt\tPRON\npurrs\tVERB\n"
SOUND = "DET\nNOUN\nVERB\n\nPRON\nNOUN\n"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.sampled_from(TASKS["udpos"].labels), min_size=1, max_size=5), min_size=1, max_size=5))
def test_written_tags_are_read_again_and_pass_the_check(
    tmp_path_factory: pytest.TempPathFactory, tags: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("tags")
    write_tags(folder / "p", tags)
    (folder / "g").write_text("\n\n".join("\n".join(f"w\t{tag}" for tag in sentence) for sentence in tags) + "\n\n")
    assert read_tags(folder / "p") == read_tags(folder / "g") == tags
    assert check_file(folder / "p", folder / "g", TASKS["udpos"]) == []


def test_a_sentence_without_tags_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sentence 2"):
        write_tags(tmp_path / "p", [["X"], [], ["X"]])
    assert list(tmp_path.iterdir()) == []


def test_alias_is_read_as_its_label(tmp_path: Path) -> None:
    (tmp_path / "g").write_text("a\tb\tcontradictory\nc\td\tneutral\n")
    task = task_named("nli")
    write_labels(tmp_path / "p", ["contradiction", "neutral"])
    assert read_labels(tmp_path / "g", dict(task.aliases)) == read_labels(tmp_path / "p")
    assert check_file(tmp_path / "p", tmp_path / "g", task) == []


FAULTS = {
    "missing tag": (SOUND.replace("NOUN\nVERB", "VERB", 1), 1, "sentence 1 has 2 tags for the 3 tokens"),
    "token TAB tag": (GOLD, 1, "token TAB tag"),
    "blank tail": (SOUND + "\n\n", 8, "blank line too many"),
    "blank start": ("\n" + SOUND, 1, "blank line too many"),
    "two blanks": (SOUND.replace("\n\n", "\n\n\n"), 5, "blank line too many"),
    "lost blank": (SOUND.replace("\n\n", "\n"), 1, "sentence 1 has 5 tags for the 3 tokens"),
    "lost sentence": (SOUND[: SOUND.index("PRON")], 4, "1 sentences for 2"),
    "unknown label": (SOUND.replace("PRON", "CONJ"), 5, "unknown label 'CONJ'"),
    "windows": (SOUND.replace("\n", "\r\n"), 1, "CR LF"),
    "byte order mark": ("\ufeff" + SOUND, 1, "byte order mark"),
    "padding label": (SOUND.replace("PRON", "<pad>"), 5, "unknown label '<pad>'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_of_a_tag_file_is_found_with_its_line(tmp_path: Path, name: str) -> None:
    text, line, message = FAULTS[name]
    (tmp_path / "g").write_text(GOLD)
    (tmp_path / "p").write_bytes(text.encode())
    problems = [str(problem) for problem in check_file(tmp_path / "p", tmp_path / "g", TASKS["udpos"])]
    assert any(problem.startswith(f"{tmp_path}/p:{line}: ") and message in problem for problem in problems), problems


def test_fault_that_repeats_is_told_once_with_its_count(tmp_path: Path) -> None:
    (tmp_path / "g").write_text(GOLD)
    (tmp_path / "p").write_text(GOLD)
    assert [problem.times for problem in check_file(tmp_path / "p", tmp_path / "g", TASKS["udpos"])] == [5]


LABEL_FAULTS = {
    "blank tail": ("neutral\nentailment\n\n", 3, "a blank line"),
    "too few": ("neutral\n", 1, "1 lines for 2 examples"),
    "too many": ("neutral\nneutral\nneutral\n", 3, "3 lines for 2 examples"),
    "columns": ("a\tb\tneutral\na\tc\tentailment\n", 1, "3 columns"),
    "unknown": ("neutral\nentail\n", 2, "unknown label 'entail'"),
}


@pytest.mark.parametrize("name", LABEL_FAULTS)
def test_fault_of_a_label_file_is_found_with_its_line(tmp_path: Path, name: str) -> None:
    text, line, message = LABEL_FAULTS[name]
    (tmp_path / "g").write_text("a\tb\tneutral\na\tc\tentailment\n")
    (tmp_path / "p").write_text(text)
    problems = [str(problem) for problem in check_file(tmp_path / "p", tmp_path / "g", TASKS["xnli"])]
    assert any(problem.startswith(f"{tmp_path}/p:{line}: ") and message in problem for problem in problems), problems


@pytest.mark.parametrize(("task", "gold"), [("xnli", "a\tb\tneutral\n\na\tc\tneutral\n\n"), ("bucc", "a\tb\n\nc\td\n")])
def test_blank_lines_of_the_gold_file_are_no_examples(tmp_path: Path, task: str, gold: str) -> None:
    (tmp_path / "test-en.tsv").write_text(gold)
    (tmp_path / "p").write_text("neutral\nneutral\n" if task == "xnli" else "a\tb\nc\td\n")
    assert check_file(tmp_path / "p", tmp_path / "test-en.tsv", task_named(task)) == []
    scores, count = score_file(tmp_path / "p", tmp_path / "test-en.tsv", task_named(task), "en")
    assert (set(scores.values()), count) == ({100.0}, 2)


@pytest.mark.parametrize("task", TASKS)
def test_a_gold_file_without_a_sentence_is_a_problem(tmp_path: Path, task: str) -> None:
    answers = TASKS[task].kind is Kind.ANSWERS
    (tmp_path / "p").write_text("{}" if answers else "")
    (tmp_path / "g").write_text('{"data": []}' if answers else "\n")
    assert [str(problem) for problem in check_file(tmp_path / "p", tmp_path / "g", TASKS[task])] == [
        f"{tmp_path / 'g'}: the gold file holds no {'question' if answers else 'sentence'}: there is nothing to score"
    ]


def test_unknown_gold_label_is_found(tmp_path: Path) -> None:
    (tmp_path / "g").write_text("a\tb\tperhaps\n")
    (tmp_path / "p").write_text("neutral\n")
    assert "unknown label 'perhaps' in the gold" in str(check_file(tmp_path / "p", tmp_path / "g", TASKS["xnli"])[0])


def test_file_that_is_not_utf8_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "g").write_bytes(b"a\tb\tneutral\n\xff\n")
    with pytest.raises(InputError, match=r"g:2: not valid UTF-8"):
        read_labels(tmp_path / "g")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for language in ("en", "fr"):
        for place, text in (("gold", GOLD), ("predicted", SOUND)):
            path = tmp_path / place / "udpos" / f"test-{language}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return tmp_path / "predicted", tmp_path / "gold"


def command(module: object, *arguments: object) -> int:
    parser = ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]
    return module.run(parser.parse_args([str(argument) for argument in arguments]))  # type: ignore[attr-defined]


def test_check_says_what_is_sound_and_which_language_is_missing(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    predicted, gold = folders
    arguments = ("--task", "pos", "--predictions", predicted, "--gold", gold)
    assert command(check, *arguments) == 0
    assert "2 files are sound: en, fr" in capsys.readouterr().out
    assert command(check, *arguments, "--languages", "en,hi") == 1
    assert "language hi is missing" in capsys.readouterr().out
    (predicted / "udpos" / "test-fr.tsv").unlink()
    assert command(check, *arguments) == 1
    assert "language fr is missing" in capsys.readouterr().out


def test_only_languages_that_are_named_count(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predicted, gold = folders
    (predicted / "udpos" / "test-fr.tsv").write_text("X\n")  # neither as long as its gold file
    (predicted / "udpos" / "test-hi.tsv").write_text("X\n")  # nor with one
    arguments = ("--task", "pos", "--predictions", predicted, "--gold", gold, "--languages", "en")
    assert command(check, *arguments) == 0
    assert "1 files are sound: en" in capsys.readouterr().out
    assert command(score, *arguments, "--json", tmp_path / "score.json") == 0
    result = json.loads((tmp_path / "score.json").read_text())
    assert list(result["languages"]) == ["en"]
    assert result["mean"]["accuracy"] == pytest.approx(80.0)
    with pytest.raises(InputError, match="language hi"):
        command(score, *arguments[:-1], "en,hi")


def test_a_name_that_cannot_stand_in_a_signature_is_told_before_anything_is_written(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predicted, gold = folders
    files = ("--predictions", predicted / "udpos" / "test-en.tsv", "--gold", gold / "udpos" / "test-en.tsv")
    with pytest.raises(
        InputError, match=r"'en \(1\)' cannot stand in a score's signature \(dir\); give a name without"
    ):
        command(score, "--task", "pos", *files, "--language", "en (1)", "--json", tmp_path / "score.json")
    assert not capsys.readouterr().out
    assert not (tmp_path / "score.json").exists()


def test_score_writes_scores_with_signatures(folders: tuple[Path, Path], tmp_path: Path) -> None:
    predicted, gold = folders
    command(
        score,
        *("--task", "udpos", "--predictions", predicted, "--gold", gold, "--profile", "xtreme"),
        *("--source-language", "en", "--seed", 3, "--json", tmp_path / "out" / "score.json"),
    )
    result = json.loads((tmp_path / "out" / "score.json").read_text())
    assert result["mean"]["accuracy"] == pytest.approx(80.0)
    assert result["metric"] == "span_f1_0.0.12"
    assert result["languages"]["fr"]["signature"].startswith(
        "task:udpos|dir:en>fr|profile:xtreme|metric:span-f1|rule:seqeval-0.0.12|split:test|n:2|seed:3|v:"
    )


def test_score_refuses_faulty_files_and_writes_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    predicted, gold = folders
    (predicted / "udpos" / "test-fr.tsv").write_text(FAULTS["missing tag"][0])
    with pytest.raises(InputError, match=r"test-fr.tsv:1: sentence 1 has 2 tags"):
        command(score, "--task", "pos", "--predictions", predicted, "--gold", gold, "--json", tmp_path / "score.json")
    assert not (tmp_path / "score.json").exists()


def test_score_of_two_single_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "valid.tsv").write_text(GOLD)
    (tmp_path / "test-en_trans_inv.tsv").write_text(SOUND)
    files = ("--predictions", tmp_path / "test-en_trans_inv.tsv", "--gold", tmp_path / "valid.tsv")
    assert command(score, "--task", "pos", *files, "--language", "en_trans_inv", "--source-language", "en") == 0
    assert "dir:en>en_trans_inv|profile:paper|metric:span-f1|rule:seqeval-1.2.2" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"valid\.tsv: its name ends in no -<language>; give --language"):
        command(score, "--task", "pos", *files)


def test_gold_may_lie_in_language_folders_but_only_once(tmp_path: Path) -> None:
    (tmp_path / "udpos" / "fr").mkdir(parents=True)
    (tmp_path / "udpos" / "fr" / "valid.tsv").write_text(GOLD)
    assert list(files_by_language(tmp_path, TASKS["udpos"], "valid")) == ["fr"]
    (tmp_path / "udpos" / "valid-fr.tsv").write_text(GOLD)
    with pytest.raises(InputError, match="second file for fr"):
        files_by_language(tmp_path, TASKS["udpos"], "valid")


@pytest.mark.parametrize("what", ["task", "predictions", "mixed", "empty"])
def test_bad_arguments_are_told_in_one_line(folders: tuple[Path, Path], what: str, tmp_path: Path) -> None:
    predicted, gold = folders
    task = "chunking" if what == "task" else "pos"
    predicted = predicted / "nothing" if what == "predictions" else predicted
    gold = gold / "udpos" / "test-en.tsv" if what == "mixed" else gold
    if what == "empty":
        gold = tmp_path / "empty"
        gold.mkdir()
    with pytest.raises(InputError) as error:
        command(score, "--task", task, "--predictions", predicted, "--gold", gold)
    assert "\n" not in str(error.value)
