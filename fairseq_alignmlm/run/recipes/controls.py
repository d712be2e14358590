"""The conditions of alignment, one at a time: a scale with one thing changed, and a figure of what that does."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.recipes import derived_pair, options
from fairseq_alignmlm.run.settings_file import read_settings_file
from fairseq_alignmlm.run.stages import REPORT, RUNS, report, say

SUMMARIES = {"controls": "what plain MLM needs to align: random tokens, shared symbols, depth, vocabulary, same text"}
FOLDER = files("fairseq_alignmlm.run").joinpath("controls")
BASELINE = "baseline"
TRANSFORMATIONS = tuple(name for name in derived_pair.SUMMARIES if name.startswith("trans"))


@dataclass(frozen=True)
class Control:
    """A scale with one thing changed.

    Attributes:
        name: the variant's name.
        about: what is changed.
        set: settings, as ``--set`` takes them.
        transformation: of L2.
    """

    name: str
    about: str
    set: tuple[str, ...] = ()
    transformation: str = "trans"

    @property
    def words(self) -> list[str]:
        """The settings with the name of what they are: of other data, or of another run on the same data."""
        if not self.set:
            return []
        part = "data.variant" if any(word.startswith("data.") for word in self.set) else "variant"
        return [*self.set, f"{part}={self.name}"]


def read_controls(path: Path) -> dict[str, Control]:
    """Read a YAML file of controls; the scale as it is comes first.

    Raises:
        InputError: it is no such file.
    """
    found = {BASELINE: Control(BASELINE, "as the scale has it")}
    for name, fields in read_settings_file(path).items():
        found[str(name)] = _control(path, str(name), fields)
    return found


def _control(path: Path, name: str, fields: Any) -> Control:
    remedy = "write NAME: {about: TEXT, set: [NAME=VALUE, ...], transformation: trans}"
    if not isinstance(fields, dict) or set(fields) - {"about", "set", "transformation"}:
        raise InputError.at(path, None, f"{name} is no control", remedy)
    words, about = fields.get("set", []), fields.get("about", name)
    if not (isinstance(about, str) and isinstance(words, list) and all(isinstance(word, str) for word in words)):
        raise InputError.at(path, None, f"{name} is no control", remedy)
    found = Control(name, about, tuple(words), str(fields.get("transformation", "trans")))
    if found.transformation not in TRANSFORMATIONS:
        raise InputError.at(path, None, f"{name}: unknown transformation", f"choose of {', '.join(TRANSFORMATIONS)}")
    return found


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    add = options.adder(parser)
    add(
        "--controls",
        "FILE",
        "YAML file with your own controls (default: the package's)",
        type=Path,
    )
    add("--only", "NAMES", f"some of them, comma-separated; {BASELINE} is the scale as it is (default: all)")
    derived_pair.add_arguments(parser, "trans")
    parser.set_defaults(scale="emergence", objective="mlm")


def run(args: argparse.Namespace) -> int:
    """Run the scale with each control, and report all of them together; return the exit status."""
    controls = read_controls(args.controls or Path(str(FOLDER.joinpath("emergence.yaml"))))
    names = args.only.split(",") if args.only else list(controls)
    for name in names:
        if name not in controls:
            raise InputError(f"--only: unknown control '{name}'; choose of {', '.join(controls)}")
    folders: dict[Path, None] = {}
    for name in names:
        control = controls[name]
        say(f"== {name}: {control.about}")
        words = {"recipe": control.transformation, "set": [*args.set, *control.words]}
        one = argparse.Namespace(**{**vars(args), **words, "stop_stage": min(args.stop_stage, RUNS)})
        derived_pair.run(one)
        scale, _, configuration = options.settings_of(one)
        for root in derived_pair.roots_of(one, derived_pair.pair_of(one, scale, configuration)):
            folders[root / "runs"] = None
    if args.stop_stage >= REPORT:
        report(list(folders), next(iter(folders)).parents[1] / "controls")
    return 0
