"""The published tool, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.languages.syntax.conllu import read_sentences
from data_prep.languages.syntax.ordering_model import OrderingModel, mix
from data_prep.languages.syntax.published_tool import (
    JavaRandom,
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


def test_comments_have_the_numbers_of_their_lines_whatever_stands_between_them_and_the_words(tmp_path):
    model = OrderingModel({"PRE_det_@": 1.0})
    word = "{}\t{}\t_\tNOUN\t_\t_\t{}\tdep\t_\t_\n"
    range_and_words = (
        "1-2\tToday's\t" + "\t".join("_" * 8) + "\n" + word.format(1, "Today", 0) + word.format(2, "'s", 1)
    )
    path = tmp_path / "a.conllu"
    path.write_text("# sent_id = 1\n# text = Today's\n" + range_and_words + "\n" + "# b\n" + word.format(1, "c", 0))
    first, second = (text or "" for text in PublishedTool(model, model).translate(read_sentences(path)))
    assert first.splitlines()[:2] == ["# a.conllu:1:# sent_id = 1", "# a.conllu:2:# text = Today's"]
    assert {line.split("\t")[10] for line in first.splitlines()[4:6]} == {"a.conllu:4", "a.conllu:5"}
    assert second.startswith("# a.conllu:7:# b\n")


def test_a_chain_of_5000_words_is_no_recursion(tree):
    model = OrderingModel({"PRE_det_@": 1.0})
    order = PublishedTool(model, model).order(
        tree("a NOUN 0 root\n" + "\n".join(f"b NOUN {i} nmod" for i in range(1, 5000)))
    )
    assert order is not None and sorted(order) == list(range(5000))
