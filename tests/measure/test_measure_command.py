"""`measure` on a Hugging Face folder: states are those of transformers, a checkpoint of it gives the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs the extra [hf]")

import torch
import transformers

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.exchange.importing import import_folder
from fairseq_alignmlm.measure.model import MeasuredModel
from tests.exchange.trained_tokenizers import write_model

ENGLISH = ["the cat sat on the mat", "a dog saw the cat", "the old house is red", "we eat bread and fish"]
FRENCH = ["le chat est sur le tapis", "un chien vit le chat", "la vieille maison est rouge", "nous mangeons du pain"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("hf") / "model", "bert", (ENGLISH + FRENCH) * 3, 120)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "en.txt").write_text("\n".join(ENGLISH) + "\n")
    (tmp_path / "fr.txt").write_text("\n".join(FRENCH) + "\n")
    (tmp_path / "lexicon.txt").write_text("cat chat\ndog chien\nhouse maison\nred rouge\nbread pain\n")
    gold = tmp_path / "gold"
    gold.mkdir()
    (gold / "test.en").write_text("\n".join(ENGLISH[:2]) + "\n")
    (gold / "test.fr").write_text("\n".join(FRENCH[:2]) + "\n")
    (gold / "alignv2.txt").write_text("1 1 1 S\n1 2 2 S\n1 6 6 P\n2 2 2 S\n2 4 4 S\n2 5 5 S\n")
    return tmp_path


def run(model, data, output):
    arguments = ["measure", str(model), "--sentences", f"en-fr={data}/en.txt,{data}/fr.txt", "--lone-words"]
    arguments += ["--lexicon", f"en-fr={data}/lexicon.txt", "--candidates", f"fr={data}/fr.txt"]
    arguments += ["--gold", f"en-fr={data}/gold", "--output", str(output), "--vectors", str(output / "vectors")]
    assert main("fairseq_alignmlm", "", arguments) == 0
    return json.loads((output / "measure.json").read_text())


def test_states_of_words_and_sentences_are_those_of_transformers(folder):
    measured = MeasuredModel.load(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    sentences = measured.sentence_vectors(measured.encode_lines(ENGLISH, "en"), "en")
    words = measured.word_vectors([measured.encode_words(line.split(), "en") for line in ENGLISH], "en")
    for number, line in enumerate(ENGLISH):
        batch = tokenizer(line.split(), is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            hidden = torch.stack(model(**batch, output_hidden_states=True).hidden_states)[:, 0]
        torch.testing.assert_close(sentences[:, number], hidden.mean(1), atol=1e-5, rtol=0)
        owners = batch.word_ids()
        for word in range(len(line.split())):
            chosen = [place for place, owner in enumerate(owners) if owner == word]
            torch.testing.assert_close(words[number][:, word], hidden[:, chosen].mean(1), atol=1e-5, rtol=0)


def test_a_folder_and_its_checkpoint_measure_alike(folder, data, tmp_path, capsys):
    import_folder(folder, tmp_path / "imported" / "model.pt")
    first = run(folder, data, tmp_path / "a")
    told = capsys.readouterr().out
    second = run(tmp_path / "imported" / "model.pt", data, tmp_path / "b")
    for one, other in zip(first["measures"], second["measures"], strict=True):
        assert {**one, "signature": ""} == {**other, "signature": ""}
    assert first["fertility"] == second["fertility"]
    names = {each["measure"] for each in first["measures"]}
    assert {"word retrieval, weak", "word retrieval, strong", "lone words, weak", "sentence retrieval"} <= names
    assert {"mutual nearest", "CKA", "alignment error rate", "words in context, strong"} <= names
    assert {each["layer"] for each in first["measures"] if each["measure"] == "CKA"} == {0, 1, 2}
    assert "alignment error rate  en-fr" in told
    assert "pieces/word" in told
    vectors = np.load(tmp_path / "a" / "vectors" / "en-fr.fr.npy", allow_pickle=False)
    assert vectors.shape == (4, 16)
    assert (tmp_path / "a" / "layers.png").stat().st_size > 10_000
    retrieval = next(each for each in first["measures"] if each["measure"] == "word retrieval, weak")
    assert retrieval["candidates"] > 5  # the words of the French text, too
    assert retrieval["signature"].startswith(
        "task:measure|dir:en>fr|metric:word-retrieval-weak|rule:input-embeddings|n:5"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to measure: give --sentences, --lexicon, --gold or --linked"),
        (["--sentences", "en-fr"], "--sentences en-fr: give L1-L2=FILE"),
        (["--sentences", "en-fr={0}/en.txt"], "give two files of equally many lines"),
        (["--sentences", "en-fr={0}/en.txt,{0}/gold/test.fr"], "4 lines, "),
        (["--lexicon", "en-fr={0}/none.txt"], "none.txt: no such file"),
        (["--gold", "en-fr={0}"], "test.en: no such file"),
        (["--vectors", "{0}/v", "--lexicon", "en-fr={0}/lexicon.txt"], "--vectors: there are no sentences"),
        (["--limit", "0", "--lexicon", "en-fr={0}/lexicon.txt"], "--limit and --most: give 1 or more"),
    ],
)
def test_mistakes_are_one_line(folder, data, capsys, arguments, message):
    arguments = [argument.format(data) for argument in arguments]
    assert main("fairseq_alignmlm", "", ["measure", str(folder), *arguments]) == 2
    assert message in capsys.readouterr().err
