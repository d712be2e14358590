"""Options that several recipes share, and what they mean."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fairseq_alignmlm.command_line import Parser
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import TRANSFER, Transfer, transfer_task
from fairseq_alignmlm.run.configuration import Configuration, load, scale_names
from fairseq_alignmlm.run.objectives import (
    PLUGINS,
    Objective,
    objective_named,
    objectives,
    plugin_files,
    read_row,
)
from fairseq_alignmlm.run.stages import REPORT, usable_cores
from fairseq_startup.checkpoints.settings import ALLOW_VARIABLE

ALL = "all"


def number(text: str) -> float:
    """Parse a number of 0 or more; 25 and 25.0 are the same."""
    try:
        found = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: not a number") from None
    if not math.isfinite(found) or found < 0:
        raise argparse.ArgumentTypeError(f"{text}: not a number of 0 or more")
    return found


def positive(text: str) -> int:
    """Parse a whole number above 0."""
    if not text.isascii() or not text.isdecimal() or int(text[:10]) < 1 or len(text) > 9:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number above 0")
    return int(text)


def whole(text: str) -> int:
    """Parse a whole number, 0 or more."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number")
    return int(text)


Add = Callable[..., None]


def adder(parser: argparse.ArgumentParser) -> Add:
    """Return a function that declares an option: flag, name of its value, help text, and what argparse takes."""

    def add(flag: str, metavar: str, text: str, **settings: Any) -> None:
        parser.add_argument(flag, metavar=metavar, help=text.replace("%", "%%"), **settings)

    return add


def add_common(parser: argparse.ArgumentParser, scale: str, objective: str = ALL) -> None:
    """Add what every recipe of a pair takes."""
    add, many = adder(parser), {"action": "append", "default": []}
    scales = ", ".join(scale_names())
    add("--scale", "NAME", f"{scales}, or a file.yaml of your own (default: {scale or 'the pair'})", default=scale)
    add("--set", "NAME=VALUE", "one setting, such as pretrain.lr=1e-3; may be repeated", **many)
    usual = ", ".join(row.name for row in objectives().values() if not row.by_name)
    names = f"{', '.join(objectives())}, comma-separated, or all: {usual} (default: {objective})"
    add("--objective", "NAMES", names, default=objective)
    add("--seeds", "N,N,...", "one run of every objective per seed (default: 1)", default="1")
    texts: dict[str, list[str]] = {}
    for row in objectives().values():
        for setting in row.settings:
            text = f"{row.title}: {setting.text.format('X')} (default: {setting.default:g})"
            texts.setdefault(setting.name, []).append(text)
    for name, about in texts.items():
        add(f"--{name.replace('_', '-')}", "X", "; ".join(about), type=number)
    add("--work", "DIR", "where everything is written (default: work)", type=Path, default=Path("work"))
    add("--jobs", "N", "runs at a time, one thread each (default: one per GPU, else one per core)", type=positive)
    add("--plugins", "DIR", "folder with objectives of your own; may be repeated", **many)


def add_stages(parser: argparse.ArgumentParser, stages: dict[int, str]) -> None:
    """Add ``--stage`` and ``--stop-stage``."""
    add, listed = adder(parser), ", ".join(f"{stage} {name}" for stage, name in stages.items())
    add("--stage", "N", f"first stage: {listed} (default: 1)", type=positive, default=1)
    add("--stop-stage", "N", f"last stage (default: {REPORT})", type=positive, default=REPORT)
    pass_on(parser)


def pass_on(parser: argparse.ArgumentParser, program: str = "every fairseq-train", example: str = "--fp16") -> None:
    """Have what follows ``--`` go to another program."""
    assert isinstance(parser, Parser)
    parser.rest = "fairseq"
    parser.epilog = f"What follows -- goes to {program} as it is, for example: -- {example}"


def setting_names() -> list[str]:
    """Return the names of the settings of all objectives."""
    return list(dict.fromkeys(setting.name for row in objectives().values() for setting in row.settings))


def check_stages(args: argparse.Namespace) -> None:
    """Refuse stages that there are not."""
    if not 1 <= args.stage <= args.stop_stage <= REPORT:
        raise InputError(f"--stage {args.stage} --stop-stage {args.stop_stage}: there are stages 1 to {REPORT}")


def use_plugins(folders: Sequence[str]) -> None:
    """Make the objectives of some folders known, here and in the commands that are called.

    Whoever names a folder trusts it: the checkpoints of these runs may ask for the criterions in it, and for no others.

    Raises:
        InputError: a folder is missing, or a row in it is broken.
    """
    if folders:
        given = [str(Path(folder).resolve()) for folder in folders]
        old = [name for name in os.environ.get(PLUGINS, "").split(os.pathsep) if name and name not in given]
        os.environ[PLUGINS] = os.pathsep.join([*old, *given])
    rows = filter(None, map(read_row, plugin_files()))
    allowed = [name for name in os.environ.get(ALLOW_VARIABLE, "").split(",") if name]
    if names := [*allowed, *(row.criterion for row in rows if row.criterion not in allowed)]:
        os.environ[ALLOW_VARIABLE] = ",".join(names)


def settings_of(args: argparse.Namespace) -> tuple[str, Configuration, Configuration]:
    """Return the scale's name, its own settings and those that were chosen."""
    overrides = list(args.set)
    chosen = {"data.dictionary_percent": getattr(args, "dictionary_percent", None)}
    chosen |= {"data.overlap": getattr(args, "overlap", None)}
    chosen |= {f"objective.{name}": getattr(args, name, None) for name in setting_names()}
    overrides += [f"{name}={value!r}" for name, value in chosen.items() if value is not None]
    _, base = load(args.scale)
    name, configuration = load(args.scale, overrides, getattr(args, "fairseq", []))
    return name, base, configuration


def objectives_of(args: argparse.Namespace) -> list[Objective]:
    """Return the objectives that were chosen.

    Raises:
        InputError: one is unknown.
    """
    if args.objective == ALL:
        return [row for row in objectives().values() if not row.by_name]
    return [objective_named(name) for name in dict.fromkeys(args.objective.split(","))]


def seeds_of(args: argparse.Namespace) -> list[int]:
    """Return the seeds that were chosen.

    Raises:
        InputError: one is no whole number.
    """
    found = []
    for text in dict.fromkeys(args.seeds.split(",")):
        if not text.isascii() or not text.isdecimal() or len(text) > 9:
            raise InputError(f"'{text}' is no whole number; see --seeds")
        found.append(int(text))
    return found


def tasks_of(names: str) -> tuple[Transfer, ...]:
    """Return the tasks of a comma-separated list.

    Raises:
        InputError: one is unknown.
    """
    return tuple(transfer_task(name) for name in dict.fromkeys(names.split(",")))


def all_tasks() -> list[Transfer]:
    """Return all tasks, in the order of the command line."""
    return [TRANSFER[name] for name in reversed(TRANSFER)]


def need_files(*paths: Path | None) -> None:
    """Refuse what is not there.

    Raises:
        InputError: see above.
    """
    for path in paths:
        if path is not None and not path.exists():
            raise InputError(f"{path}: no such file")


def cores_of(args: argparse.Namespace) -> int:
    """Return how many processes prepare data."""
    return args.jobs or usable_cores()
