"""The commands of docs/data.md are ones that the parser takes."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from fairseq_alignmlm.command_line import make_parser

TEXT = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
COMMANDS = [
    line.strip().removeprefix("alignmlm-data ")
    for line in TEXT.replace("\\\n", " ").splitlines()
    if line.startswith("    alignmlm-data ")
]


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) >= 15


@pytest.mark.parametrize("command", COMMANDS)
def test_the_parser_takes_the_command(command: str) -> None:
    arguments = shlex.split(command)
    assert make_parser("data_prep", "", arguments).parse_args(arguments).verb == arguments[0]
