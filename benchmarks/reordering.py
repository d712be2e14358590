"""Measure reordering by dependency trees: speed, memory, and what is kept, beside the published tool.

    OMP_NUM_THREADS=1 python benchmarks/reordering.py [--data ../shared/data] [--superstrate fr] [--part all]

Parts: speed (sentences a second on one core, CoNLL-U reading included, and memory), fidelity (sentences, final
marks, brackets, names), statistics (word order beside real trees), conversion (how often the true order of English is
the most probable one, by step of the conversion to Universal Dependencies 1), marks (what it gains that punctuation
marks are slots of the draw), wide (how many nodes are drawn by the Markov chain, and its distance from the exact
distribution on nodes of nine slots).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from data_prep.languages.syntax import reordering
from data_prep.languages.syntax.bag_orders import WIDEST_ENUMERATED, kind_of
from data_prep.languages.syntax.conllu import UPOS, Sentence, dependents, has_crossing_arcs, read_sentences
from data_prep.languages.syntax.conversion import WorkingTree, head_names_on_the_right, to_version_1, working_tree
from data_prep.languages.syntax.enumeration import order_tree, score_bag
from data_prep.languages.syntax.observed_bags import bags_under, likelihood
from data_prep.languages.syntax.ordering_model import head_symbol, slot_symbol
from data_prep.languages.syntax.published_tool import MOST_DEPENDENTS, PublishedTool, argmax_is_true_order, model_for
from data_prep.languages.syntax.reordering import reorder
from data_prep.languages.syntax.statistics import OrderCounts, table
from data_prep.languages.syntax.wide_nodes import WideNode
from data_prep.languages.syntax.word_order import WordOrder, model_paths, read_word_order
from data_prep.randomness import uniform_numbers

PARTS = ("speed", "fidelity", "statistics", "conversion", "marks", "wide")
PARTNER = {")": "(", "]": "[", "}": "{"}
Orders = Iterable[tuple[Sentence, Sequence[int] | None]]


def ours(path: Path, word_order: WordOrder) -> Iterator[tuple[Sentence, Sequence[int]]]:
    """Yield trees and their new order."""
    for number, tree in enumerate(read_sentences(path), 1):
        yield tree, reorder(tree, word_order, 1, number)


def published(path: Path, word_order: WordOrder) -> Iterator[tuple[Sentence, Sequence[int] | None]]:
    """Yield trees and the published tool's order, None for those that it drops."""
    tool = PublishedTool(*word_order.mixed)
    for tree in read_sentences(path):
        yield tree, tool.order(tree)


