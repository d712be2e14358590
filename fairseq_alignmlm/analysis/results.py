"""The results of runs, read from their ``result.json`` files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq_alignmlm.analysis.emergence_points import read_points
from fairseq_alignmlm.analysis.objectives import OBJECTIVES, objective_named
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.configuration import Data
from fairseq_alignmlm.storage import parse_json

LARGEST = 1e300  # numbers of results are below; NaN and infinity are not
REMEDY = "run the scoring again"
DIRECTIONS = ("sup", "zs", "delta", "en")
# what tells runs of one objective apart, and the paper's value of it
VARIATIONS: dict[str, tuple[float, str]] = {
    "dictionary_percent": (Data().dictionary_percent, "dictionary {} %"),
    **{each.name: (each.default, each.text) for row in OBJECTIVES.values() for each in row.settings},
    "overlap": (Data().overlap, "overlap {}"),
}


@dataclass(frozen=True)
class Run:
    """One pre-trained model and what was measured on it.

    Attributes:
        objective: mlm, xlm, dict_mlm, align_mlm or another.
        pair: the language pair, for example ``en-en_trans_inv``.
        transformation: for example ``trans+inv``.
        scale: toy, small, paper, ...; only runs of one scale are compared.
        seed: None for the published runs.
        alignment: percentages under frequency, held_out_frequency, all, dictionary, held_out.
        transfer: task -> direction (sup, zs, delta, en) -> metric -> percentage.
        signatures: what identifies the numbers.
        settings: everything else that was chosen.
        path: the file, for messages.
        by_frequency: alignment over bins of L1 tokens, most frequent first, each with ``first`` and ``last`` (ranks
            from 1) and ``alignment`` in percent; empty where it was not measured.
        emergence: what was measured on kept checkpoints, by updates: ``updates``, ``alignment`` (by frequency, all,
            held out), ``words`` and ``sentences`` (of the best layer), ``loss`` (bits, by language), ``transfer``.
        curve: ``updates`` and ``loss`` on masked tokens in bits, equally long.
        versions: of the packages that it depends on.
        configuration: the run's `configuration.yaml`: all settings, hashes of the data, what made it.
    """

    objective: str
    pair: str
    transformation: str
    scale: str
    seed: int | None
    alignment: dict[str, float | None]
    transfer: dict[str, dict[str, dict[str, float]]]
    path: Path
    signatures: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    updates: int | None = None
    train_seconds: float | None = None
    by_frequency: tuple[dict[str, float], ...] = ()
    curve: dict[str, list[float]] = field(default_factory=dict)
    emergence: tuple[dict[str, Any], ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)

    def score(self, task: str, metric: str, direction: str) -> float | None:
        """Return one score in percent, None where it was not measured; delta is SUP - ZS."""
        scores = self.transfer.get(task, {})
        value = scores.get(direction, {}).get(metric)
        if value is None and direction == "delta":
            sup, zs = scores.get("sup", {}).get(metric), scores.get("zs", {}).get(metric)
            return None if sup is None or zs is None else sup - zs
        return value

    @property
    def variations(self) -> dict[str, float]:
        """The settings of `VARIATIONS` in which this run differs from the paper's default setup."""
        found = {name: self.settings.get(name) for name in VARIATIONS}
        own = {setting.name: setting.default for setting in objective_named(self.objective).settings}
        usual = {name: own.get(name, default) for name, (default, _) in VARIATIONS.items()}
        return {name: value for name, value in found.items() if value is not None and value != usual[name]}

    @property
    def variant(self) -> str:
        """The name of other settings than the scale's; empty for most runs."""
        return str(self.settings.get("variant") or "")

    @property
    def is_default(self) -> bool:
        """Whether nothing was varied."""
        return not self.variations and not self.variant

    @property
    def label(self) -> str:
        """The objective's title, with what differs from the paper's default setup."""
        differing = [VARIATIONS[name][1].format(f"{value:g}") for name, value in self.variations.items()]
        differing += [self.variant] if self.variant else []
        return objective_named(self.objective).title + (f" ({', '.join(differing)})" if differing else "")

    @property
    def setup(self) -> tuple[str, ...]:
        """What it has in common with the runs of other seeds."""
        return (self.scale, self.pair, self.transformation, self.label)

    @property
    def identity(self) -> tuple[object, ...]:
        """What no two runs of one report may share."""
        return (*self.setup, self.seed)


