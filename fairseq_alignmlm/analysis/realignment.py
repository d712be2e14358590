"""What realignment changes: scores before and after, seed by seed, and what loses."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.analysis.difference import Difference, paired_difference
from fairseq_alignmlm.analysis.objectives import objective_named
from fairseq_alignmlm.analysis.table import Table
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import TRANSFER
from fairseq_alignmlm.storage import parse_json

LANGUAGES = {"en": "L1", "zs": "L2 (zero-shot)"}
NOTE = "Means over seeds; difference paired by seed, with the 95 % interval of Student's t."
REMEDY = "run alignmlm run realign again"


@dataclass(frozen=True)
class Change:
    """A score of one setup with and without realignment, over seeds.

    Attributes:
        pair: of languages.
        objective: of pre-training.
        way: of realignment.
        links: where they come from.
        task: short name.
        language: ``en`` or ``zs``.
        baseline: mean in percent.
        realigned: mean in percent.
        difference: paired by seed.
    """

    pair: str
    objective: str
    way: str
    links: str
    task: str
    language: str
    baseline: float
    realigned: float
    difference: Difference


def result_files(places: Iterable[Path]) -> list[Path]:
    """Return every ``realigned.json`` below some folders."""
    return sorted({found.resolve() for place in places for found in place.rglob("realigned.json")})


def read_changes(places: Iterable[Path]) -> list[Change]:
    """Read every ``realigned.json`` below some folders.

    Raises:
        InputError: there is none, or one is broken.
    """
    scores: dict[tuple[str, str, str, str, str, str], list[dict[int, float]]] = {}
    for path in result_files(places):
        try:
            found = parse_json(path.read_text(encoding="utf-8"))
            setup = (str(found["pair"]), str(found["objective"]), str(found["way"]), str(found["links"]))
            for task, kinds in found["tasks"].items():
                metric = TRANSFER[task].metrics[0][0]
                for language in LANGUAGES:
                    pair = scores.setdefault((*setup, task, language), [{}, {}])
                    for by_seed, kind in zip(pair, ("baseline", "realigned"), strict=True):
                        by_seed[int(found["seed"])] = float(kinds[kind][language][metric])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError.at(path, None, f"is no result of realignment ({error!r})", REMEDY) from None
    if not scores:
        raise InputError(f"{', '.join(map(str, places))}: no realigned.json; {REMEDY}")
    changes = []
    for key, (baseline, realigned) in scores.items():
        difference = paired_difference(realigned, baseline)
        assert difference is not None
        means = statistics.fmean(baseline.values()), statistics.fmean(realigned.values())
        changes.append(Change(*key, *means, difference))
    return changes


def harm(changes: Sequence[Change]) -> Table:
    """Return the table of every language and task that loses, worst first."""
    losing = sorted((each for each in changes if each.difference.mean < 0), key=lambda each: each.difference.mean)
    return _table("Where realignment harms, worst first", losing, NOTE if losing else "Nothing lost.")


def everything(changes: Sequence[Change]) -> Table:
    """Return the table of all changes."""
    return _table("All ways of realignment", sorted(changes, key=_order), NOTE)


def _order(change: Change) -> tuple[str, ...]:
    return change.task, change.language, change.pair, change.objective, change.links, change.way


def _table(title: str, changes: Sequence[Change], note: str) -> Table:
    header = (
        "task",
        "language",
        "pair",
        "model",
        "links",
        "way",
        "seeds",
        "without",
        "realigned",
        "difference",
        "interval",
    )
    rows = []
    for each in changes:
        difference = each.difference
        interval = "–" if difference.low is None else f"{difference.low:+.1f} to {difference.high:+.1f}"
        rows.append(
            (
                TRANSFER[each.task].title,
                LANGUAGES[each.language],
                each.pair,
                objective_named(each.objective).title,
                each.links,
                each.way,
                str(difference.seeds),
                f"{each.baseline:.1f}",
                f"{each.realigned:.1f}",
                f"{difference.mean:+.1f}",
                interval,
            )
        )
    return Table(title, header, tuple(rows), left=6, note=note)
