"""What README and documentation tell a reader to type exists: scripts, verbs, options, fairseq flags, extras, files."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fairseq_alignmlm.command_line import find_verbs, make_parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PACKAGES = {"alignmlm": "fairseq_alignmlm", "alignmlm-data": "data_prep"}


def commands(page: Path) -> list[list[str]]:
    """Return the command lines, continued lines joined, without comments and what follows a pipe or ``--``."""
    text = re.sub(r"\\\n *", "", page.read_text(encoding="utf-8"))
    text = re.sub(r"\$\([^)]*\)", "", text)  # what another command fills in
    lines = re.findall(
        r"^ {0,8}((?:alignmlm|alignmlm-data|recipes/\w+\.sh|tests/run\.sh|fairseq-train|pip) .*)$", text, re.M
    )
    found = [shlex.split(line, comments=True) for line in lines]
    return [
        words[: min(words.index(each) for each in ("|", ">", "--", *words[-1:]) if each in words) + 1]
        for words in found
    ]


def known_options(words: list[str]) -> set[str]:
    """Return the options of the verb, or of the recipe of ``alignmlm run``, that a command line names."""
    package = PACKAGES[words[0]]
    assert words[1] in find_verbs(package), f"{words[0]} has no verb {words[1]}"
    parser: argparse.ArgumentParser = make_parser(package, "", words[1:])
    for word in words[1:]:
        choices = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if not choices:
            break
        if word.startswith("-"):
            continue
        assert word in choices[0].choices, f"{' '.join(words)}: there is no {word}"
        parser = choices[0].choices[word]
    return {option for action in parser._actions for option in action.option_strings}


COMMANDS = [(page, words) for page in PAGES for words in commands(page)]
OURS = [(page, words) for page, words in COMMANDS if words[0] in PACKAGES or words[0].startswith("recipes/")]


def test_there_are_commands_of_every_kind() -> None:
    first = {words[0] for page, words in COMMANDS if page.name == "README.md"}
    assert {"recipes/trans.sh", "recipes/natural.sh", "recipes/xtreme.sh", "fairseq-train", "pip"} <= first


@pytest.mark.parametrize(("page", "words"), OURS, ids=[f"{page.stem}: {' '.join(words)}"[:90] for page, words in OURS])
def test_command_exists_and_has_the_options(page: Path, words: list[str]) -> None:
    if words[0].startswith("recipes/"):
        script = ROOT / words[0]
        assert os.access(script, os.X_OK), f"{words[0]} is no executable file"
        call = re.search(r"^exec alignmlm (run \w+)", script.read_text(encoding="utf-8"), re.MULTILINE)
        if call is None:  # what is for SLURM or the environment
            return
        words = ["alignmlm", *call[1].split(), *words[1:]]
    given = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}
    assert given <= known_options(words)


@pytest.mark.parametrize("program", sorted(PACKAGES))
def test_every_verb_is_documented(program: str) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(rf"(?:{program}) ([a-z][a-z-]*)", text)) | set(re.findall(r"`([a-z][a-z-]*)`", text))
    assert set(find_verbs(PACKAGES[program])) <= named


def test_named_files_exist() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        linked = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", text))
        missing = sorted(name for name in linked if not (page.parent / name).exists())
        assert not missing, page
    named = set(re.findall(r"\b((?:recipes|benchmarks|tests|data_prep)/[\w/]+\.\w+)\b", README))
    assert not sorted(name for name in named if not (ROOT / name).exists())


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


FLAGS = """
import sys
from argparse import Namespace
from fairseq import options, utils
utils.import_user_module(Namespace(user_dir="fairseq_alignmlm"))
for criterion in ("mlm", "align_mlm", "tlm", "dict_mlm"):
    parser = options.get_training_parser("multilingual_mlm")
    words = ["DATA", "--task", "multilingual_mlm", "--criterion", criterion, "--arch", "multilingual_roberta"]
    words += ["--languages", "a,b", "--batch-size", "2"]
    words += ["--dictionary", "F"] if criterion in ("align_mlm", "dict_mlm") else []
    words += ["--counterparts", "F"] if criterion == "align_mlm" else []
    options.parse_args_and_arch(parser, words)
    print(parser.format_help())
for task, criterion in (
    ("realignment", "realignment"),
    ("xtreme_tagging", "task_with_realignment"),
    ("xtreme_classification", "sentence_classification"),
):
    parser = options.get_training_parser(task)
    words = ["DATA", "--task", task, "--criterion", criterion, "--arch", "multilingual_roberta", "--batch-size", "2"]
    options.parse_args_and_arch(parser, words)
    print(parser.format_help())
"""


def test_fairseq_flags_are_registered() -> None:
    lines = [words for _, words in COMMANDS if words[0] == "fairseq-train"]
    assert lines
    done = subprocess.run([sys.executable, "-c", FLAGS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    registered = set(re.findall(r"--[a-z-]+[a-z]", done.stdout))
    table = README[README.index("| criterion `mlm`") : README.index("| tasks `xtreme_tagging`")]
    named = {word for words in lines for word in words if word.startswith("--")}
    named |= set(re.findall(r"--[a-z-]+[a-z]", table))
    # of optimisers and schedulers, which this parser was not asked for
    assert (
        not named
        - registered
        - {"--adam-betas", "--adam-eps", "--weight-decay", "--warmup-updates", "--total-num-update"}
    )


def test_extras_exist() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    named = {
        name for page in PAGES for name in re.findall(r"(?<!\])\[([a-z]+)\](?!\()", page.read_text(encoding="utf-8"))
    }
    extras = {"dev", "report", "syntax", "workflow", "hf", "docs", "bench"}
    assert named & extras and all(f'"{name}": ' in setup for name in named & extras)
