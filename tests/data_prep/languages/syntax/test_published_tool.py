"""The published tool, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.languages.syntax.conllu import read_sentences
from data_prep.languages.syntax.java_random import JavaRandom
from data_prep.languages.syntax.ordering_model import OrderingModel, mix
from data_prep.languages.syntax.published_tool import (
    PublishedTool,
    adjacent_transpositions,
    argmax_is_true_order,
    bag_of_slots,
)


def translated(path: Path, noun: OrderingModel, verb: OrderingModel) -> str:
    return "".join(text for text in PublishedTool(noun, verb, seed=0).translate(read_sentences(path)) if text)


def rebuilt_input(output: Path) -> str:
    """Undo the tool: put the lines of its output back where their index columns say they were."""
    lines: dict[int, str] = {}
    for block in output.read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if not line.startswith("#")]
        old = {row[0]: row[11] for row in rows} | {"0": "0"}
        for row in rows:
            line = int(row[10].partition(":")[2])
            lines[line] = "\t".join([row[11], row[12], *row[2:6], old[row[6]], *row[7:10]])
    return "".join(lines.get(number, "") + "\n" for number in range(1, max(lines) + 2))


def test_random_numbers_are_those_of_java():
    numbers = JavaRandom(0)
    assert [numbers.next_double(), numbers.next_double()] == [0.730967787376657, 0.24053641567148587]


def test_orders_come_by_adjacent_transpositions():
    written = ["".join(map(str, order)) for order in adjacent_transpositions(3)]
    assert written == ["012", "021", "201", "210", "120", "102"]
    written = ["".join(map(str, order)) for order in adjacent_transpositions(4)]
    assert written[:6] == ["0123", "0132", "0312", "3012", "3021", "0321"]
    assert len(set(written)) == 24


def test_the_published_translation_of_the_sample_is_reproduced(shared_data, published):
    toy = shared_data / "gd" / "toy"
    noun, verb = mix(published["fr@N"], published["en@N"]), mix(published["hi@V"], published["en@V"])
    assert translated(toy / "sample.conllu", noun, verb) == (toy / "sample-en~fr@N~hi@V.conllu").read_text("utf-8")


def test_the_other_published_output_is_reproduced_from_its_rebuilt_input(shared_data, published, tmp_path):
    expected = shared_data / "gd" / "toy" / "sample-en~en@N~en@V.conllu"
    source = tmp_path / "sample.conllu"
    source.write_text(rebuilt_input(expected), encoding="utf-8")
    assert translated(source, published["en@N"], published["en@V"]) == expected.read_text("utf-8")


def test_crossing_and_wide_trees_are_dropped(tree):
    model = OrderingModel({"PRE_det_@": 1.0})
    tool = PublishedTool(model, model)
    crossing = tree("a DET 3 det\nb NOUN 4 dep\nc NOUN 0 root\nd NOUN 3 dep")
    wide = tree("a NOUN 0 root\n" + "\n".join("b DET 1 det" for _ in range(7)))
    assert tool.order(crossing) is None and tool.order(wide) is None


def test_true_orders_of_a_gold_tree_bank_are_as_probable_as_measured_with_the_tool(shared_data, published):
    path = shared_data / "ud" / "UD_English-EWT" / "r1.2" / "en-ud-dev.conllu"
    tool = PublishedTool(published["en@N"], published["en@V"])
    found = []
    for number, sentence in enumerate(read_sentences(path)):
        if number % 8 == 0 and tool.order(sentence) is not None:
            below = [
                [i for i, head in enumerate(sentence.heads) if head == node] for node in range(len(sentence.heads))
            ]
            for node, dependents in enumerate(below):
                upos = sentence.rows[node][3]
                if dependents and upos in ("NOUN", "PROPN", "PRON", "VERB"):
                    model = published["en@V" if upos == "VERB" else "en@N"]
                    found.append(argmax_is_true_order(model, bag_of_slots(sentence, node, below)))
    is_best, log_p, random_log_p = (sum(values) / len(found) for values in zip(*found, strict=True))
    assert is_best == pytest.approx(0.827, abs=0.03)
    assert log_p == pytest.approx(-0.915, abs=0.1)
    assert random_log_p == pytest.approx(-2.893, abs=0.2)
