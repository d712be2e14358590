"""New pieces for an imported vocabulary: old rows stay what they were, new ones are what was asked for."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="needs the extra [hf]")

import torch

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.evaluation.checkpoint import read_state
from fairseq_alignmlm.exchange.importing import import_folder
from fairseq_alignmlm.exchange.tokenizer import beside_checkpoint
from tests.exchange.trained_tokenizers import write_model

OLD = ["the cat sat on the mat", "a dog saw the cat", "the old house is red", "we eat bread and fish"]
NEW = ["kissa istui matolla ja koira näki kissan", "vanha talo on punainen ja kissa syö kalaa"]
WORDS = "encoder.sentence_encoder.embed_tokens.weight"
BIAS = "encoder.lm_head.bias"


@pytest.fixture(scope="module", params=["xlm-roberta", "bert", "roberta"])
def model(tmp_path_factory, request):
    root = tmp_path_factory.mktemp("extended")
    write_model(root / "hf", request.param, OLD * 5, 330)
    import_folder(root / "hf", root / "in" / "model.pt")
    (root / "fi.txt").write_text("\n".join(NEW * 20) + "\n", encoding="utf-8")
    (root / "en-fi.txt").write_text("cat kissa\ndog koira\nhouse talo\nfish kalaa\n", encoding="utf-8")
    return root


def extended(model, name, *options):
    target = model / name / "model.pt"
    command = ["extend", str(model / "in" / "model.pt"), "--to", str(target), "--text", str(model / "fi.txt")]
    assert main("fairseq_alignmlm", "", [*command, "--pieces", "40", *options]) == 0
    return read_state(target), beside_checkpoint(target.parent)


def test_old_pieces_keep_their_rows_and_the_new_text_has_fewer(model, capsys):
    state, new = extended(model, "pieces")
    told = capsys.readouterr().out
    before, old = read_state(model / "in" / "model.pt"), beside_checkpoint(model / "in")
    rows = {symbol: row for row, symbol in enumerate(new.symbols)}
    assert len(old) < len(new) <= len(old) + 40
    for row, symbol in enumerate(old.symbols):
        assert torch.equal(state["model"][WORDS][rows[symbol]], before["model"][WORDS][row])
        assert state["model"][BIAS][rows[symbol]] == before["model"][BIAS][row]
    cut, was = ([row for line in tokenizer.encode_lines(NEW) for row in line] for tokenizer in (new, old))
    assert (cut.count(3), len(cut)) < (was.count(3), len(was))  # less is unknown, or the pieces are longer
    assert "pieces per word of the text" in told
    # the first embedding of a new piece: the mean of the old pieces of its spelling
    symbol = next(s for s in new.symbols if s not in old.symbols and "kissa" in s)
    spelled = old.encode_words(["kissa" if "kissa" in symbol else symbol])[0]
    if symbol.lstrip("▁Ġ#") == "kissa":
        known = [row for row in spelled if row != 3]
        table = before["model"][WORDS]
        expected = table[known].mean(0) if known else table[4:-1].mean(0)
        torch.testing.assert_close(state["model"][WORDS][rows[symbol]], expected)


def test_new_pieces_start_from_their_translations(model):
    state, new = extended(model, "dictionary", "--initialise", "dictionary", "--dictionary", str(model / "en-fi.txt"))
    before, old = read_state(model / "in" / "model.pt"), beside_checkpoint(model / "in")
    total, weight = {}, {}
    for english, finnish in (("cat", "kissa"), ("dog", "koira"), ("house", "talo"), ("fish", "kalaa")):
        vector = before["model"][WORDS][old.encode_words([english])[0]].mean(0)
        pieces = new.encode_words([finnish])[0]
        for row in pieces:
            if new.symbols[row] not in old.symbols:
                total[row] = total.get(row, 0) + vector / len(pieces)
                weight[row] = weight.get(row, 0) + 1 / len(pieces)
    assert total
    for row, vector in total.items():
        torch.testing.assert_close(state["model"][WORDS][row], vector / weight[row])


def test_an_extended_model_is_exported_exactly(model):
    extended(model, "mean", "--initialise", "mean")
    target = model / "out"
    (model / "lines").write_text("\n".join(OLD + NEW) + "\n", encoding="utf-8")
    command = ["export", str(model / "mean" / "model.pt"), "--to", str(target), "--text", f"fi={model / 'lines'}"]
    assert main("fairseq_alignmlm", "", command) == 0
    import json

    assert json.loads((target / "conversion.json").read_text())["tokenizer"]["fi"]["different"] == 0


def test_mistakes_are_one_line(model, capsys):
    common = ["extend", str(model / "in" / "model.pt"), "--text", str(model / "fi.txt"), "--to"]
    assert main("fairseq_alignmlm", "", [*common, str(model / "in" / "other.pt")]) == 2
    assert "is of another model; give --to a folder of its own" in capsys.readouterr().err
    assert main("fairseq_alignmlm", "", [*common, str(model / "x" / "m.pt"), "--initialise", "dictionary"]) == 2
    assert "--initialise dictionary and --dictionary FILE belong together" in capsys.readouterr().err
