"""One run: an objective and a seed on a prepared pair; where it is written, what it reads, what it must agree with."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run.configuration import Configuration
from fairseq_alignmlm.run.flags import block_flags, blocks_of, flags, model_flags, optimisation_flags, part_of
from fairseq_alignmlm.run.launch import Launch
from fairseq_alignmlm.run.objectives import Objective, objective_named
from fairseq_alignmlm.run.pair_folder import FILE, OTHER, PairFolder
from fairseq_alignmlm.run.provenance import made_by
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.steps import Records

USER_DIR = str(Path(__file__).resolve().parents[1])


@dataclass
class Experiment:
    """A run in the folder of a pair.

    Attributes:
        pair: the prepared data.
        configuration: all settings, as chosen.
        base: the scale's own: what differs from them stands in the run's name.
        objective: what is trained.
        seed: of pre-training and fine-tuning.
        tasks: that it is tested on.
        launch: where pre-training runs; fine-tuning takes one GPU of these.
        environment: variables of its children.
        keep_open: file descriptors of its children: the lock lasts as long as they do.
    """

    pair: PairFolder
    configuration: Configuration
    base: Configuration
    objective: Objective
    seed: int
    tasks: tuple[Transfer, ...]
    launch: Launch = field(default_factory=Launch)
    environment: Mapping[str, str] = field(default_factory=dict)
    keep_open: tuple[int, ...] = ()

    @cached_property
    def start(self) -> Experiment | None:
        """The run from whose checkpoint this one's training starts, with the same seed and settings; mostly none.

        Raises:
            InputError: there is no such objective, it starts from this one, or its model is another.
        """
        if not self.objective.starts_from:
            return None
        found = replace(self, objective=objective_named(self.objective.starts_from))
        names, each = {self.objective.name}, found.objective
        while each.name not in names and each.starts_from:
            names.add(each.name)
            each = objective_named(each.starts_from)
        if each.name in names:
            raise InputError.at(self.objective.file, None, "objectives start from each other in a circle", "end it")
        if found.objective.language_ids != self.objective.language_ids:
            what = f"starts from {found.objective.name}, and only one of them has language embeddings"
            raise InputError.at(self.objective.file, None, what, "give both the same language_ids")
        return found

    @property
    def chain(self) -> list[Experiment]:
        """The runs that are trained one after the other, this one last."""
        return [*(self.start.chain if self.start else []), self]

    @property
    def settings(self) -> dict[str, float]:
        """The values of the objective's settings, and of those it starts from: chosen, else the defaults."""
        return {name: value for each in self.chain for name, value in each.own_settings(self.configuration).items()}

    def own_settings(self, configuration: Configuration) -> dict[str, float]:
        """Return the values of the objective's own settings in a configuration."""
        natural = self.pair.natural
        return {
            each.name: each.value(configuration.objective.get(each.name, each.natural if natural else each.default))
            for each in self.objective.settings
        }

    @property
    def name(self) -> str:
        """The objective, and what differs from the scale's settings."""
        found = self.objective.name
        percent = self.configuration.data.dictionary_percent
        if not self.pair.natural and percent != self.base.data.dictionary_percent:
            found += f".dictionary{percent:g}"
        for each in self.chain:
            chosen, usual = (each.own_settings(configuration) for configuration in (self.configuration, self.base))
            for setting in each.objective.settings:
                if chosen[setting.name] != usual[setting.name]:
                    found += f".{setting.word}{chosen[setting.name]:g}"
        found += f".{self.configuration.variant}" if self.configuration.variant else ""
        return f"{found}-{self.seed}"

    @property
    def folder(self) -> Path:
        """Where everything of the run is written."""
        return self.pair.root / "runs" / self.name

    @cached_property
    def records(self) -> Records:
        """The records of its steps."""
        return Records(self.folder, [Records(self.pair.root).hashes])

    @property
    def updates(self) -> int:
        """How many updates its training has, without those of the run it starts from."""
        return blocks_of(self.configuration, self.objective)[-1].until

    @property
    def reads_language_ids(self) -> bool:
        """Whether the model is told each sentence's language."""
        options = self.configuration.model.options
        own = options.get("language_specials"), options.get("language_positions")
        return self.objective.language_ids or any(own)

    def say(self, text: str) -> None:
        """Tell people, with the time and the run's name, since several run at a time."""
        print(f"{time.strftime('%H:%M:%S')} {self.name}: {text}", flush=True)

    def read_files(self) -> dict[str, Path]:
        """Return the files that the criterion reads, by kind."""
        there = {"dictionary": self.pair.dictionary(self.configuration.data.dictionary_percent)}
        if self.pair.natural:
            there["parallel"] = self.pair.parallel
        else:
            there["counterparts"] = self.pair.root / "counterparts.tsv"
        return {kind: there[kind] for kind in self.objective.reads if kind in there}

    def data(self) -> list[Path]:
        """Return what decides the result of pre-training: vocabulary, text, and what the criterion reads."""
        read = self.read_files()
        # counterparts only measure: what is trained does not depend on them
        paths = [path for kind, path in read.items() if kind != "counterparts"]
        own = [self.pair.vocabulary, *(self.pair.binarized / name for name in self.pair.languages), *paths]
        return list(dict.fromkeys([*(self.start.data() if self.start else []), *own]))

    def check(self) -> None:
        """Refuse what cannot be done, before anything is written.

        Raises:
            InputError: the data are not prepared, or the folder holds a run with other settings or data.
        """
        for path in self.data():
            if not path.exists():
                if path == self.pair.parallel:
                    first, second = self.pair.languages
                    what = f"objective {self.objective.name} needs parallel text of {first} and {second}"
                    raise InputError(f"{what}: give --parallel {first.upper()}FILE,{second.upper()}FILE")
                raise InputError.at(path, None, "no such file", "prepare the pair first (stages 1 to 5)")
        for task in self.tasks:
            if not self.pair.labelled_data(task.data, self.pair.languages[0]).is_dir():
                what = f"has no data of the task {task.name}"
                raise InputError.at(self.pair.root, None, what, "prepare them first (stage 6)")
        if self.objective.sentence_pairs and self.pair.settings.get("halves") == "apart":
            what = f"objective {self.objective.name} needs the same sentences in both languages"
            raise InputError(f"{what}, and data.halves=apart leaves none; choose another objective")
        path = self.folder / FILE
        if not path.is_file():
            if any((self.folder / name).exists() for name in ("settings.txt", "pretrained.pt", "result.json")):
                what = "holds a run without a record of its settings, perhaps of an earlier version"
                raise InputError.at(self.folder, None, what, OTHER)
            return
        there = read_settings_file(path)
        differing = _first_difference(there.get("pretraining"), self.identity["pretraining"])
        differing = differing or _first_difference(there.get("data"), self.identity["data"])
        if differing:
            raise InputError.at(self.folder, None, f"was made with other settings or data ({differing})", OTHER)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What the run in its folder has to agree with."""
        return {
            "pretraining": [options for each in self.chain for options in each.block_options()],
            "data": {path: digest[:16] for path, digest in self.records.digest(self.data()).items()},
        }

    def write_configuration(self) -> None:
        """Record all settings beside the result, unless they stand there already."""
        record: dict[str, Any] = {
            "objective": self.objective.name,
            "seed": self.seed,
            "languages": list(self.pair.languages),
            "transformation": self.pair.transformation,
            "scale": self.pair.scale,
            "configuration": self.configuration.as_dict(),
            **self.identity,
        }
        path = self.folder / FILE
        if path.is_file():
            there = {name: value for name, value in read_settings_file(path).items() if name != "made_by"}
            if there == json.loads(json.dumps(record)):
                return
        write_settings_file(path, record | {"made_by": made_by()})

    def block_options(self) -> list[list[str]]:
        """Return the options of each block's pre-training that decide its result; files by name."""
        return [
            [
                *block_flags(self.configuration, self.objective, block, self.own_settings(self.configuration)),
                *model_flags(self.configuration, self.objective),
                *optimisation_flags(part_of(self.configuration, self.objective)),
                *flags({"batch": block.batch, "max_update": block.until, "seed": self.seed}),
                *self.configuration.fairseq,
            ]
            for block in blocks_of(self.configuration, self.objective)
        ]

    def kept_settings(self) -> dict[str, Any]:
        """Return what the result says of its settings, for the report."""
        data, settings = self.pair.settings, dict(self.settings)
        kept: dict[str, Any] = {
            "vocabulary": data.get("vocabulary", ""),
            "random_tokens": self.configuration.pretrain.random_tokens,
        }
        if self.pair.natural:
            kept |= {"symbols": data.get("symbols", "")}
            rows = [each for run in self.chain for each in run.objective.settings]
            apart = {each.name for each in rows if each.natural != each.default}
            kept |= {(f"natural_{name}" if name in apart else name): value for name, value in settings.items()}
        else:
            kept |= {"dictionary_percent": self.configuration.data.dictionary_percent}
            kept |= {"overlap": data.get("overlap", 0.0), "data_seed": data.get("seed", 1), **settings}
        variants = [each for each in (data.get("variant"), self.configuration.variant) if each]
        kept |= {"variant": "+".join(variants)} if variants else {}
        return kept | {"command_settings": " ".join(" ".join(block) for block in self.identity["pretraining"])}


def _first_difference(there: Any, wanted: Any) -> str:
    """Return what differs first between a record and what is wanted; nothing when they agree."""
    wanted = json.loads(json.dumps(wanted))
    if there == wanted:
        return ""
    if isinstance(there, list) and isinstance(wanted, list):
        for number, (old, new) in enumerate(zip(there, wanted, strict=False), 1):
            if isinstance(old, list) and isinstance(new, list) and old != new:
                was, now = ([word for word in one if word not in other] for one, other in ((old, new), (new, old)))
                return f"block {number}: {' '.join(map(str, was)) or 'nothing'}, now {' '.join(now) or 'nothing'}"
        return "other blocks"
    if isinstance(there, dict) and isinstance(wanted, dict):
        return f"another {next(iter(name for name in {**wanted, **there} if there.get(name) != wanted.get(name)))}"
    return "no record of it"
