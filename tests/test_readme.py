"""What the README tells a reader to type exists: scripts, their options, verbs, fairseq flags, extras, files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """Return the indented command lines, continued lines joined, comments left out."""
    indented = re.findall(r"(?:^    \S.*\n(?:^ {5,}.*\n)*)", README.replace("\\\n", ""), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in indented]


def options(words: list[str]) -> list[str]:
    return [word for word in words if word.startswith("--")]


COMMANDS = commands()
RECIPES = sorted({tuple(line) for line in COMMANDS if re.match(r"(recipes|tests)/", line[0])})


def test_there_are_commands_of_every_kind() -> None:
    first = {line[0] for line in COMMANDS}
    assert {"recipes/quickstart.sh", "tests/run.sh", "recipes/trans_inv.sh", "fairseq-train", "pip"} <= first


@pytest.mark.parametrize("words", RECIPES, ids=" ".join)
def test_recipe_exists_and_has_the_options(words: tuple[str, ...]) -> None:
    script = ROOT / words[0]
    assert os.access(script, os.X_OK), f"{words[0]} is no executable file"
    call = re.search(r"^exec alignmlm (run \w+)", script.read_text(encoding="utf-8"), re.MULTILINE)
    if call is None:  # tests/run.sh, whose options are pytest's
        return
    done = subprocess.run(
        [sys.executable, "-m", "fairseq_alignmlm", *call[1].split(), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    known = set(re.findall(r"--[a-z0-9-]+", done.stdout))
    assert set(options(list(words))) <= known


def test_named_files_exist() -> None:
    named = set(re.findall(r"\b((?:recipes|benchmarks|tests|data_prep)/[\w/]+\.\w+)\b", README))
    linked = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
    missing = sorted(name for name in named | linked if not (ROOT / name).exists())
    assert not missing


@pytest.mark.parametrize("package", ["data_prep", "fairseq_alignmlm"])
def test_every_verb_is_named_and_every_named_verb_exists(package: str) -> None:
    paragraph = re.search(rf"^`python -m {package} VERB --help`: (.*?)\n\n", README, re.MULTILINE | re.DOTALL)
    assert paragraph
    named = set(re.findall(r"`([a-z-]+)`", re.sub(r"\([^)]*\)", "", paragraph[1])))
    files = (ROOT / package / "commands").glob("*.py")
    assert named == {path.stem.replace("_", "-") for path in files if path.stem != "__init__"}


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
"""


def test_fairseq_flags_are_registered() -> None:
    [train] = [line for line in COMMANDS if line[0] == "fairseq-train"]
    done = subprocess.run([sys.executable, "-c", FLAGS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    registered = set(re.findall(r"--[a-z-]+[a-z]", done.stdout))
    table = README[README.index("| task `multilingual_mlm`") : README.index("TensorBoard and Weights")]
    named = {*options(train), *re.findall(r"--[a-z-]+[a-z]", table), "--tensorboard-logdir", "--wandb-project"}
    assert not named - registered


def test_extras_exist() -> None:
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    named = set(re.findall(r"\[(dev|report|syntax|workflow|bench|[a-z]+)\](?!\()", README))
    assert named and all(f'"{name}": ' in setup for name in named)
