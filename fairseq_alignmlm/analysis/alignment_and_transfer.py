"""Whether alignment goes with transfer: Spearman over models, by task, layer and time (Gaschi et al. 2023)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.analysis.correlation import spearman
from fairseq_alignmlm.analysis.realignment import REMEDY, result_files
from fairseq_alignmlm.analysis.table import ABSENT, Table
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import TRANSFER
from fairseq_alignmlm.storage import parse_json

TIMES = {"start": "before fine-tuning", "tuned": "after fine-tuning"}


@dataclass(frozen=True)
class Point:
    """One model on one task and language.

    Attributes:
        setup: what it has in common with those of other seeds: pair, objective, links and way of realignment.
        seed: of the run.
        task: short name.
        relative: (m_X - m_en) / m_en, in percent.
        alignment: by time (before and after fine-tuning), rule and layer, in percent.
    """

    setup: tuple[str, ...]
    seed: int
    task: str
    relative: float
    alignment: dict[tuple[str, str, int], float]


def read_points(places: Iterable[Path]) -> list[Point]:
    """Read the models whose alignment was measured, realigned and not, from ``realigned.json`` files.

    Raises:
        InputError: one is broken.
    """
    found: dict[tuple[object, ...], Point] = {}
    for path in result_files(places):
        try:
            record = parse_json(path.read_text(encoding="utf-8"))
            for task, kinds in record["tasks"].items():
                metric = TRANSFER[task].metrics[0][0]
                for kind, scores in kinds.items():
                    if "alignment" not in scores:
                        continue
                    way = record["way"] if kind == "realigned" else kind
                    links = record["links"] if kind == "realigned" else ""
                    setup = (str(record["pair"]), str(record["objective"]), str(links), str(way))
                    english, other = float(scores["en"][metric]), float(scores["zs"][metric])
                    alignment = {
                        (time, rule, layer): float(value)
                        for time, rules in scores["alignment"].items()
                        for rule, layers in rules.items()
                        for layer, value in enumerate(layers)
                    }
                    relative = 100 * (other - english) / english
                    seed = int(record["seed"])
                    found.setdefault((setup, seed, task), Point(setup, seed, task, relative, alignment))
        except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
            raise InputError.at(path, None, f"is no result of realignment ({error!r})", REMEDY) from None
    return list(found.values())


def correlations(points: Sequence[Point]) -> Table:
    """Return Spearman's rho between alignment and relative transfer for every task, time, rule and layer.

    The bootstrap draws setups, not runs: seeds of one setup are no independent observations.
    """
    rows = []
    for task in dict.fromkeys(point.task for point in points):
        chosen = [point for point in points if point.task == task]
        for key in sorted(set.intersection(*(set(point.alignment) for point in chosen))):
            time, rule, layer = key
            alignment = [point.alignment[key] for point in chosen]
            result = spearman(alignment, [point.relative for point in chosen], [point.setup for point in chosen])
            cells = (ABSENT, ABSENT, ABSENT)
            if result is not None:
                interval = ABSENT if result.low is None else f"{result.low:.2f} to {result.high:.2f}"
                cells = (f"{result.rho:.2f}", interval, f"{result.p:.3f}")
            setups = len({point.setup for point in chosen})
            rows.append((TRANSFER[task].title, TIMES[time], rule, str(layer), *cells, str(setups), str(len(chosen))))
    note = (
        "Spearman's rho between the share of linked words that are nearest and (m_X - m_en) / m_en over setups (pair, "
        "objective, way and links), seeds averaged; 95 % bootstrap over setups. No interval with fewer than 6 setups."
    )
    header = ("task", "alignment", "rule", "layer", "rho", "interval", "p", "setups", "runs")
    return Table("Does alignment go with transfer?", header, tuple(rows), left=3, note=note)
