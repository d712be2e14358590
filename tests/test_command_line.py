"""``python -m PACKAGE VERB``: verbs are files, errors are one line, exit statuses mean something."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
import sys

import pytest

from fairseq_alignmlm.command_line import PROGRAMS, find_verbs, main, make_parser
from fairseq_alignmlm.run.programs import program

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


@pytest.mark.parametrize(
    ("package", "verb"),
    [(package, verb) for package in ("fairseq_alignmlm", "data_prep") for verb in find_verbs(package)],
)
def test_every_verb_has_its_place_and_an_example_that_it_takes(package, verb):
    module = importlib.import_module(find_verbs(package)[verb])
    program, *words = shlex.split(module.EXAMPLE)
    assert program == PROGRAMS[package]
    assert words[0] == verb
    make_parser(package, "", words).parse_args(words)
    assert module.ORDER


def test_verbs_stand_in_the_order_of_the_work(capsys):
    for package, order in (
        ("data_prep", "sentences vocabulary derive encode dictionary binarize xtreme"),
        ("fairseq_alignmlm", "run alignment predict check score report"),
    ):
        with pytest.raises(SystemExit):
            main(package, "", ["--help"])
        shown = [
            line.split()[0]
            for line in capsys.readouterr().out.splitlines()
            if line.startswith("    ") and line[4] != " "
        ]
        assert [verb for verb in shown if verb in order.split()] == order.split()


def test_an_option_by_its_old_name_works_and_is_warned_of(capsys):
    words = ["alignment", "--checkpoint", "c", "--dict", "d"]
    assert make_parser("fairseq_alignmlm", "", words).parse_args(words).dict.name == "d"
    assert capsys.readouterr().err == "warning: --dict is now --vocab; the old name will go\n"


def test_a_program_of_the_working_folder_is_not_run_in_place_of_ours(tmp_path):
    (tmp_path / "data_prep.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "fairseq_alignmlm.py").write_text("raise SystemExit('the wrong one')")
    for name in PROGRAMS.values():
        done = subprocess.run([*program(name), "--version"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_what_is_wrong_is_told_in_one_line_and_options_are_not_shortened():
    for words in (["alignment"], ["score", "--tas", "udpos"], ["fly"]):
        done = subprocess.run([sys.executable, "-m", "fairseq_alignmlm", *words], capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
