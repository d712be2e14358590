"""Gather what was measured on one run into its result.json."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "gather a run's alignment and scores into result.json, which the report reads"
ORDER = 40
EXAMPLE = (
    "alignmlm collect --folder RUN --objective mlm --transformation trans+inv --scale toy --seed 1"
    " --languages en,en_trans_inv"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--folder",
        type=Path,
        required=True,
        help="the run's: with alignment.json and <task>/<tuned on>/score-<language>.json",
    )
    parser.add_argument("--objective", required=True, help="mlm, xlm, dict_mlm or align_mlm")
    parser.add_argument("--transformation", required=True, help="for example trans+inv")
    parser.add_argument("--scale", required=True, help="toy, small or paper")
    parser.add_argument("--seed", type=int, required=True, help="seed of pre-training and fine-tuning")
    parser.add_argument("--languages", required=True, help="L1,L2")
    parser.add_argument("--updates", type=int, help="updates of pre-training")
    parser.add_argument("--train-seconds", type=float, help="wall time of pre-training")
    parser.add_argument("--configuration", type=Path, metavar="FILE", help="configuration.yaml of the run, to be kept")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting to keep (repeat)")


def run(args: argparse.Namespace) -> int:
    """Write result.json; return the exit status."""
    from fairseq_alignmlm.errors import InputError
    from fairseq_alignmlm.evaluation.result import collect_result, read_settings, versions
    from fairseq_alignmlm.run.settings_file import read_settings_file
    from fairseq_alignmlm.storage import write_json

    languages = args.languages.split(",")
    if len(languages) != 2:
        raise InputError(f"--languages {args.languages}: give the two languages of the run, L1,L2")
    collected = collect_result(args.folder, languages[0], languages[1])
    random_tokens = collected["random_tokens"]
    result = {
        "objective": args.objective,
        "pair": "-".join(languages),
        "transformation": args.transformation,
        "scale": args.scale,
        "seed": args.seed,
        "languages": languages,
        "updates": args.updates,
        "train_seconds": args.train_seconds,
        **collected,
        "settings": ({"random_tokens": random_tokens} if random_tokens else {}) | read_settings(args.set),
        "versions": versions(),
    }
    if args.configuration is not None:
        result["configuration"] = read_settings_file(args.configuration)
    write_json(args.folder / "result.json", result)
    print(f"{args.folder / 'result.json'}: {', '.join(sorted(result['transfer'])) or 'alignment only'}")
    return 0
