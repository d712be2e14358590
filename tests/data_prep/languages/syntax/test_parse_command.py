"""``parse``: what happens around stanza, with a stand-in for it, and once with the real one."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from data_prep.commands import parse as command
from data_prep.languages.syntax import parsing
from data_prep.languages.syntax.conllu import read_sentences, unparsed_tree
from data_prep.languages.syntax.parser_training import resources, train_parser
from fairseq_alignmlm.errors import InputError

LOAD_PIPELINE = parsing.load_pipeline
LINES = ["one two .", "", "a b c d e f", "three", "four five"]


class StandIn:
    """Parse every sentence into a chain, and count how often it is asked."""

    calls = 0

    def __call__(self, sentences: list[list[str]]) -> SimpleNamespace:
        StandIn.calls += 1
        parsed = []
        for words in sentences:
            rows = [
                SimpleNamespace(lemma=word, upos="X", xpos=None, feats=None, head=i, deprel="dep" if i else "root")
                for i, word in enumerate(words)
            ]
            parsed.append(SimpleNamespace(words=rows))
        return SimpleNamespace(sentences=parsed)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put the stand-in in stanza's place, with a folder that looks like models."""
    monkeypatch.setattr(parsing, "load_pipeline", lambda settings: StandIn())
    monkeypatch.setattr(parsing, "import_stanza", lambda: SimpleNamespace())
    monkeypatch.setattr(command, "LINES_PER_PART", 2)
    monkeypatch.setattr("data_prep.manifest.importlib.metadata.version", lambda name: "0")
    models = tmp_path / "models"
    models.mkdir()
    (models / "resources.json").write_text(json.dumps(resources("en")))
    (tmp_path / "text.txt").write_text("\n".join(LINES) + "\n")
    StandIn.calls = 0
    return tmp_path


def call(prepare, folder: Path, *more: object) -> int:
    arguments = ("--text", folder / "text.txt", "--output", folder / "out.conllu", "--models", folder / "models")
    return prepare("parse", *arguments, "--offline", "--workers", 1, *more)


def test_every_sentence_gets_a_tree_in_order_and_long_ones_are_counted(stand_in, prepare, capsys):
    assert call(prepare, stand_in, "--longest", 4) == 0
    trees = list(read_sentences(stand_in / "out.conllu"))
    assert [" ".join(tree.words) for tree in trees] == [line for line in LINES if line]
    assert trees[1].comments == ["# unparsed = too long to parse"]
    record = json.loads((stand_in / "out.conllu.manifest.json").read_text())
    assert record["counts"] == {"sentences": 4, "words": 12, "too long to parse (> 4 words), order will be kept": 1}
    assert not list(stand_in.glob(".out*"))
    assert call(prepare, stand_in, "--longest", 4) == 0
    assert "up to date" in capsys.readouterr().out


def test_stopped_work_goes_on_where_it_stopped(stand_in, prepare, monkeypatch):
    good = StandIn.__call__

    def fail_at_the_second(self, sentences):
        if StandIn.calls == 1:
            raise OSError("no space left")
        return good(self, sentences)

    monkeypatch.setattr(StandIn, "__call__", fail_at_the_second)
    assert call(prepare, stand_in) == 1
    assert not (stand_in / "out.conllu").exists() and StandIn.calls == 1
    monkeypatch.setattr(StandIn, "__call__", good)
    assert call(prepare, stand_in) == 0
    assert StandIn.calls == 3  # three parts, none of them twice
    assert len(list(read_sentences(stand_in / "out.conllu"))) == 4


def test_parts_made_from_other_text_are_not_used(stand_in, prepare):
    parts = stand_in / ".out.conllu.parts"
    parts.mkdir()
    (parts / "settings.json").write_text("{}")
    (parts / "00000000.conllu").write_text("rubbish")
    (parts / "00000000.json").write_text("{}")
    assert call(prepare, stand_in) == 0
    assert "rubbish" not in (stand_in / "out.conllu").read_text()


def test_parts_are_parsed_apart_and_put_together(stand_in, prepare, capsys):
    for part in ("3/3", "1/3"):
        assert call(prepare, stand_in, "--part", part) == 0
    assert StandIn.calls == 2 and not (stand_in / "out.conllu").exists()
    assert call(prepare, stand_in, "--part", "2/3") == 0
    assert call(prepare, stand_in) == 0
    assert StandIn.calls == 3  # nothing was left to parse
    trees = list(read_sentences(stand_in / "out.conllu"))
    assert [" ".join(tree.words) for tree in trees] == [line for line in LINES if line]
    with pytest.raises(SystemExit):
        call(prepare, stand_in, "--part", "4/3")
    assert "give I/N" in capsys.readouterr().err


