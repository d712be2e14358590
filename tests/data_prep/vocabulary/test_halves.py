"""Training on half of the lines: the same ones in both languages, or others in each."""

from __future__ import annotations

import shutil

import pytest

DERIVED = "en_trans_inv"


@pytest.mark.parametrize(("halves", "starts"), [("same", (0, 0)), ("apart", (0, 1))])
def test_every_second_line_is_encoded_as_in_the_whole_text(tmp_path, encoded_pair, prepare, halves, starts):
    pair = shutil.copytree(encoded_pair, tmp_path / "pair")
    whole = {name: (pair / "pieces" / name / "train.txt").read_text().splitlines() for name in ("en", DERIVED)}
    valid = (pair / "pieces" / DERIVED / "valid.txt").read_text()
    assert prepare("encode", "--pair", pair, "--derived", DERIVED, "--workers", 1, "--halves", halves) == 0
    for (name, lines), start in zip(whole.items(), starts, strict=True):
        assert (pair / "pieces" / name / "train.txt").read_text().splitlines() == lines[start::2]
    assert (pair / "pieces" / DERIVED / "valid.txt").read_text() == valid  # held-out text stays parallel
    assert prepare("encode", "--pair", pair, "--derived", DERIVED, "--workers", 1) == 0  # another setting: made again
    assert (pair / "pieces" / "en" / "train.txt").read_text().splitlines() == whole["en"]


def test_lines_of_natural_languages_are_not_the_same_text(encoded_pair, prepare, capsys):
    words = ("--pair", encoded_pair, "--languages", "en,fr", "--halves", "apart", "--workers", 1)
    assert prepare("encode", *words) == 2
    assert "--halves wants --derived" in capsys.readouterr().err
