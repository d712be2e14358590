"""``trans_syn`` on text of one's own: labelled data are checked first, parsed and reordered; a parser stands in."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

STANZA = '''
from types import SimpleNamespace


class Pipeline:
    """Parse every sentence into a chain."""

    def __init__(self, language, **settings):
        pass

    def __call__(self, sentences):
        row = lambda i, word: SimpleNamespace(
            lemma=word, upos="X", xpos=None, feats=None, head=i, deprel="dep" if i else "root")
        rows = [[row(i, word) for i, word in enumerate(words)] for words in sentences]
        return SimpleNamespace(sentences=[SimpleNamespace(words=each) for each in rows])
'''
WORDS = [f"w{number}" for number in range(30)]


@pytest.fixture
def given(tmp_path):
    """Text, ordering models, labelled data, and a stand-in for stanza with models of nothing."""
    numbers = random.Random(1)

    def sentence() -> list[str]:
        return [*numbers.choices(WORDS, k=numbers.randint(3, 8)), "."]

    (tmp_path / "corpus.txt").write_text("".join(" ".join(sentence()) + "\n\n" for _ in range(400)))
    (tmp_path / "orders").mkdir()
    for node in "NV":
        (tmp_path / "orders" / f"fr@{node}.orm").write_text("PRE_a_b 1\n")
    for split, count in (("train", 40), ("dev", 12)):
        pos = "\n".join("".join(f"{word}\tX\n" for word in sentence()) for _ in range(count))
        (tmp_path / f"pos-{split}.tsv").write_text(pos)
        ner = "\n".join(
            "".join(f"en:{word}\t{'B-PER' if word == 'w1' else 'O'}\n" for word in sentence()) for _ in range(count)
        )
        (tmp_path / f"ner-{split}.tsv").write_text(ner)
        rows = (
            f"{' '.join(sentence())} {' '.join(sentence())}\t{' '.join(sentence())}\tneutral\n" for _ in range(count)
        )
        (tmp_path / f"xnli-{split}.tsv").write_text("".join(rows))
    library = tmp_path / "library"
    (library / "stanza-1.dist-info").mkdir(parents=True)
    (library / "stanza-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: stanza\nVersion: 1\n")
    (library / "stanza.py").write_text(STANZA)
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "stanza.py").write_text("raise ImportError")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "resources.json").write_text(json.dumps({"en": {"alias": "english"}}))
    return tmp_path


def trans_syn(repository, given: Path, *options, stanza=True):
    command = [repository / "recipes" / "trans_syn.sh", "--scale", "small", "--set", "data.vocabulary=30"]
    command += ["--work", given / "work", "--corpus", given / "corpus.txt", "--orders", given / "orders"]
    command += ["--parser", given / "models", "--stop-stage", "6", "--jobs", "1"]
    for task in ("pos", "ner", "xnli"):
        command += [f"--{task}-{split}={given / f'{task}-{split}.tsv'}" for split in ("train", "dev")]
    environment = {**os.environ, "PYTHONPATH": str(given / ("library" if stanza else "without"))}
    words = [*map(str, command), *map(str, options)]
    return subprocess.run(words, capture_output=True, text=True, cwd=repository, env=environment)


@pytest.mark.slow
def test_pos_ner_and_nli_are_parsed_and_follow_the_derived_word_order(repository, given):
    done = trans_syn(repository, given)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    pair = given / "work" / "small" / "en-en_trans_syn"
    trees = sorted(str(path.relative_to(pair / "trees")) for path in pair.glob("trees/**/*.conllu"))
    splits = ("train.conllu", "valid.conllu")
    folders = ("en", "labelled/panx", "labelled/udpos", "labelled/xnli")
    assert trees == [f"{folder}/{split}" for folder in folders for split in splits]
    for task in ("panx", "udpos", "xnli"):
        english, derived = (pair / "xtreme" / task / name / "train.tsv" for name in ("en", "en_trans_syn"))
        assert "en:" not in english.read_text()
        assert sorted(english.read_text().split()) == sorted(derived.read_text().split())
    again = trans_syn(repository, given)
    assert "stages 1 to 6: up to date" in again.stdout, again.stdout + again.stderr
    assert "can be read" not in again.stdout  # what the folder was made with has been checked


def test_what_would_stop_the_work_is_found_before_anything_is_written(repository, given):
    without = trans_syn(repository, given, stanza=False)
    assert without.returncode == 2
    assert "parsing needs stanza" in without.stderr
    (given / "models" / "resources.json").write_text(json.dumps({"fr": {"alias": "french"}}))
    assert "resources.json: unknown language 'en'" in trans_syn(repository, given).stderr
    (given / "models" / "resources.json").unlink()
    assert "no stanza models" in trans_syn(repository, given).stderr
    (given / "ner-dev.tsv").write_text("en:w1\tNOUN\n")
    wrong = trans_syn(repository, given)
    assert f"{given / 'ner-dev.tsv'}:1: tag 'NOUN' does not occur in" in wrong.stderr
    (given / "pos-train.conllu").write_text("1\tanother\t_\tX\t_\t_\t0\troot\t_\t_\n\n")
    assert not (given / "work" / "small" / "en-en_trans_syn" / "configuration.yaml").exists()
    assert not (given / "work" / "small" / "en-en_trans_syn" / "text").exists()


def test_trees_beside_labelled_data_are_compared_with_them_first(given, monkeypatch, capsys):
    from fairseq_alignmlm.command_line import main

    data, trees = given / "few.tsv", given / "few.conllu"
    data.write_text("a\tX\nb\tX\n\nc\tX\n")
    row = "{}\t{}\t_\tX\t_\t_\t0\troot\t_\t_\n"
    trees.write_text(row.format(1, "a") + row.format(2, "b") + "\n" + row.format(1, "d") + "\n")
    check = ["parse", "--pair", str(given / "pair"), "--task", "udpos", "--train", str(data), "--check"]
    assert main("data_prep", "", check) == 2
    assert "word 'd', but the text has 'c'" in capsys.readouterr().err
    trees.write_text(row.format(1, "a") + row.format(2, "b") + "\n")
    assert main("data_prep", "", check) == 2
    assert "no tree for sentence 2 of" in capsys.readouterr().err
    trees.write_text(row.format(1, "a") + row.format(2, "b") + "\n" + row.format(1, "c") + "\n")
    assert main("data_prep", "", check) == 0
    assert "trees of 2 sentences fit" in capsys.readouterr().out
    assert not (given / "pair").exists()
