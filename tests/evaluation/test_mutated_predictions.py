"""Damaged prediction files: found by the check, or scored as XTREME's scorer scores them and as was meant.

``MUTATIONS=1000 pytest tests/evaluation/test_mutated_predictions.py`` tries more of them.
"""

from __future__ import annotations

import json
import os
import random
import re
import string
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("seqeval", reason="seqeval is not installed")
from seqeval.metrics import f1_score, precision_score, recall_score

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.metrics import score_file
from fairseq_alignmlm.evaluation.validity import check_file
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind

pytestmark = pytest.mark.filterwarnings("ignore:.*NE tag:UserWarning")
COUNT = int(os.environ.get("MUTATIONS", "270"))
MOCK = Path(__file__).parents[2].parent / "shared" / "data" / "xtreme_mock"


def xtremes_score(predictions: Path, gold: Path, task: str) -> dict[str, float]:
    """Score as XTREME's evaluate.py reads and compares; its assertions are errors."""
    kind = TASKS[task].kind
    if kind is Kind.ANSWERS:
        return answers_score(json.loads(predictions.read_text()), json.loads(gold.read_text())["data"], task)
    found, truth = ([line.strip() for line in path.open(encoding="utf-8")] for path in (predictions, gold))
    if kind is Kind.TAGS:
        found, truth = (sentences(lines) for lines in (found, truth))  # type: ignore[assignment]
        assert len(found) == len(truth)
        scores = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
        return {f"span_{name}_1.2.2": score(truth, found) * 100 for name, score in scores.items()}
    if kind is Kind.PAIRS:
        pairs, right = {tuple(line.split("\t")) for line in found}, {tuple(line.split("\t")) for line in truth}
        common = len(pairs & right)
        precision, recall = common / len(pairs) if pairs else 0.0, common / len(right)
        return {"f1": 200 * precision * recall / (precision + recall) if common else 0.0}
    assert len(found) == len(truth)
    return {"accuracy": 100 * sum(a == b for a, b in zip(found, truth, strict=True)) / len(found)}


def sentences(lines: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if line:
            parts[-1].append(line)
        else:
            parts.append([])
    return parts if parts[-1] else parts[:-1]


def answers_score(found: dict[str, str], data: list, task: str) -> dict[str, float]:
    """Exact match by SQuAD's rules; those of MLQA are tested elsewhere."""
    if task == "mlqa":
        return {}

    def plain(text: str) -> list[str]:
        kept = "".join(character for character in text.lower() if character not in string.punctuation)
        return re.sub(r"\b(a|an|the)\b", " ", kept).split()

    questions = [q for article in data for paragraph in article["paragraphs"] for q in paragraph["qas"]]
    right = [any(plain(found[q["id"]]) == plain(a["text"]) for a in q["answers"]) for q in questions]
    return {"exact_match": 100 * sum(right) / len(right)}


def made_up(task: str, chance: random.Random) -> tuple[str, str]:
    """Return the text of a gold file and of predictions that are right in two cases of three."""
    kind, labels = TASKS[task].kind, TASKS[task].labels
    if kind is Kind.ANSWERS:
        questions = [{"id": f"q{i}", "answers": [{"text": f"the answer {i}"}, {"text": f"{i}"}]} for i in range(9)]
        answers = {f"q{i}": f"Answer {i}." if i % 3 else "nothing" for i in range(9)}
        return json.dumps({"data": [{"paragraphs": [{"qas": questions}]}]}), json.dumps(answers, indent=1)
    if kind is Kind.TAGS:
        truth = [[chance.choice(labels) for _ in range(chance.randint(1, 6))] for _ in range(8)]
        guess = [[tag if chance.random() < 0.7 else chance.choice(labels) for tag in tags] for tags in truth]
        return tuple("\n\n".join("\n".join(tags) for tags in side) + "\n" for side in (truth, guess))  # type: ignore[return-value]
    if kind is Kind.PAIRS:
        left, right = (chance.sample(range(10**6), 12) for _ in range(2))
        rows = [f"{TASKS[task].languages[0]}-{a:09d}\ten-{b:09d}" for a, b in zip(left, right, strict=True)]
        return "\n".join(rows[:10]) + "\n", "\n".join(rows[2:]) + "\n"
    if kind is Kind.INDICES:
        order = chance.sample(range(30), 30)
        guess_of = [index if chance.random() < 0.7 else chance.randrange(30) for index in order]
        return "".join(f"{i}\n" for i in order), "".join(f"{i}\n" for i in guess_of)
    truth_of = [chance.choice(labels) for _ in range(15)]
    guessed = [label if chance.random() < 0.7 else chance.choice(labels) for label in truth_of]
    return "".join(f"{label}\n" for label in truth_of), "".join(f"{label}\n" for label in guessed)


def a_line(change: Callable[[str, random.Random], str | None]) -> Callable[[str, random.Random], str]:
    """Apply a change to one line; None takes it out."""

    def mutate(text: str, chance: random.Random) -> str:
        lines = text.split("\n")
        place = chance.randrange(max(1, len(lines) - 1))
        changed = change(lines[place], chance)
        return "\n".join([*lines[:place], *([] if changed is None else [changed]), *lines[place + 1 :]])

    return mutate


def every_line(change: Callable[[str], str]) -> Callable[[str, random.Random], str]:
    return lambda text, _: "\n".join(change(line) if line.strip() else line for line in text.split("\n"))


def insert(what: str) -> Callable[[str, random.Random], str]:
    def mutate(text: str, chance: random.Random) -> str:
        place = chance.randrange(len(text) + 1)
        return text[:place] + what + text[place:]

    return mutate


def digits(text: str) -> str:
    return text.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)})


