"""Ordering models: published check values, the .orm form, and its errors."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest

from data_prep.languages.syntax.ordering_model import OrderingModel, mix, read_model, write_model
from data_prep.languages.syntax.reordering import reorder
from data_prep.languages.syntax.word_order import back_off, find_model, model_paths, read_word_order
from fairseq_alignmlm.errors import InputError

CHECK_VALUES = [
    ("fr", "N", "DET&det @NOUN&@ ADJ&amod", 6.434200, -0.327464),
    ("fr", "N", "DET&det ADJ&amod @NOUN&@", 5.479869, -1.281796),
    ("fr", "N", "ADJ&amod DET&det @NOUN&@", 0.277752, -6.483912),
    ("en", "N", "DET&det ADJ&amod @NOUN&@", 11.106572, -0.001319),
    ("hi", "V", "PRON&nsubj NOUN&dobj @VERB&@", 1.121406, -0.686682),
    ("fr", "V", "PRON&nsubj AUX&aux @VERB&@ NOUN&dobj NOUN&nmod PUNCT&punct", 18.921239, -0.350855),
]


@pytest.mark.parametrize(("language", "node", "order", "score", "log_p"), CHECK_VALUES)
def test_scores_and_probabilities_are_those_of_the_published_tool(published, language, node, order, score, log_p):
    model = mix(published[f"{language}@{node}"], published[f"en@{node}"])
    slots = order.split()
    assert model.score(slots) == pytest.approx(score, abs=1e-5)
    total = sum(math.exp(model.score(other)) for other in itertools.permutations(slots))
    assert model.score(slots) - math.log(total) == pytest.approx(log_p, abs=1e-5)


def test_a_written_model_is_read_back_exactly(tmp_path):
    weights = {"BI_BOS_det": 0.1 + 0.2, "HI_BOS_BOS_@NOUN&@": -1e-17, "PRE_NOUN&nmod:*_@": 3.0}
    write_model(tmp_path / "xx@N.orm", weights.items())
    assert read_model(tmp_path / "xx@N.orm").weights == weights


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("BI_a_b", "no finite number"),
        ("BI_a_b x", "no finite number"),
        ("BI_a_b nan", "no finite number"),
        ("", "no finite number"),
        ("XX_a_b 1", "unknown feature"),
        ("BI_a 1", "unknown feature"),
        ("HI_a_b 1", "unknown feature"),
    ],
)
def test_a_bad_line_of_an_orm_file_is_refused_in_one_line(tmp_path, line, what):
    path = tmp_path / "xx@N.orm"
    path.write_text(f"PRE_a_b 1\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_model(path)
    assert str(caught.value).startswith(f"{path}:2: ") and what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_language_is_refused_with_the_known_ones(tmp_path):
    (tmp_path / "GD_French").mkdir()
    write_model(tmp_path / "GD_French" / "fr@N.orm", [("PRE_a_b", 1.0)])
    assert find_model(tmp_path, "fr", "N").name == "fr@N.orm"
    with pytest.raises(InputError, match="no noun ordering model of 'xx'; languages there: fr"):
        model_paths(tmp_path, "xx", "fr", None)
    with pytest.raises(InputError, match="no verb ordering model of 'fr'"):
        model_paths(tmp_path, "fr", "fr", None)
    with pytest.raises(InputError, match=r"no \.orm files"):
        find_model(tmp_path / "empty", "fr", "N")


def test_models_of_different_versions_of_ud_are_not_mixed(tmp_path):
    write_model(tmp_path / "old@N.orm", [("PRE_det_dobj", 1.0)])
    write_model(tmp_path / "new@V.orm", [("PRE_det_obj", 1.0)])
    with pytest.raises(InputError, match="Universal Dependencies 1 and of 2"):
        read_word_order([tmp_path / "old@N.orm", tmp_path / "new@V.orm"])


@pytest.mark.parametrize("language", ["en", "et", "fi", "fr", "hi", "la", "pl"])
def test_every_published_model_can_be_the_order_to_translate_into(shared_data, tree, language):
    # the noun models of Estonian and Polish name no label that only one version of UD has
    word_order = read_word_order(model_paths(shared_data / "gd" / "models", language, language, "en"))
    assert word_order.version == 1
    sentence = tree("Ann PROPN 2 nsubj\nread VERB 0 root\na DET 4 det\nbook NOUN 2 obj\n. PUNCT 2 punct")
    assert sorted(reorder(sentence, word_order, 1, 1)) == list(range(5))


def test_labels_a_model_lacks_are_backed_off():
    weights = ["PRE_nmod_case", "PRE_det_cc", "PRE_conj_@", "PRE_nmod:poss_@"]
    model = OrderingModel(dict.fromkeys(weights, 1.0))
    found = {label: back_off(model, "NOUN", label) for label in (
        "nmod:tmod", "nmod:poss", "det:predet", "cc:preconj", "list", "parataxis", "compound:prt", "xcomp"
    )}  # fmt: skip
    assert found == {
        "nmod:tmod": "NOUN&nmod",
        "nmod:poss": "NOUN&nmod:poss",
        "det:predet": "NOUN&det",
        "cc:preconj": "NOUN&cc",
        "list": "NOUN&conj",
        "parataxis": "NOUN&conj",
        "compound:prt": None,
        "xcomp": "NOUN&xcomp",
    }
    assert back_off(OrderingModel({"PRE_compound:prt_@": 1.0}), "ADP", "compound:prt") == "ADP&compound:prt"
    assert back_off(model, "ADV", "compound:prt", "de") == "ADV&compound"  # where particles stand is English's rule
    assert back_off(model, "ADV", "neg") == "ADV&advmod" and back_off(model, "DET", "neg") == "DET&det"


def test_every_model_shipped_with_the_data_is_read(shared_data: Path):
    for path in sorted((shared_data / "gd").glob("*/*.orm")):
        assert read_model(path).weights
