"""Check that this environment can run fairseq and the plugin: one line a finding."""

from __future__ import annotations

import argparse
import logging

from fairseq_alignmlm.environment import FAIL, check_environment

SUMMARY = "check this environment: versions, start-up hook, compiler, registered names, GPU"
ORDER = 5
EXAMPLE = "alignmlm doctor"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments: the environment is all it looks at."""
    parser.add_argument("--quiet", action="store_true", help="print only what is not OK")


def run(args: argparse.Namespace) -> int:
    """Print the findings; return 1 if one of them keeps things from working, else 0."""
    logging.disable(logging.INFO)  # fairseq greets with the optional packages it does not find
    failures = 0
    for finding in check_environment():
        failures += finding.status == FAIL
        if not args.quiet or finding.status != "OK":
            print(finding, flush=True)
    if failures:
        print(f"{failures} of these must be put right first")
    return 1 if failures else 0
