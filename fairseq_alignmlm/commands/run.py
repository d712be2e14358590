"""Run a recipe: prepare the data, pre-train, fine-tune, score, report. What is up to date is not done again."""

from __future__ import annotations

import argparse
import sys

from fairseq_alignmlm.command_line import INTERRUPTED

SUMMARY = "run a recipe, from text to report; the same command goes on after an interruption"
ORDER = 10
EXAMPLE = "alignmlm run trans_inv --scale toy --objective mlm,align_mlm"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the recipes and their arguments."""
    from fairseq_alignmlm.run.recipes import RECIPES

    recipes = parser.add_subparsers(title="recipes", metavar="RECIPE", dest="recipe", required=True)
    for name, recipe in RECIPES.items():
        about = " ".join(recipe.SUMMARIES[name].split())
        each = recipes.add_parser(name, help=about, description=about + ".")
        recipe.add_arguments(each, name)
        each.set_defaults(recipe_run=recipe.run)


def run(args: argparse.Namespace) -> int:
    """Run the recipe; return the exit status."""
    from fairseq_alignmlm.run import processes

    processes.end_children_with_this_process()
    try:
        return args.recipe_run(args)
    except processes.StepFailed as error:
        if not error.told:
            print(f"error: {error}", file=sys.stderr)
        return error.status
    except processes.Stopped as stopped:
        print(f"{stopped}; the same command goes on", file=sys.stderr)
        return 128 + stopped.number
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return INTERRUPTED
    finally:
        processes.end_children()