def read_runs(places: Iterable[str | Path]) -> list[Run]:
    """Read every ``result.json`` below some folders, or single result files.

    Raises:
        InputError: when a place is missing or holds none, a file is not a result, or two are of one run.
    """
    runs: dict[tuple[object, ...], Run] = {}
    for path in dict.fromkeys(found for place in places for found in _result_files(Path(place))):
        run = read_run(path)
        other = runs.setdefault(run.identity, run)
        if other is not run:
            what = f"is a second result of {run.label}, {run.pair}, scale {run.scale}, seed {run.seed}"
            raise InputError.at(path, None, what, f"keep this one or {other.path}")
    return list(runs.values())


def _result_files(place: Path) -> list[Path]:
    if place.is_file():
        return [place.resolve()]
    if not place.is_dir():
        raise InputError.at(place, None, "there is no such folder of results", "give the folder of the runs")
    found = sorted(
        path.resolve()
        for path in place.rglob("result.json")
        if not any(part.startswith(".") for part in path.relative_to(place).parts)  # work in progress
    )
    if not found:
        raise InputError.at(place, None, "holds no result.json", "finish a run first, or correct --results")
    return found


def read_run(path: Path) -> Run:
    """Read one ``result.json``.

    Raises:
        InputError: when it is not JSON, or a field is missing or of the wrong kind.
    """
    try:
        fields = parse_json(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)
        raise InputError.at(path, line, f"not JSON ({error})", REMEDY) from None
    if not isinstance(fields, dict):
        raise InputError.at(path, None, "is not a JSON object", REMEDY)
    texts = {name: fields.get(name) for name in ("objective", "pair", "transformation", "scale")}
    for name, value in texts.items():
        if not isinstance(value, str) or not value:
            raise InputError.at(path, None, f"has no {name}", REMEDY)
    seed, alignment, transfer = fields.get("seed"), fields.get("alignment") or {}, fields.get("transfer") or {}
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise InputError.at(path, None, "has no seed", REMEDY)
    _check_numbers(path, "alignment", alignment, depth=1)
    _check_numbers(path, "transfer", transfer, depth=3)
    by_frequency, curve = fields.get("alignment_by_frequency") or [], fields.get("curve") or {}
    if not isinstance(by_frequency, list):
        raise InputError.at(path, None, "alignment_by_frequency is not a list", REMEDY)
    for one in by_frequency:
        _check_numbers(path, "alignment_by_frequency", one, depth=1)
        if one.get("first") is None or one.get("last") is None:
            raise InputError.at(path, None, "alignment_by_frequency has a bin without first and last", REMEDY)
    _check_curve(path, curve)
    objects = {name: fields.get(name) or {} for name in ("settings", "signatures", "versions", "configuration")}
    for name, value in objects.items():
        if not isinstance(value, dict):
            raise InputError.at(path, None, f"{name} is not a JSON object", REMEDY)
    settings = objects["settings"]
    _check_numbers(path, "settings", {name: settings.get(name) for name in VARIATIONS}, depth=1)
    measured = {name: fields.get(name) for name in ("updates", "train_seconds")}
    for name, value in measured.items():
        _check_numbers(path, name, value, depth=0)
    return Run(
        objective=fields["objective"],
        pair=fields["pair"],
        transformation=fields["transformation"],
        scale=fields["scale"],
        seed=seed,
        alignment=alignment,
        transfer=transfer,
        path=path,
        signatures=objects["signatures"],
        settings=settings,
        updates=measured["updates"],
        train_seconds=measured["train_seconds"],
        by_frequency=tuple(by_frequency),
        curve=curve,
        emergence=read_points(path, fields.get("emergence") or []),
        versions={name: str(version) for name, version in objects["versions"].items()},
        configuration=objects["configuration"],
    )


def _check_curve(path: Path, curve: Any) -> None:
    columns = [curve.get(name, []) for name in ("updates", "loss")] if isinstance(curve, dict) else []
    lengths = {len(column) for column in columns if isinstance(column, list)}
    if len(lengths) != 1 or not all(isinstance(column, list) for column in columns):
        raise InputError.at(path, None, "curve has no updates and losses of equal number", REMEDY)
    for column in columns:
        _check_numbers(path, "curve", dict(enumerate(column)), depth=1)
        if None in column:
            raise InputError.at(path, None, "curve has an update or a loss that is null", REMEDY)


def _check_numbers(path: Path, name: str, value: Any, depth: int) -> None:
    """Accept nested objects of finite numbers (or null), ``depth`` levels deep."""
    if depth == 0:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST
        if value is not None and not number:
            raise InputError.at(path, None, f"{name} is {value!r:.80}, not a number", REMEDY)
        return
    if not isinstance(value, dict):
        raise InputError.at(path, None, f"{name} is not a JSON object", REMEDY)
    for key, inner in value.items():
        _check_numbers(path, f"{name}.{key}", inner, depth - 1)
