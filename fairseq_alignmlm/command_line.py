"""``python -m PACKAGE VERB``: a verb is one file in ``PACKAGE/commands``, found by listing that folder.

Such a file has ``SUMMARY`` (one line), ``add_arguments(parser)`` and ``run(args) -> exit status``.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from fairseq_alignmlm import __version__, plugins
from fairseq_alignmlm.errors import InputError

FAILED, BAD_INPUT, INTERRUPTED, NOBODY_READS = 1, 2, 130, 141


def find_verbs(package: str) -> dict[str, str]:
    """Return the verbs of ``package`` in alphabetic order, each with the name of its module."""
    commands = f"{package}.commands"
    return {name.replace("_", "-"): f"{commands}.{name}" for name in plugins.names(commands)}


def make_parser(package: str, description: str, argv: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser for ``argv``: of one verb if it starts with one, else of all, for the overview.

    Only the modules of those verbs are imported, so that one verb starts as fast as it can.
    """
    verbs = find_verbs(package)
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description=description)
    parser.add_argument("--version", action="version", version=f"{package} {__version__}")
    choices = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    wanted = [argv[0]] if argv and argv[0] in verbs else list(verbs)
    for verb in wanted:
        module: ModuleType = importlib.import_module(verbs[verb])
        verb_parser = choices.add_parser(verb, help=module.SUMMARY, description=f"{module.__doc__ or ''}".strip())
        module.add_arguments(verb_parser)
        verb_parser.set_defaults(run=module.run)
    return parser


def main(package: str, description: str, argv: Sequence[str] | None = None) -> int:
    """Run a verb of ``package`` and return the exit status.

    Args:
        package: the package whose ``commands`` folder holds the verbs.
        description: what the package's commands are for, in the overview.
        argv: the verb and its arguments; by default those of the process.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        args = make_parser(package, description, argv).parse_args(argv)
        return args.run(args)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # as in `... | head`; Python would complain once more when it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