def test_words_a_second_and_the_time_left_are_shown(stand_in, prepare, capsys, monkeypatch):
    monkeypatch.setattr("fairseq_alignmlm.progress.SECONDS_BETWEEN_LINES", 0.0)
    assert call(prepare, stand_in) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("parse text.txt: ")]
    assert "/12 words (" in lines[0] and lines[0].endswith(" left)")


def test_a_gpu_is_used_where_there_is_one(monkeypatch, tmp_path):
    settings = parsing.ParserSettings("en", tmp_path)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert parsing.with_gpu(settings, 8, False, False) == (settings._replace(use_gpu=True), 1)
    assert parsing.with_gpu(settings, 8, False, True) == (settings, 8)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert parsing.with_gpu(settings, 8, False, False) == (settings, 8)
    with pytest.raises(InputError, match="torch finds no GPU"):
        parsing.with_gpu(settings, 8, True, False)


LABELLED = {
    "xnli": ("He left . She stayed !\tShe left .\tneutral\nYes .\tNo .\tcontradiction\n", "none", 5),
    "panx": ("en:Ann\tB-PER\nen:left\tO\n\nen:1\xa0000\tO\nen:.\tO\n", "moses", 2),
    "udpos": ("Go\tVERB\n.\tPUNCT\n", "moses", 1),
}


@pytest.mark.parametrize("task", LABELLED)
def test_labelled_data_is_parsed_sentence_by_sentence_where_xtreme_finds_it(stand_in, prepare, encoded_pair, task):
    text, tokeniser, sentences = LABELLED[task]
    data = stand_in / "train.tsv"
    data.write_text(text, encoding="utf-8")
    pair = stand_in / "pair"
    shutil.copytree(encoded_pair, pair)
    labelled = ("--pair", pair, "--task", task, "--train", data, "--dev", data, "--tokeniser", tokeniser)
    assert prepare("parse", *labelled, "--models", stand_in / "models", "--offline", "--workers", 1) == 0
    trees = list(read_sentences(pair / "trees" / "labelled" / task / "train.conllu"))
    assert len(trees) == sentences
    model = "PRE_a_b 1\n"
    for node in "NV":
        (stand_in / f"xx@{node}.orm").write_text(model)
    syn = f"syn:noun=xx,verb=xx,substrate=none,models={stand_in}"
    derive = ("--pair", pair, "--derived", "en_trans_syn", "--transform", syn)
    (pair / "trees" / "en").mkdir()
    for split in ("train", "valid"):
        lines = [line.split() for line in (pair / "text" / "en" / f"{split}.txt").read_text().splitlines() if line]
        (pair / "trees" / "en" / f"{split}.conllu").write_text("".join(unparsed_tree(words, "") for words in lines))
    assert prepare("derive", *derive, "--workers", 1) == 0
    assert prepare("encode", "--pair", pair, "--derived", "en_trans_syn", "--workers", 1) == 0
    assert prepare("binarize", "--pair", pair, "--workers", 1) == 0
    written = []
    for workers in (1, 2):
        assert prepare("xtreme", *labelled, "--derived", "en_trans_syn", "--workers", workers) == 0
        files = [path for path in (pair / "xtreme").rglob("*") if path.is_file() and path.name != "manifest.json"]
        written.append({path.relative_to(pair): path.read_bytes() for path in files})
        shutil.rmtree(pair / "xtreme")
    assert written[0] == written[1] and written[0][Path("xtreme", task, "en_trans_syn", "train.tsv")].split()
    (pair / "trees" / "labelled" / task / "train.conllu.manifest.json").unlink()
    with open(pair / "trees" / "labelled" / task / "train.conllu", "a") as handle:
        handle.write(unparsed_tree(["surplus"], ""))
    assert prepare("xtreme", *labelled, "--derived", "en_trans_syn") == 2


def put_trees(pair: Path, sentences: list[str]) -> Path:
    """Put the text and gold trees of ``sentences`` into a pair and return the trees' folder."""
    text, trees = pair / "text" / "en", pair / "trees" / "en"
    for folder in (text, trees):
        folder.mkdir(parents=True)
    tree = "1\t{}\t_\tX\t_\t_\t0\troot\t_\tgold\n\n"
    for split in ("train", "valid"):
        (text / f"{split}.txt").write_text("\n\n".join(sentences) + "\n")
        (trees / f"{split}.conllu").write_text("".join(tree.format(word) for word in sentences))
    return trees


