"""The paper's ablations, one setting at a time: Tables 1, 2, 4 to 7, and the weight of the alignment loss (G.5)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.recipes import derived_pair, options
from fairseq_alignmlm.run.stages import REPORT, RUNS, report, say

SUMMARIES = {"ablations": "size of the dictionary, parallel sentences, shared vocabulary, weight of the alignment loss"}


@dataclass(frozen=True)
class Sweep:
    """One setting and its values, for some objectives, and an objective without it that they are compared with."""

    objectives: str
    setting: str
    values: Sequence[float]
    beside: str = ""


SWEEPS = {
    "dictionary": Sweep("dict_mlm,align_mlm", "dictionary_percent", (25, 50, 100)),
    "parallel": Sweep("xlm", "tlm_ratio", (0.01, 0.1, 0.25, 1.0), beside="align_mlm"),
    "overlap": Sweep("xlm", "overlap", (0, 0.25, 0.5)),
    "alpha": Sweep("align_mlm", "align_alpha", (1, 10, 100)),
}
TRANSFORMATIONS = tuple(name for name in derived_pair.SUMMARIES if name.startswith("trans"))


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    names = ",".join(SWEEPS)
    parser.add_argument("--sweep", default=names, metavar="NAMES", help=f"of {names}, comma-separated (default: all)")
    what = "of the derived language (default: trans_inv)"
    parser.add_argument("--transformation", choices=TRANSFORMATIONS, default="trans_inv", help=what)
    derived_pair.add_arguments(parser, "trans_inv")


def run(args: argparse.Namespace) -> int:
    """Run every setting of every sweep, and report all of them together; return the exit status."""
    sweeps = args.sweep.split(",")
    for name in sweeps:
        if name not in SWEEPS:
            raise InputError(f"unknown sweep '{name}'; choose {', '.join(SWEEPS)}")
    swept = {sweep.setting for sweep in SWEEPS.values()}
    given = [name for name in swept if getattr(args, name, None) is not None]
    given += ["objective"] if args.objective != options.ALL else []
    given += ["stop-stage"] if args.stop_stage != REPORT else []
    if given:
        raise InputError(f"--{given[0].replace('_', '-')} is what a sweep sets; see --help")
    folders: dict[Path, None] = {}
    for name in sweeps:
        sweep = SWEEPS[name]
        chosen: list[tuple[str, dict[str, Any], str]]
        chosen = [(sweep.objectives, {sweep.setting: value}, f"{sweep.setting} {value:g}") for value in sweep.values]
        chosen += [(sweep.beside, {}, "for comparison")] if sweep.beside else []
        for objective, settings, about in chosen:
            settings = {**settings, "objective": objective, "recipe": args.transformation, "stop_stage": RUNS}
            one = argparse.Namespace(**{**vars(args), **settings})
            say(f"== {objective}, {about}")
            derived_pair.run(one)
            scale, _, configuration = options.settings_of(one)
            for root in derived_pair.roots_of(one, derived_pair.pair_of(one, scale, configuration)):
                folders[root / "runs"] = None
    output = next(iter(folders)).parents[1] / "ablations"
    report(list(folders), output)
    return 0
