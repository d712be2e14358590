"""Bad input to the commands: exit status 2, one line that names file and remedy, nothing half-written."""

from __future__ import annotations

import pytest

TEXT = "One sentence here.\n\nAnother one there.\n\n" * 20


def error_of(capsys) -> str:
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


@pytest.fixture
def pair(tmp_path):
    return tmp_path / "pair"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("missing", None, "missing: no such file or folder"),
        ("folder", "folder", "folder: no files"),
        ("empty", b"", "empty corpus"),
        ("blank", b"\n \n\n", "empty corpus"),
        ("wiki", b'<doc id="1" title="A">\nA\n\n</doc>\n', "empty corpus"),
        ("bytes", TEXT.encode() + b"caf\xe9\n", "bytes:81: not valid UTF-8"),
        ("one", b"Just one document.\nWith two lines.\n", "no document for valid among 1"),
    ],
)
def test_a_bad_corpus(tmp_path, pair, prepare, capsys, name, data, message, workers):
    path = tmp_path / name
    if data == "folder":
        path.mkdir()
    elif data is not None:
        path.write_bytes(data)
    assert prepare("sentences", path, "--pair", pair, "--valid-every", 2, "--workers", workers) == 2
    assert message in error_of(capsys)
    assert not [file for file in pair.rglob("*") if file.is_file()]


def test_steps_in_the_wrong_order_or_for_an_unknown_language(pair, corpus, prepare, capsys):
    derived = ("--pair", pair, "--derived", "en_trans")
    assert prepare("vocabulary", "--pair", pair) == 2
    assert "unknown language 'en'; languages that are there: none" in error_of(capsys)
    assert prepare("sentences", corpus, "--pair", pair, "--valid-every", 10, "--workers", 1) == 0
    for verb in ("vocabulary", "derive"):
        extra = derived[2:] if verb == "derive" else ()
        assert prepare(verb, "--pair", pair, "--language", "xx", *extra) == 2
        assert "text/xx: unknown language 'xx'; languages that are there: en" in error_of(capsys)
    assert prepare("vocabulary", "--pair", pair, "--size", 100_000) == 2
    assert "too little text for 100,000 pieces; give --size" in error_of(capsys)
    assert prepare("derive", *derived, "--transform", "rot13") == 2
    assert "unknown transformation 'rot13'; choose from" in error_of(capsys)
    assert prepare("derive", "--pair", pair, "--derived", "../en") == 2
    assert "language '../en': use letters" in error_of(capsys)
    assert prepare("derive", "--pair", pair, "--derived", "en") == 2
    assert "another name than the original" in error_of(capsys)
    assert prepare("encode", *derived) == 2
    assert "unknown language 'en_trans'" in error_of(capsys)
    assert prepare("derive", *derived, "--workers", 1) == 0
    capsys.readouterr()
    assert prepare("encode", *derived) == 2
    assert "spm.model: no such file" in error_of(capsys)
    (pair / "spm.model").write_bytes(b"not a model")
    assert prepare("encode", *derived) == 2
    assert "not a SentencePiece model" in error_of(capsys)
    assert prepare("dictionary", "--pair", pair) == 2
    assert "counterparts.tsv: no such file" in error_of(capsys)
    assert prepare("binarize", "--pair", pair) == 2
    assert "no encoded language; run `encode` first" in error_of(capsys)


LABELLED = {
    "columns": ("a\tX\nb\tX\textra\n", "train.tsv:2: 3 columns instead of 2"),
    "one column": ("a\tX\n\nb\n", "train.tsv:3: 1 column instead of 2"),
    "empty token": ("\tX\n", "train.tsv:1: empty token"),
    "empty tag": ("a\t\n", "train.tsv:1: '' is no tag"),
    "padding as tag": ("a\t<pad>\n", "train.tsv:1: '<pad>' is no tag"),
    "empty": ("\n\n", "no sentence in the file"),
    "bytes": ("a\tX\n\udcff\tX\n", "train.tsv:2: not valid UTF-8"),
}


@pytest.mark.parametrize("case", LABELLED)
def test_bad_labelled_data(tmp_path, encoded_pair, prepare, capsys, case):
    text, message = LABELLED[case]
    good, bad = tmp_path / "good.tsv", tmp_path / "train.tsv"
    good.write_text("a\tX\n")
    bad.write_bytes(text.encode(errors="surrogateescape"))
    xtreme = ("xtreme", "--pair", encoded_pair, "--derived", "en_trans_inv", "--task", "udpos")
    for train, dev in ((bad, good), (good, bad)):
        assert prepare(*xtreme, "--train", train, "--dev", dev) == 2
        assert message in error_of(capsys)
    assert not (encoded_pair / "xtreme" / "udpos" / "en").exists()


def test_labels_and_languages_that_were_never_seen(tmp_path, encoded_pair, prepare, capsys):
    train, dev = tmp_path / "train.tsv", tmp_path / "dev.tsv"
    train.write_text("a\tX\n")
    dev.write_text("a\tX\n\na\tX\nb\tY\n")
    xtreme = ("xtreme", "--pair", encoded_pair, "--task", "udpos")
    files = ("--train", train, "--dev", dev)
    assert prepare(*xtreme, "--derived", "en_trans_inv", *files) == 2
    assert f"dev.tsv:4: tag 'Y' does not occur in {train}" in error_of(capsys)
    assert prepare(*xtreme, "--derived", "en_other", *files) == 2
    assert "unknown language 'en_other': no record of how it is derived" in error_of(capsys)
    assert prepare(*xtreme, "--derived", "en_trans_inv", "--train", tmp_path / "none", "--dev", dev) == 2
    assert "none: no such file" in error_of(capsys)


def test_an_output_that_is_a_folder_is_one_line_and_keeps_what_is_in_it(tmp_path, prepare, capsys):
    source, output = tmp_path / "a.tsv", tmp_path / "out"
    source.write_text("1\tA b\n")
    output.mkdir()
    (output / "thesis.tex").touch()
    assert prepare("extract", source, "--format", "tsv", "--output", output) == 1
    assert f"is a folder; name a file: '{output}'" in error_of(capsys)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.tsv", "out", "thesis.tex"]
