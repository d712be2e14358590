"""``python -m PACKAGE VERB``: verbs are files, errors are one line, exit statuses mean something."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fairseq_alignmlm.command_line import find_verbs, main

VERB = """'''Do {name} as described here.'''
import sys
from fairseq_alignmlm.errors import InputError
SUMMARY = "do {name}"
def add_arguments(parser): parser.add_argument("--how")
def run(args):
    print("{name}", args.how)
    {body}
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of five verbs, each of which ends in another way."""
    commands = tmp_path / "some_package" / "commands"
    commands.mkdir(parents=True)
    (commands.parent / "__init__.py").touch()
    (commands / "__init__.py").touch()
    bodies = {
        "succeed": "return 0",
        "find_fault": "return 3",
        "refuse": "raise InputError.at('a.txt', 7, 'is wrong', 'put it right')",
        "fill_disk": "raise OSError(28, 'No space left on device', 'b.txt')",
        "get_bored": "raise KeyboardInterrupt",
    }
    for name, body in bodies.items():
        (commands / f"{name}.py").write_text(VERB.format(name=name, body=body))
    (commands / "_private.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    yield "some_package"
    for name in [name for name in sys.modules if name.split(".")[0] == "some_package"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("verb", "status", "error"),
    [
        ("succeed", 0, ""),
        ("find-fault", 3, ""),
        ("refuse", 2, "error: a.txt:7: is wrong; put it right\n"),
        ("fill-disk", 1, "error: [Errno 28] No space left on device: 'b.txt'\n"),
        ("get-bored", 130, "interrupted\n"),
    ],
)
def test_every_end_has_its_status_and_at_most_one_line(package, capsys, verb, status, error):
    assert main(package, "Do things.", [verb, "--how", "well"]) == status
    captured = capsys.readouterr()
    assert captured.out == f"{verb.replace('-', '_')} well\n"
    assert captured.err == error


def test_a_verb_loads_no_other(package):
    assert main(package, "Do things.", ["succeed"]) == 0
    assert "some_package.commands.succeed" in sys.modules
    assert "some_package.commands.refuse" not in sys.modules


def test_help_shows_all_verbs_with_their_summaries(package, capsys):
    with pytest.raises(SystemExit) as caught:
        main(package, "Do things.", ["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert all(verb in text and f"do {verb.replace('-', '_')}" in text for verb in find_verbs(package))
    assert "private" not in text


def test_an_unknown_verb_is_refused_with_the_known_ones(package, capsys):
    with pytest.raises(SystemExit) as caught:
        main(package, "Do things.", ["fly"])
    assert caught.value.code == 2
    assert "find-fault" in capsys.readouterr().err


@pytest.mark.parametrize("package_name", ["fairseq_alignmlm", "data_prep"])
def test_our_packages_list_their_verbs_without_torch_or_fairseq(package_name, tmp_path):
    code = (
        "import sys; from fairseq_alignmlm.command_line import main\n"
        f"try: main({package_name!r}, '', ['--help'])\n"
        "except SystemExit: print([m for m in ('torch', 'fairseq') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_the_version_is_told(tmp_path):
    done = subprocess.run([sys.executable, "-m", "fairseq_alignmlm", "--version"], capture_output=True, text=True)
    assert done.stdout.startswith("fairseq_alignmlm 0.")


def test_a_reader_that_goes_away_gets_no_complaint(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-u", "-m", "fairseq_alignmlm", "doctor"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 141