EVERYWHERE: dict[str, Callable[[str, random.Random], str]] = {
    "windows": lambda text, _: text.replace("\n", "\r\n"),
    "old mac": lambda text, _: text.replace("\n", "\r"),
    "mark": lambda text, _: "\ufeff" + text,
    "no end": lambda text, _: text.rstrip("\n"),
    "empty": lambda text, _: "",
    "blank first": lambda text, _: "\n" + text,
    "blanks last": lambda text, _: text + "\n\n",
    "blank inside": a_line(lambda line, _: line + "\n"),
    "space after": a_line(lambda line, _: line + " "),
    "tab before": a_line(lambda line, _: "\t" + line),
    "no line": a_line(lambda line, _: None),
    "twice": a_line(lambda line, _: f"{line}\n{line}"),
    "nul": insert("\0"),
    "zero width": insert("\u200b"),
    "no-break space": insert("\u00a0"),
    "line separator": insert("\u2028"),
    "return": insert("\r"),
    "cut off": lambda text, chance: text[: chance.randrange(len(text) or 1)],
    "header": lambda text, _: "label\n" + text,
    "quoted": every_line(lambda line: '"' + line + '"'),
    "one quoted": a_line(lambda line, _: '"' + line + '"'),
    "columns": every_line(lambda line: f"word\t{line}"),
    "score": every_line(lambda line: f"{line}\t0.5"),
    "case": every_line(str.swapcase),
    "digits": every_line(digits),
    "zeros": every_line(lambda line: re.sub(r"\b(\d+)$", r"0\1", line)),
    "from one": every_line(lambda line: re.sub(r"\b\d+$", lambda found: str(int(found[0]) + 1), line)),
    "swapped": every_line(lambda line: "\t".join(line.split("\t")[::-1])),
    "alias": every_line(lambda line: line.replace("contradiction", "contradictory")),
    "padding": a_line(lambda line, _: "<pad>"),
    "null": lambda text, _: re.sub(r": \"[^\"]*\"", ": null", text, count=1),
    "list": lambda text, _: re.sub(r": (\"[^\"]*\")", r": [\1]", text, count=1),
    "key twice": lambda text, _: text.replace("{", '{"q1": "", ', 1),
    "wrapped": lambda text, _: '{"data": ' + text + "}",
}
# what leaves a file of another content that is as it should be: no scorer can tell
LAWFUL = {
    Kind.PAIRS: {"no line", "cut off", "from one"},
    Kind.ANSWERS: {"case", "zero width", "nul", "no-break space", "line separator", "digits"},
    Kind.LABELS: {"from one"},
    Kind.TAGS: {"from one"},
    Kind.INDICES: {"cut off"},
}


def outcomes(folder: Path, sources: dict[str, list[tuple[str, str, str]]], count: int, seed: int) -> dict[str, int]:
    """Damage files, and count what was found, refused and scored; fail where a score is not what it should be."""
    chance = random.Random(seed)
    told = {"found": 0, "scored": 0}
    for number in range(count):
        name = list(TASKS)[number % len(TASKS)]
        task = TASKS[name]
        gold_text, text, language = chance.choice(sources[name])
        gold, predictions = folder / "gold", folder / "predictions"
        gold.write_bytes(gold_text.encode())
        predictions.write_bytes(text.encode())
        assert check_file(predictions, gold, task) == []
        meant, _ = score_file(predictions, gold, task, language)
        changes = chance.sample(list(EVERYWHERE), chance.choice((1, 1, 2)))
        damaged = text
        for change in changes:
            damaged = EVERYWHERE[change](damaged, chance)
        predictions.write_bytes(damaged.encode())
        try:
            problems = check_file(predictions, gold, task)
        except InputError:
            problems = ["refused"]  # type: ignore[list-item]
        if problems:
            told["found"] += 1
            continue
        told["scored"] += 1
        scores, _ = score_file(predictions, gold, task, language)
        here = f"{name} after {changes}: {damaged!r} for {gold_text!r}"
        expected = xtremes_score(predictions, gold, name)
        for metric, score in expected.items():
            assert scores[metric] == pytest.approx(score, abs=1e-9), here
        if not LAWFUL[task.kind] & set(changes):
            assert scores == meant, here
    return told


def test_damaged_files_are_found_or_scored_as_was_meant(tmp_path: Path) -> None:
    chance = random.Random(5)
    sources = {name: [(*made_up(name, chance), TASKS[name].languages[0]) for _ in range(3)] for name in TASKS}
    told = outcomes(tmp_path, sources, COUNT, seed=11)
    assert told["found"] > told["scored"] > COUNT // 20


@pytest.mark.skipif(not MOCK.is_dir(), reason=f"XTREME's mock data are not at {MOCK}")
def test_damaged_mock_files_are_found_or_scored_as_was_meant(tmp_path: Path) -> None:
    sources = {
        name: [
            (gold.read_text(), (MOCK / "predictions" / name / gold.name).read_text(), gold.stem.removeprefix("test-"))
            for gold in sorted((MOCK / "labels" / name).iterdir())
            if (MOCK / "predictions" / name / gold.name).is_file() and gold.stem[5:] in task.languages
        ]
        for name, task in TASKS.items()
    }
    told = outcomes(tmp_path, sources, COUNT, seed=12)
    assert told["found"] > told["scored"] > COUNT // 20