def test_trees_that_somebody_put_there_are_used_even_without_stanza(prepare, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "stanza", None)
    trees = put_trees(tmp_path, ["one", "two"])
    assert prepare("parse", "--pair", tmp_path) == 0
    printed = capsys.readouterr()
    assert f"trees are there; not parsed: {trees / 'valid.conllu'}: sentences 2" in printed.out
    assert "gold" in (trees / "train.conllu").read_text()
    with open(tmp_path / "text" / "en" / "valid.txt", "a") as handle:
        handle.write("three\n")
    assert prepare("parse", "--pair", tmp_path) == 2
    error = capsys.readouterr().err
    assert "valid.conllu: no tree for line 4 of" in error and "remove the file and parse" in error
    assert error.count("\n") == 1


def test_trees_that_were_parsed_and_those_that_are_not_there_are_parsed(stand_in, prepare):
    trees = put_trees(stand_in, ["one", "two"])
    parse = ("parse", "--pair", stand_in, "--models", stand_in / "models", "--offline", "--workers", 1)
    (trees / "valid.conllu").unlink()
    assert prepare(*parse) == 0
    assert "gold" in (trees / "train.conllu").read_text()
    assert StandIn.calls == 2
    with open(stand_in / "text" / "en" / "valid.txt", "a") as handle:
        handle.write("three\n")
    assert prepare(*parse) == 0
    assert len(list(read_sentences(trees / "valid.conllu"))) == 3
    (trees / "valid.conllu.manifest.json").unlink()
    (trees / ".valid.conllu.parts").mkdir()  # it was stopped when all but the record was there
    assert prepare(*parse) == 0
    assert (trees / "valid.conllu.manifest.json").is_file()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\ta\tb\n", r"bad\.conllu:1: 3 columns instead of 10"),
        ("1\ta\t_\tX\t_\t_\t1\tdep\t_\t_\n", r"bad\.conllu:1: no root"),
        ("", r"bad\.conllu: no tree in the file; give a tree bank"),
    ],
)
def test_a_tree_bank_is_checked_before_the_parser_is_trained(tmp_path, text, message):
    good, bad = tmp_path / "good.conllu", tmp_path / "bad.conllu"
    good.write_text("1\ta\t_\tX\t_\t_\t0\troot\t_\t_\n")
    bad.write_text(text)
    for files in ((good, bad), (bad, good)):
        with pytest.raises(InputError, match=message):
            train_parser("en", *files, tmp_path / "models", 1, 1, 1)


def test_without_stanza_the_extra_is_named(prepare, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "stanza", None)
    assert call(prepare, tmp_path) == 2
    error = capsys.readouterr().err
    assert "fairseq-alignmlm[syntax]" in error and error.count("\n") == 1


def test_missing_models_and_unknown_languages_are_refused(stand_in, prepare, capsys, monkeypatch):
    (stand_in / "models" / "resources.json").unlink()
    assert call(prepare, stand_in) == 2
    assert "no stanza models" in capsys.readouterr().err
    (stand_in / "models" / "resources.json").write_text(json.dumps(resources("de")))
    monkeypatch.setattr(parsing, "load_pipeline", LOAD_PIPELINE)
    assert call(prepare, stand_in) == 2
    assert "unknown language 'en'" in capsys.readouterr().err


@pytest.mark.slow
def test_stanza_trains_small_models_and_parses_with_them(prepare, shared_data, tmp_path):
    pytest.importorskip("stanza")
    bank = shared_data / "ud" / "UD_English-EWT" / "en_ewt-ud-dev.conllu"
    blocks = bank.read_text(encoding="utf-8").split("\n\n")
    for name, part in (("train", blocks[:60]), ("dev", blocks[60:80])):
        (tmp_path / f"{name}.conllu").write_text("\n\n".join(part) + "\n\n", encoding="utf-8")
    data = ("--train", tmp_path / "train.conllu", "--dev", tmp_path / "dev.conllu", "--models", tmp_path / "models")
    assert prepare("train-parser", *data, "--tagger-steps", 3, "--parser-steps", 3) == 0
    (tmp_path / "text.txt").write_text("The cat saw it .\n\n( Yes . )\n")
    assert call(prepare, tmp_path) == 0
    trees = read_sentences(tmp_path / "out.conllu")
    assert [" ".join(tree.words) for tree in trees] == ["The cat saw it .", "( Yes . )"]
