"""``alignmlm VERB`` and ``alignmlm-data VERB``: a verb is one file in ``PACKAGE/commands``, which is listed.

Such a file has ``SUMMARY`` (one line), ``add_arguments(parser)`` and ``run(args) -> exit status``, and for the overview
``ORDER`` (its place among the verbs, as work goes on) and ``EXAMPLE`` (one command).
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from fairseq_alignmlm import __version__, plugins
from fairseq_alignmlm.errors import InputError

FAILED, BAD_INPUT, INTERRUPTED, NOBODY_READS = 1, 2, 130, 141
PROGRAMS = {"fairseq_alignmlm": "alignmlm", "data_prep": "alignmlm-data"}
LAST = 1000


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and takes no shortened options.

    Attributes:
        rest: the name under which what follows ``--`` is kept as it is; empty where ``--`` has its usual meaning.
    """

    rest: str = ""

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **{"allow_abbrev": False, **settings})

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what stands before ``--``, and keep what follows it."""
        words = list(sys.argv[1:] if args is None else args)
        if not self.rest:
            return super().parse_known_args(words, namespace)
        place = words.index("--") if "--" in words else len(words)
        found, unknown = super().parse_known_args(words[:place], namespace)
        setattr(found, self.rest, words[place + 1 :])
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """End with one line on stderr."""
        self.exit(BAD_INPUT, f"error: {message}; see {self.prog} --help\n")


class Renamed(argparse.Action):
    """Store a value, and warn where an option is given by its old name."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Store ``values``."""
        if option_string and option_string != self.option_strings[0]:
            print(f"warning: {option_string} is now {self.option_strings[0]}; the old name will go", file=sys.stderr)
        setattr(namespace, self.dest, values)


def add_vocabulary(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--vocab``, kept as ``dict``, the name it had before.

    Args:
        parser: of the verb.
        what: whose vocabulary it is, for the help text.
    """
    flags = ("--vocab", "--dict")
    parser.add_argument(*flags, dest="dict", type=Path, required=True, action=Renamed, metavar="FILE", help=what)


def find_verbs(package: str) -> dict[str, str]:
    """Return the verbs of ``package`` in alphabetic order, each with the name of its module."""
    commands = f"{package}.commands"
    return {name.replace("_", "-"): f"{commands}.{name}" for name in plugins.names(commands)}


def make_parser(package: str, description: str, argv: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser for ``argv``: of one verb if it starts with one, else of all, for the overview.

    Only the modules of those verbs are imported, so that one verb starts as fast as it can.
    """
    verbs = find_verbs(package)
    program = PROGRAMS.get(package, f"python -m {package}")
    parser = Parser(prog=program, description=description)
    parser.add_argument("--version", action="version", version=f"{package} {__version__}")
    choices = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    wanted = [argv[0]] if argv and argv[0] in verbs else list(verbs)
    modules: dict[str, ModuleType] = {verb: importlib.import_module(verbs[verb]) for verb in wanted}
    ordered = sorted(modules.items(), key=lambda item: (getattr(item[1], "ORDER", LAST), item[0]))
    for verb, module in ordered:
        example = getattr(module, "EXAMPLE", "")
        epilog = f"example:\n  {example}" if example else None
        about = f"{module.__doc__ or ''}".strip()
        verb_parser = choices.add_parser(verb, help=module.SUMMARY, description=about, epilog=epilog)
        module.add_arguments(verb_parser)
        verb_parser.set_defaults(run=module.run)
    examples = [getattr(module, "EXAMPLE", "") for _, module in ordered]
    if any(examples):
        parser.epilog = "\n".join(["examples:", *(f"  {example}" for example in examples if example)])
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
