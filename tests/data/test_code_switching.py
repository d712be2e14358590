"""Fine-tuning data of which parts come from another language: shares by count, labels, answers, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairseq_alignmlm.data.code_switching import SwitchedPairs, SwitchedQuestions
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.tasks.code_switching import translated_folder

SETTINGS = {"bos": 0, "eos": 2, "padding_index": 1, "seed": 3, "shuffle": True, "language": None, "batch_size": 8}
COUNT = 4000


class Lines(list):
    def __init__(self, lines):
        super().__init__(torch.tensor([*line, 2]) for line in lines)
        self.sizes = np.array([len(line) for line in self], dtype=np.int32)


def nli(first, shift=0):
    """Premises of three pieces, hypotheses of two, longer by one in the other language."""
    more = [first + 9] if shift else []
    return (
        Lines([[first, first + 1, first + 2, *more]] * COUNT),
        Lines([[first + 3, first + 4, *more]] * COUNT),
        Lines([[4 + number % 3] for number in range(COUNT)]),
    )


def test_premise_and_hypothesis_are_switched_independently_in_the_share_asked_for():
    data = SwitchedPairs(nli(10), nli(50, 1), 0.3, max_length=32, **SETTINGS)
    seen = []
    for epoch in (1, 2):
        data.set_epoch(epoch)
        switched = np.zeros((COUNT, 2), dtype=bool)
        for line in range(COUNT):
            item = data[line]
            tokens = item["tokens"].tolist()
            assert item["label"] == 4 + line % 3 and len(tokens) == data.sizes[line]
            middle = tokens.index(2)
            parts = tokens[1:middle], tokens[middle + 2 : -1]
            for side, part in enumerate(parts):
                assert len({token >= 50 for token in part}) == 1  # one language each
                switched[line, side] = part[0] >= 50
        assert np.array_equal(switched, data.switched)
        spread = 4 * (0.3 * 0.7 / COUNT) ** 0.5
        assert switched.mean(0).tolist() == pytest.approx([0.3, 0.3], abs=spread)
        assert switched.all(1).mean() == pytest.approx(0.09, abs=spread)
        seen.append(switched)
    assert not np.array_equal(*seen)
    data.set_epoch(1)
    assert np.array_equal(data.switched, seen[0])  # a resumed epoch is the same one
    everything = SwitchedPairs(nli(10), nli(50, 1), 1.0, max_length=32, **SETTINGS)
    assert everything.switched.all() and (everything.sizes == 11).all()


def questions(first, extra=0, answered=True):
    """A context of 20 pieces, in the other language of 24, whose answer is two pieces from the fifth on."""
    contexts = [[first + 10 + number for number in range(20 + extra)]] * COUNT
    answers = [[1, 4 + extra, 5 + extra] if answered or number % 2 else [0, 0, 0] for number in range(COUNT)]
    made = Lines([[first, first + 1]] * COUNT), Lines(contexts), Lines([])
    made[2].extend(torch.tensor(answer) for answer in answers)
    made[2].sizes = np.full(COUNT, 3)
    return made


def test_either_question_or_context_is_switched_and_the_answer_goes_with_the_context():
    data = SwitchedQuestions(questions(100), questions(500, 4, answered=False), 0.4, 128, max_length=64, **SETTINGS)
    counts = {"question": 0, "context": 0}
    for line in range(COUNT):
        item = data[line]
        tokens, (begin, end) = item["tokens"].tolist(), item["ends"]
        asked, read = tokens[1] >= 500, tokens[6] >= 500
        assert not (asked and read)
        counts["question"] += asked
        counts["context"] += read
        first = 510 + 8 if read else 110 + 4
        assert tokens[begin : end + 1] == [first, first + 1]
        assert not read or line % 2  # contexts without an answer stay
        assert len(tokens) == data.sizes[line] == (30 if read else 26)
    assert counts["question"] / COUNT == pytest.approx(0.2, abs=0.026)
    assert counts["context"] / COUNT == pytest.approx(0.1, abs=0.02)
    short = SwitchedQuestions(questions(100), questions(500, 4), 1.0, 4, max_length=20, **SETTINGS)
    sizes = {len(short[index]["tokens"]) for index in range(50)}
    assert max(sizes) <= 20 and len(short) > COUNT  # windows are those of the languages chosen
    before = len(short)
    short.set_epoch(2)
    assert len(short) != before
    assert [len(short[index]["tokens"]) for index in range(50)] == short.sizes[:50].tolist()


def test_data_that_do_not_belong_together_are_refused(tmp_path):
    other = nli(50)
    with pytest.raises(InputError, match="--code-switch-data: has 3,999 lines, the data 4,000"):
        SwitchedPairs(
            nli(10),
            tuple(Lines([line[:-1].tolist() for line in part[1:]]) for part in other),
            0.5,
            max_length=32,
            **SETTINGS,
        )
    other[2][7] = torch.tensor([9, 2])
    with pytest.raises(InputError, match="line 8 and 0 others have other labels"):
        SwitchedPairs(nli(10), other, 0.5, max_length=32, **SETTINGS)
    for name, symbols in (("en", "a b"), ("fr", "a b"), ("xx", "c d")):
        folder = tmp_path / name / "input0"
        folder.mkdir(parents=True)
        (folder / "dict.txt").write_text("".join(f"{symbol} 1\n" for symbol in symbols.split()))
    identity = Identity.of_dict(tmp_path / "en" / "input0" / "dict.txt")

    def folder(name, split="train", language=None, share=0.5):
        data = str(tmp_path / name) if name else None
        cfg = SimpleNamespace(code_switch_data=data, code_switch_share=share, data=str(tmp_path / "en"))
        return translated_folder(cfg, split, "input0", identity, language)

    assert folder("fr") == tmp_path / "fr" and folder("fr", "valid") is None and folder(None) is None
    for arguments, message in (
        (("xx",), "is of another vocabulary"),
        (("en",), "is in the language of the data, so nothing would be switched"),
        (("fr", "train", 1), "the model has language embeddings"),
        (("fr", "train", None, 0.0), "--code-switch-share 0 is not above 0 and up to 1"),
        (("fr", "train", None, 1.5), "--code-switch-share 1.5 is not above 0 and up to 1"),
    ):
        with pytest.raises(InputError, match=message):
            folder(*arguments)