def pairs_of_brackets(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield indices of brackets that belong together, by nesting."""
    waiting: list[int] = []
    for index, word in enumerate(words):
        if word in PARTNER.values():
            waiting.append(index)
        elif word in PARTNER and waiting and words[waiting[-1]] == PARTNER[word]:
            yield waiting.pop(), index


def runs_of_names(tags: Sequence[str]) -> Iterator[range]:
    """Yield runs of two or more proper nouns."""
    start = 0
    for index in range(len(tags) + 1):
        if index == len(tags) or tags[index] != "PROPN":
            if index - start > 1:
                yield range(start, index)
            start = index + 1


def fidelity(orders: Orders) -> str:
    """Return what the orders keep, as a line of percentages."""
    found: Counter[str] = Counter()

    def count(what: str, kept: bool) -> None:
        found[what] += 1
        found[f"{what} kept"] += kept

    for tree, order in orders:
        count("sentences", order is not None)
        if order is None:
            continue
        words, tags, size = tree.words, tree.columns[UPOS], len(tree.rows)
        place = {word: position for position, word in enumerate(order)}
        if tags[-1] == "PUNCT" and size > 1:
            count("final mark of any kind last", order[-1] == size - 1)
            if words[-1] in ".!?":
                count("final . ! ? last", order[-1] == size - 1)
        for opening, close in pairs_of_brackets(words):
            count("brackets in order", place[opening] < place[close])
        quotes = [index for index, word in enumerate(words) if word == '"']
        for opening, close in zip(quotes[::2], quotes[1::2], strict=False):
            count("quotes in order", place[opening] < place[close])
        for run in runs_of_names(tags):
            count("PROPN runs in order", all(place[i] < place[i + 1] for i in run[:-1]))
    whats = [what for what in found if not what.endswith(" kept")]
    return "\n".join(
        f"  {what}: {100 * found[f'{what} kept'] / found[what]:.2f} % of {found[what]:,}" for what in whats
    )


def measure_speed(trees: Path, make: Callable[[], WordOrder]) -> None:
    """Print sentences a second with an empty and with a full cache, and peak memory after 1 and 4 passes."""
    word_order = make()
    for number, name in enumerate(("cold", "warm", "warm", "warm")):
        start = time.process_time()
        count = sum(1 for _ in ours(trees, word_order))
        seconds = time.process_time() - start
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  pass {number + 1}, {name}: {count / seconds:,.0f} sentences/s of CPU, peak memory {megabytes:.0f} MB")
    print(f"  bags computed {word_order.computed:,}, kept {word_order.cached:,}")


def measure_conversion(trees: Path, word_order: WordOrder) -> None:
    """Print how often the true order is an argmax of the models, by step of the conversion."""

    def as_converted(tree: Sentence) -> WorkingTree:
        return to_version_1(tree, word_order.known)

    def with_names(tree: Sentence) -> WorkingTree:
        converted = as_converted(tree)
        head_names_on_the_right(converted)
        return converted

    for name, convert in (("as it is", working_tree), ("converted", as_converted), ("+ name heads", with_names)):
        nodes = best = 0
        log_p = 0.0
        for tree in map(convert, read_sentences(trees)):
            below = dependents(tree.heads)
            if has_crossing_arcs(tree.heads) or max(map(len, below)) > MOST_DEPENDENTS:
                continue
            for node, under in enumerate(below):
                model = model_for(tree.tags[node], *word_order.mixed)
                if under and model is not None:
                    slots = [(i, slot_symbol(tree.tags[i], tree.labels[i])) for i in under]
                    is_best, node_log_p, _ = argmax_is_true_order(
                        model, sorted([*slots, (node, head_symbol(tree.tags[node]))])
                    )
                    nodes, best, log_p = nodes + 1, best + is_best, log_p + node_log_p
        print(
            f"  {name}: argmax is true order {100 * best / nodes:.1f} % of {nodes:,} nodes, "
            f"mean log p {log_p / nodes:.3f}"
        )


def counted(orders: Orders) -> OrderCounts:
    """Count word-order statistics of the sentences that have an order."""
    counts = OrderCounts()
    for tree, order in orders:
        if order is not None:
            counts.add(tree, order)
    return counts


def measure_statistics(treebanks: Path, superstrate: str, word_order: WordOrder) -> None:
    """Print word-order statistics of English, of its derivations, and of the real language."""
    real = sorted(treebanks.glob(f"UD_*/{superstrate}_*.conllu"))
    ewt = treebanks / "UD_English-EWT"
    for name, path in (
        ("EWT r1.2 dev, gold UD 1", ewt / "r1.2" / "en-ud-dev.conllu"),
        ("EWT dev, UD 2", ewt / "en_ewt-ud-dev.conllu"),
        ("English PUD, UD 2", treebanks / "UD_English-PUD" / "en_pud-ud-test.conllu"),
    ):
        columns = {
            "English": counted((tree, range(len(tree.rows))) for tree in read_sentences(path)),
            "ours": counted(ours(path, word_order)),
            "published": counted(published(path, word_order)),
        }
        for other in real:
            columns[other.parent.name.removeprefix("UD_")] = counted(
                (tree, range(len(tree.rows))) for tree in read_sentences(other)
            )
        print(f"\n{name}, en~{superstrate}@N~{superstrate}@V\n{table(columns)}")


def measure_marks(models: Path, treebanks: Path) -> None:
    """Print log p of the true orders of a language's own trees, with punctuation marks taken out and as slots."""
    ewt = treebanks / "UD_English-EWT"
    banks = [("en", ewt / "r1.2" / "en-ud-dev.conllu"), ("en", ewt / "en_ewt-ud-dev.conllu")]
    banks += [("fr", path) for path in sorted(treebanks.glob("UD_French-*/*.conllu"))]
    banks.append(("hi", treebanks / "UD_Hindi-PUD" / "hi_pud-ud-test.conllu"))
    for language, path in banks:
        word_order = read_word_order(model_paths(models, language, language, None), language=language)
        found = []
        widest = reordering.WIDEST_WITH_MARKS
        for with_marks in (0, widest):
            reordering.WIDEST_WITH_MARKS = with_marks
            found.append(likelihood(islice(read_sentences(path), 1000), word_order))
        out, slots = found
        print(
            f"  {language}, {path.name}: verb nodes {slots['verb']['nodes']:,}: taken out {out['verb']['log p']:.3f}, "
            f"slots {slots['verb']['log p']:.3f}; noun nodes {out['noun']['log p']:.3f}, {slots['noun']['log p']:.3f}"
        )


def measure_wide(trees: Path, word_order: WordOrder) -> None:
    """Print how many nodes are too wide to enumerate, and how far the chain is from enumeration at nine slots."""
    sizes: Counter[int] = Counter()
    bags = {}
    for tree in read_sentences(trees):
        for node, bag, _ in bags_under(tree, word_order):
            sizes[len(bag.symbols)] += 1
            if len(bag.symbols) == WIDEST_ENUMERATED:
                bags[bag.symbols] = node
    wide = sum(count for size, count in sizes.items() if size > WIDEST_ENUMERATED)
    print(f"  nodes {sizes.total():,}, of more than {WIDEST_ENUMERATED} slots {wide:,}, of {max(sizes)} at most")
    draws = 200
    for symbols, node in list(bags.items())[:5]:
        kind, _ = kind_of(symbols)
        scores = score_bag(node.orders.model, *kind)
        exact = np.exp(scores - scores.max())
        exact /= exact.sum()
        number_of = {order: number for number, order in enumerate(map(bytes, order_tree(kind.counts).orders))}
        slots = [number for number, count in enumerate(kind.counts) for _ in range(count)]
        random = uniform_numbers(1, "wide")
        chain = WideNode(node.orders.model, kind.symbols)
        drawn = np.bincount([number_of[bytes(chain.draw(slots, random))] for _ in range(draws)], minlength=len(exact))
        true = np.random.default_rng(1).multinomial(draws, exact)
        distances = [np.abs(counts / draws - exact).sum() / 2 for counts in (drawn, true)]
        print(f"  total variation of {draws} draws: chain {distances[0]:.2f}, exact draws {distances[1]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with gd/ and ud/")
    parser.add_argument("--superstrate", default="fr", help="language of the order: en, fr or hi")
    parser.add_argument("--part", default="all", choices=["all", *PARTS])
    args = parser.parse_args()
    models, treebanks = args.data / "gd" / "models", args.data / "ud"
    if not models.is_dir() or not treebanks.is_dir():
        raise SystemExit(f"error: {args.data}: no gd/models and ud/ there; give --data")
    train = treebanks / "UD_English-EWT" / "en_ewt-ud-train.conllu"
    dev = treebanks / "UD_English-EWT" / "en_ewt-ud-dev.conllu"

    def make() -> WordOrder:
        return read_word_order(model_paths(models, args.superstrate, args.superstrate, "en"))

    if args.part in ("all", "speed"):
        print(f"speed on {train.name}, one core")
        measure_speed(train, make)
    if args.part in ("all", "fidelity"):
        for path in (train, dev):
            for name, orders in (("ours", ours(path, make())), ("published tool", published(path, make()))):
                print(f"\n{name}, {path.name}, en~{args.superstrate}\n{fidelity(orders)}")
    if args.part in ("all", "statistics"):
        measure_statistics(treebanks, args.superstrate, make())
    if args.part in ("all", "marks"):
        print("\nmean log p of a node's true order, by what becomes of punctuation marks")
        measure_marks(models, treebanks)
    if args.part in ("all", "wide"):
        print(f"\nwide nodes, {train.name}")
        measure_wide(train, make())
    if args.part in ("all", "conversion"):
        english = read_word_order(model_paths(models, "en", "en", None))
        for path in (treebanks / "UD_English-EWT" / "r1.2" / "en-ud-dev.conllu", dev):
            print(f"\nEnglish models on {path.name}")
            measure_conversion(path, english)


if __name__ == "__main__":
    main()
