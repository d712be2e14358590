"""Word orders of languages: train models of them, score them, compare them, apply them to trees."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.storage import write_json

from .. import arguments
from ..languages.syntax.conllu import Sentence, format_sentence, read_sentences, reordered_tree
from ..languages.syntax.observed_bags import ObservedBag, count_orders, likelihood, observed_bags
from ..languages.syntax.ordering_model import NOUN_CLASS, write_model
from ..languages.syntax.published_tool import PublishedTool
from ..languages.syntax.reordering import reorder
from ..languages.syntax.statistics import OrderCounts, table
from ..languages.syntax.word_order import CLASSES, SUBSTRATE_SHARE, model_paths, read_word_order
from ..manifest import Step, run_step

SUMMARY = "train, score, compare and apply models of word order"
ORDER = 20
EXAMPLE = "alignmlm-data ordering train --trees treebank.conllu --language fr --output orders"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    train = actions.add_parser("train", help="train LANGUAGE@N.orm and LANGUAGE@V.orm from a tree bank")
    train.add_argument("--trees", type=Path, required=True, nargs="+", metavar="FILE", help="CoNLL-U, UD version 2")
    train.add_argument("--language", required=True, metavar="NAME", help="name of the models")
    train.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the models")
    train.add_argument("--held-out", type=Path, metavar="FILE", help="trees to measure on (default: every tenth tree)")
    train.add_argument("--l2", type=arguments.weight, default=5.0, help="weight of the squared weights (default: 5)")
    train.add_argument("--iterations", type=arguments.positive, default=200, help="at most (default: 200)")
    train.set_defaults(action=_train)

    score = actions.add_parser("score", help="mean log p of the orders in trees under models")
    _add_models(score, substrate="none")
    score.add_argument("--trees", type=Path, required=True, nargs="+", metavar="FILE", help="CoNLL-U")
    score.set_defaults(action=_score)

    statistics = actions.add_parser("statistics", help="which side of their heads dependents are on; figure")
    _add_models(statistics, substrate="en")
    statistics.add_argument("--trees", type=Path, required=True, metavar="FILE", help="CoNLL-U of the text to reorder")
    statistics.add_argument(
        "--beside", action="append", default=[], metavar="NAME=FILE", help="trees of a real language, may be repeated"
    )
    statistics.add_argument("--published", action="store_true", help="show the published tool's order, too")
    statistics.add_argument(
        "--sentences",
        type=arguments.positive,
        metavar="N",
        help="at most so many sentences of each file (default: all)",
    )
    statistics.add_argument("--json", type=Path, metavar="FILE", help="write the numbers")
    statistics.add_argument("--figure", type=Path, metavar="FILE", help="draw them (.png, .pdf or .svg)")
    statistics.add_argument(
        "--examples", type=int, nargs="*", default=[], metavar="N", help="numbers of trees to draw in both orders"
    )
    arguments.add_seed(statistics)
    statistics.set_defaults(action=_statistics)

    permute = actions.add_parser("permute", help="write trees in a new word order")
    _add_models(permute, substrate="en")
    permute.add_argument("--trees", type=Path, required=True, metavar="FILE", help="CoNLL-U")
    permute.add_argument("--output", type=Path, required=True, metavar="FILE", help="CoNLL-U")
    permute.add_argument(
        "--compatible", action="store_true", help="do what the published tool does, byte for byte; drops sentences"
    )
    permute.add_argument("--seed", type=int, default=0, help="seed of every random choice (default: 0)")
    permute.set_defaults(action=_permute)


def _add_models(parser: argparse.ArgumentParser, substrate: str) -> None:
    parser.add_argument(
        "--noun", required=True, metavar="LANGUAGE", help="whose noun phrases, e.g. fr, or an .orm file"
    )
    parser.add_argument("--verb", required=True, metavar="LANGUAGE", help="whose clauses, likewise")
    parser.add_argument("--models", type=Path, required=True, metavar="DIR", help="folder of LANGUAGE@N.orm, @V.orm")
    parser.add_argument(
        "--substrate", default=substrate, metavar="LANGUAGE", help=f"mixed in, or none (default: {substrate})"
    )
    parser.add_argument(
        "--share",
        type=arguments.share,
        default=SUBSTRATE_SHARE,
        help=f"weight of the substrate's models, 0 to 1 (default: {SUBSTRATE_SHARE})",
    )
    parser.add_argument(
        "--language",
        default="en",
        metavar="CODE",
        help="language of the trees; what is known of English applies to no other language (default: en)",
    )


def run(args: argparse.Namespace) -> int:
    """Do one of the actions."""
    args.action(args)
    return 0


def _paths(args: argparse.Namespace) -> list[Path]:
    return model_paths(args.models, args.noun, args.verb, None if args.substrate == "none" else args.substrate)


def _all_trees(paths: list[Path]) -> Iterator[Sentence]:
    for path in paths:
        yield from read_sentences(path)


def _train(args: argparse.Namespace) -> None:
    from ..languages.syntax.training import WIDEST_TRAINED, Settings, train

    settings = Settings(args.l2, args.iterations)
    outputs = [args.output / f"{args.language}@{node}.orm" for node in CLASSES]
    step = Step(
        "ordering train",
        outputs=outputs,
        inputs=[*args.trees, *([args.held_out] if args.held_out else [])],
        settings=settings._asdict(),
        libraries=["numpy", "scipy"],
    )

    def build(temporary: list[Path]) -> dict[str, Any]:
        bags: dict[str, list[ObservedBag]] = {node: [] for node in CLASSES}
        held_out = list(read_sentences(args.held_out)) if args.held_out else []
        trees = 0
        for number, tree in enumerate(track(_all_trees(args.trees), "trees", unit="trees")):
            if args.held_out is None and number % 10 == 9:
                held_out.append(tree)
                continue
            trees += 1
            for bag in observed_bags(tree):
                bags["N" if bag.tag in NOUN_CLASS else "V"].append(bag)
        counts: dict[str, Any] = {"trees": trees, "held-out trees": len(held_out)}
        for (node, name), path in zip(CLASSES.items(), temporary, strict=True):
            orders = count_orders(bags[node], WIDEST_TRAINED)
            if not orders:
                raise InputError.at(args.trees[0], None, f"no {name} with dependents", "give a larger tree bank")

            def report(iteration: int, log_p: float, name: str = name) -> None:
                if iteration % 10 == 0:
                    print(f"{name}: iteration {iteration}, log p {log_p:.4f} a node", flush=True)

            model = train(orders, settings, report)
            write_model(path, model.weights)
            counts[name] = {
                "nodes": len(bags[node]),
                "too wide to train on": sum(bag.size > WIDEST_TRAINED for bag in bags[node]),
                "features": len(model.weights),
                "iterations": model.iterations,
                "converged": str(model.converged).lower(),
                "log p": round(model.log_p, 4),
            }
        counts["held-out"] = likelihood(held_out, read_word_order(temporary))
        return counts

    run_step(step, build)


def _score(args: argparse.Namespace) -> None:
    word_order = read_word_order(_paths(args), args.share, language=args.language)
    measured = likelihood(track(_all_trees(args.trees), "score", unit="trees"), word_order)
    print(f"noun {args.noun}, verb {args.verb}, substrate {args.substrate}, labels of UD {word_order.version}")
    for name in ("noun", "verb", "both"):
        values = measured[name]
        print(f"{name}: " + ", ".join(f"{what} {value:,}" for what, value in values.items()))
    print(f"nodes too wide to score: {measured['too wide']:,}")


def _statistics(args: argparse.Namespace) -> None:
    beside = []
    for text in args.beside:
        name, equals, file = text.partition("=")
        if not equals or not name:
            raise InputError(f"--beside {text}: write NAME=FILE")
        beside.append((name, Path(file)))
    word_order = read_word_order(_paths(args), args.share, language=args.language)
    original, derived, published = OrderCounts(), OrderCounts(), OrderCounts()
    tool = PublishedTool(*word_order.mixed, seed=args.seed)
    examples: list[tuple[Sentence, Sentence]] = []
    trees = islice(read_sentences(args.trees), args.sentences)
    for number, tree in enumerate(track(trees, "trees", unit="trees"), 1):
        order = reorder(tree, word_order, args.seed, number)
        original.add(tree)
        derived.add(tree, order)
        if number in args.examples:
            examples.append((tree, reordered_tree(tree, order)))
        if args.published:
            kept = tool.order(tree)
            if kept is not None:
                published.add(tree, kept)
    columns = {"as it is": original, f"{args.noun}~{args.verb}": derived}
    if args.published:
        columns["published tool"] = published
    for name, path in beside:
        columns[name] = OrderCounts()
        for tree in islice(read_sentences(path), args.sentences):
            columns[name].add(tree)
    print(table(columns))
    if args.json:
        write_json(args.json, {name: counts.percents() for name, counts in columns.items()})
    if args.figure:
        from ..languages.syntax.figure import draw

        draw(args.figure, columns, examples)


def _permute(args: argparse.Namespace) -> None:
    paths = _paths(args)
    step = Step(
        "ordering permute",
        outputs=[args.output],
        inputs=[args.trees, *paths],
        settings={"share": args.share, "compatible": args.compatible, "language": args.language},
        seed=args.seed,
    )

    def build(temporary: list[Path]) -> dict[str, Any]:
        word_order = read_word_order(paths, args.share, language=args.language)
        trees = track(read_sentences(args.trees), args.trees.name, unit="trees")
        counts: Counter[str] = Counter(trees=0, written=0)
        with open(temporary[0], "w", encoding="utf-8", newline="\n") as handle:
            if args.compatible:
                for text in PublishedTool(*word_order.mixed, seed=args.seed).translate(trees):
                    counts["trees"] += 1
                    if text is not None:
                        counts["written"] += 1
                        handle.write(text)
                return {**counts, "dropped (crossing arcs or > 6 dependents)": counts["trees"] - counts["written"]}
            for number, tree in enumerate(trees, 1):
                order = reorder(tree, word_order, args.seed, number, lambda reason: counts.update([reason]))
                handle.write(format_sentence(reordered_tree(tree, order)))
                counts.update(("trees", "written"))
        return dict(counts)

    run_step(step, build)
