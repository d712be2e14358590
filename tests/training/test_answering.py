"""Question answering from data to scores, on a set so small that a tiny model learns where answers stand."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.criterions.answer_span import AnswerSpan
from fairseq_alignmlm.evaluation.answers import read_answers, read_gold_answers, score_answers
from fairseq_alignmlm.tasks.xtreme_answering import XtremeAnswering, XtremeAnsweringConfig

NAMES = ["Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kay", "Leo"]
PLACES = ["York", "Rome", "Oslo", "Lyon", "Bern", "Kiel", "Turin", "Cork", "Graz", "Brno"]
FRUIT = ["Plum", "Fig", "Pear", "Kiwi", "Lime", "Date", "Nut", "Pea", "Bean", "Corn"]


def question_file(path: Path, count: int, seed: int) -> Path:
    """Write questions whose context says of somebody where he lives and what he eats, among clauses of no use."""
    chance = random.Random(seed)
    paragraphs = []
    for number in range(count):
        asked = {"who": chance.choice(NAMES), "where": chance.choice(PLACES), "what": chance.choice(FRUIT)}
        clauses = [f"{asked['who']} comes .", f"in {asked['where']} .", f"eats {asked['what']} .", "and so on . and so"]
        chance.shuffle(clauses)
        context = " ".join(clauses)
        kind = chance.choice(sorted(asked))
        answers = [{"text": asked[kind], "answer_start": context.index(asked[kind])}]
        question = {"id": f"{seed}-{number}", "question": f"{kind} ?", "answers": answers}
        paragraphs.append({"context": context, "qas": [question]})
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    return path


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vocabulary of words, and the questions of 600 and 60 contexts, cut into pieces."""
    folder = tmp_path_factory.mktemp("answering")
    text = folder / "corpus.txt"
    chance = random.Random(0)
    words = [*NAMES, *PLACES, *FRUIT, *["who", "where", "what", "?", ".", "comes", "in", "eats", "and", "so", "on"]]
    text.write_text("".join(" ".join(chance.sample(words, 6)) + "\n" for _ in range(2000)))
    work = folder / "pair"
    train, dev = question_file(folder / "train.json", 600, 1), question_file(folder / "dev.json", 60, 2)
    for arguments in (
        ("sentences", text, "--pair", work, "--language", "en", "--valid-every", "10", "--workers", "1"),
        ("vocabulary", "--pair", work, "--size", "90"),
        ("derive", "--pair", work, "--derived", "en_inv", "--transform", "inv", "--workers", "1"),
        ("encode", "--pair", work, "--derived", "en_inv", "--workers", "1"),
        ("xtreme", "--pair", work, "--task", "xquad", "--language", "en", "--train", train, "--dev", dev),
    ):
        assert main("data_prep", "", [str(argument) for argument in arguments]) == 0
    return work


def setup(pair: Path, **settings: int) -> XtremeAnswering:
    data = str(pair / "xtreme" / "xquad" / "en" / "bin")
    return XtremeAnswering.setup_task(XtremeAnsweringConfig(data=data, batch_size=4, seed=1, **settings))


def test_windows_hold_question_and_answer_where_they_should(pair: Path) -> None:
    task = setup(pair, max_length=30, stride=7)
    task.load_dataset("valid")
    dataset = task.dataset("valid")
    questions = {}
    for index in range(len(dataset)):
        item, (first, last) = dataset[index], dataset.window(index)
        tokens, place = item["tokens"], item["context"]
        assert len(tokens) == dataset.sizes[index] <= 30
        context = dataset._contexts[dataset.line(index)]
        assert torch.equal(tokens[place : place + last - first], context[first:last])
        _, begin, final = dataset._answers[dataset.line(index)].tolist()
        inside = first <= begin and final < last
        assert item["ends"] == ((begin - first + place, final - first + place) if inside else (0, 0))
        questions.setdefault(dataset.line(index), []).append(inside)
    assert all(any(inside) for inside in questions.values())
    assert any(len(inside) > 1 for inside in questions.values())


def test_loss_is_the_mean_cross_entropy_of_both_ends_among_context_and_start(pair: Path) -> None:
    task = setup(pair, max_length=40)
    task.load_dataset("valid")
    batch = task.dataset("valid").collater([task.dataset("valid")[index] for index in (0, 3, 5)])
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(*batch["net_input"]["src_tokens"].shape, 2, generator=generator)
    loss, size, _ = AnswerSpan(None, task)(lambda **_: (logits, {}), batch)
    expected = []
    for row, (ends, allowed) in enumerate(zip(batch["target"].tolist(), batch["answerable"], strict=True)):
        for side, end in enumerate(ends):
            scores = logits[row, :, side].double().numpy()
            kept = scores[allowed.numpy()]
            expected.append(np.log(np.exp(kept).sum()) - scores[end])
    assert (loss.item(), size.item()) == (pytest.approx(sum(expected) / 2, rel=1e-5), 3)
    places = batch["net_input"]["src_tokens"]
    eos = task.dictionary.eos()
    for row in range(3):  # the question and the special symbols but <s> are no answers
        borders = (places[row] == eos).nonzero()[:2, 0].tolist()
        assert batch["answerable"][row, 0]
        assert not batch["answerable"][row, 1 : borders[1] + 1].any()
        assert not batch["answerable"][row, places[row] == eos].any()


@pytest.mark.slow
def test_f1_rises_above_the_best_answer_that_does_not_read(training, pair: Path, tmp_path: Path) -> None:
    data = pair / "xtreme" / "xquad" / "en" / "bin"
    done = training.run(
        *("--task", "xtreme_answering", "--max-length", "48", "--stride", "12", "--criterion", "answer_span"),
        *("--batch-size", "16", "--max-update", "800", "--total-num-update", "1000", "--lr", "4e-3"),
        *("--save-dir", str(tmp_path)),
        *("--no-epoch-checkpoints", "--best-checkpoint-metric", "accuracy", "--maximize-best-checkpoint-metric"),
        data=data,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    output = tmp_path / "predictions" / "xquad" / "test-en.json"
    arguments = ("--checkpoint", tmp_path / "checkpoint_last.pt", "--data", data, "--output", output)
    assert main("fairseq_alignmlm", "", ["predict", "--split", "valid", *map(str, arguments)]) == 0
    gold = read_gold_answers(data.parent / "valid.json")
    found = score_answers(gold, read_answers(output))["f1"]
    constant = max(score_answers(gold, dict.fromkeys(gold, word))["f1"] for word in (*NAMES, *PLACES, *FRUIT))
    of_the_right_kind = 100 / 10  # somebody who has not read the context, but knows what is asked for
    assert found > 60 > 30 > max(constant, of_the_right_kind)
