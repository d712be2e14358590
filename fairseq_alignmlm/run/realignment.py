"""The steps of realignment: fine-tuned on L1 in several ways, each tested on both languages, beside the run's own."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.result import read_scores
from fairseq_alignmlm.evaluation.xtreme_tasks import Transfer
from fairseq_alignmlm.run import run_steps
from fairseq_alignmlm.run.data_steps import data_step
from fairseq_alignmlm.run.experiment import USER_DIR, Experiment
from fairseq_alignmlm.run.flags import flags, model_flags, optimisation_flags
from fairseq_alignmlm.run.launch import Launch
from fairseq_alignmlm.run.locks import FolderLock
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file
from fairseq_alignmlm.run.steps import Step
from fairseq_alignmlm.run.training import LAST, publish, remove
from fairseq_alignmlm.storage import parse_json, write_json

RESULT = "realigned.json"
START, TUNED = "start", "tuned"  # what was measured: the model that fine-tuning starts from, and the fine-tuned one


@dataclass(frozen=True)
class Way:
    """When a model is realigned, and which half of its layers realignment leaves alone."""

    when: str
    freeze: str = "none"


WAYS = {
    "before": Way("before"),
    "during": Way("during"),
    "after": Way("after"),
    "front": Way("before", "front"),
    "back": Way("before", "back"),
    "during_front": Way("during", "front"),
    "during_back": Way("during", "back"),
}


@dataclass(frozen=True)
class Links:
    """Linked sentences of a pair.

    Attributes:
        name: in results.
        folder: where they are.
        step: that makes them; None where they were given.
    """

    name: str
    folder: Path
    step: Step | None

    @classmethod
    def of(cls, pair: PairFolder, kind: str, percent: float, wrong: float, workers: int) -> Links:
        """Return the links of a kind: ``gold``, ``dictionary``, or a folder that `alignmlm-data links` wrote.

        Raises:
            InputError: there is no such folder, or the pair has no such links.
        """
        if kind not in ("gold", "dictionary"):
            folder = Path(kind)
            if not (folder / "dict.txt").is_file() or wrong:
                what = "is no folder of linked sentences" if not wrong else "was linked already, rightly or --wrong"
                raise InputError.at(folder, None, what, "give gold, dictionary, or a folder of alignmlm-data links")
            return cls(folder.name, folder, None)
        if pair.natural:
            what = f"--links {kind} is for derived languages"
            raise InputError(f"{what}; for natural ones give the folder that alignmlm-data links wrote")
        name = kind + (f"{percent:g}" if kind == "dictionary" else "") + (f".wrong{wrong:g}" if wrong else "")
        folder, dictionary = pair.root / "links" / name, pair.dictionary(percent)
        options = {"pair": pair.root, "output": folder, "workers": workers, "wrong": wrong, "gold": kind == "gold"}
        inputs = [pair.root / "text" / language for language in pair.languages] + [pair.vocabulary]
        if kind == "dictionary":
            options["dictionary"] = dictionary
            inputs.append(dictionary)
        step = data_step(f"links.{name}", "links", options, inputs, [folder], wrong=wrong, kind=kind)
        return cls(name, folder, step)


def run(experiment: Experiment, ways: list[str], links: Links, measured: bool) -> None:
    """Fine-tune in some ways and test, as far as that is not up to date; the run's own results have to be there.

    Args:
        experiment: the run.
        ways: names of `WAYS`.
        links: of words.
        measured: measure alignment before and after fine-tuning, too.

    Raises:
        InputError: they are not, or a command failed.
    """
    lock = FolderLock(experiment.folder)
    try:
        lock.take()
        experiment.keep_open = (lock.descriptor,)
        for name in ways:
            for step in steps(experiment, name, links, measured):
                run_steps.do(experiment, step)
    finally:
        lock.release()


def steps(run: Experiment, name: str, links: Links, measured: bool = False) -> Iterator[Step]:
    """Yield the steps of one way in order."""
    way, folder = WAYS[name], run.folder / "realign" / links.name / name
    first, second = run.pair.languages
    settings = run.configuration.realign
    for task in run.tasks:
        more: list[str] = []
        start = run.folder / "pretrained.pt"
        if way.when == "before":
            yield _realign(run, task, way, links, folder)
            start = folder / task.name / "realigned.pt"
        else:
            more = [*_criterion_flags(run, way), "--criterion=task_with_realignment"]
            more += flags({"ending": settings.ending, "realignment_batch": settings.batch})
            more += flags({"realignment_weight": settings.weight, "gradient_interval": settings.gradient_interval})
        if way.when == "after":
            start = run.folder / task.name / first / "finetuned.pt"
            more += ["--alone", *_constant_rate(run)]
        reads = {} if way.when == "before" else {"--links": links.folder}
        yield run_steps.finetune(run, task, first, start, folder, more=more, reads=reads)
        for target in (first, second):
            yield run_steps.score(run, task, first, target, folder)
        if measured:
            baseline = _baseline(run, links)
            yield _measure(run, links, run.folder / "pretrained.pt", baseline / task.name / START)
            yield _measure(run, links, run.folder / task.name / first / "finetuned.pt", baseline / task.name / TUNED)
            yield _measure(run, links, start, folder / task.name / START)
            yield _measure(run, links, folder / task.name / first / "finetuned.pt", folder / task.name / TUNED)
    yield _result(run, name, links, folder, measured)


def _criterion_flags(run: Experiment, way: Way) -> list[str]:
    settings = run.configuration.realign
    layer = {} if settings.layer is None else {"layer": settings.layer}
    return flags({"contrast": settings.contrast, "temperature": settings.temperature, "freeze": way.freeze} | layer)


def _constant_rate(run: Experiment) -> list[str]:
    """Return the options of Adam without weight decay at a constant rate."""
    lr = run.configuration.realign.lr
    rate = run.configuration.finetune.lr if lr is None else lr
    return flags({"lr": rate, "end_learning_rate": rate, "warmup_updates": 0, "weight_decay": 0.0})


def _realign(run: Experiment, task: Transfer, way: Way, links: Links, folder: Path) -> Step:
    settings, here = run.configuration.realign, folder / task.name
    start, output = run.folder / "pretrained.pt", here / "realigned.pt"
    updates = settings.updates or run_steps.finetuning_updates(run, task, run.pair.languages[0])[1]
    options = [
        "--task=realignment",
        "--criterion=realignment",
        *_criterion_flags(run, way),
        *flags({"ending": settings.ending, "batch_size": settings.batch}),
        *model_flags(run.configuration, run.objective),
        *([f"--languages={','.join(run.pair.languages)}"] if run.reads_language_ids else []),
        *_plain(optimisation_flags(run.configuration.finetune)),
        *_constant_rate(run),
        *flags({"max_update": updates, "total_num_update": updates, "seed": run.seed}),
        *run.configuration.fairseq,
    ]
    one = Launch(min(1, run.launch.gpus))
    command = [*one.command(), str(links.folder), f"--user-dir={USER_DIR}", *options, *one.options()]
    command += [*run_steps.LOGGING, "--disable-validation", f"--finetune-from-model={start}", f"--save-dir={here}"]

    def make() -> Mapping[str, Any]:
        begun = {"options": options, "inputs": run.records.digest([start, links.folder])}
        if not (here / run_steps.BEGUN).is_file() or read_settings_file(here / run_steps.BEGUN) != begun:
            remove(here)
            write_settings_file(here / run_steps.BEGUN, begun)
        trainer = run_steps.trainer(run, here / "train.log")
        seconds = trainer.train(command, f"realignment before {task.name}", updates)
        publish(here / LAST, output)
        (here / LAST).unlink()
        return {"seconds": seconds}

    name = f"realign.{links.name}.{folder.name}.{task.name}"
    return Step(name, [command], [start, links.folder], [output], {"options": options}, make=make)


def _plain(options: list[str]) -> list[str]:
    """Leave out the options of fine-tuning data, which the task of realignment does not have."""
    return [option for option in options if not option.startswith(("--batches-per-pool", "--long-sentences"))]


def _measure(run: Experiment, links: Links, checkpoint: Path, output: Path) -> Step:
    files = {"linked": links.folder, "vocabulary": run.pair.root, "output": output}
    command = [*program("alignmlm"), "measure", str(checkpoint), *flags(files)]
    name = f"measure.{'.'.join(output.relative_to(run.folder).parts)}"
    outputs = [output / "measure.json"]
    return Step(name, [command], [checkpoint, links.folder], outputs, about=f"alignment {output.parent.name}")


def _baseline(run: Experiment, links: Links) -> Path:
    """Return the folder of what is measured of the run's own models."""
    return run.folder / "realign" / links.name / "baseline"


def _alignment(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Return what was measured of a model before and after fine-tuning: weak and strong, by layer, in percent."""
    found: dict[str, dict[str, list[float]]] = {}
    for when in (START, TUNED):
        by_layer: dict[tuple[str, int], list[float]] = {}
        for each in parse_json((folder / when / "measure.json").read_text(encoding="utf-8"))["measures"]:
            rule = str(each["measure"]).removeprefix("linked words, ")
            by_layer.setdefault((rule, each["layer"]), []).append(each["value"])
        rules = dict.fromkeys(rule for rule, _ in by_layer)
        found[when] = {
            rule: [statistics.fmean(values) for key, values in sorted(by_layer.items()) if key[0] == rule]
            for rule in rules
        }
    return found


def _result(run: Experiment, name: str, links: Links, folder: Path, measured: bool) -> Step:
    first, second = run.pair.languages
    own = [run.folder / task.name / first / f"score-{target}.json" for task in run.tasks for target in (first, second)]
    new = [folder / task.name / first / f"score-{target}.json" for task in run.tasks for target in (first, second)]

    def make() -> Mapping[str, Any]:
        scores: dict[str, dict[str, dict[str, Any]]] = {
            task.name: {
                kind: {
                    "en": read_scores(root / task.name / first / f"score-{first}.json", first),
                    "zs": read_scores(root / task.name / first / f"score-{second}.json", second),
                }
                for kind, root in (("baseline", run.folder), ("realigned", folder))
            }
            for task in run.tasks
        }
        for task in run.tasks if measured else ():
            for kind, root in roots.items():
                scores[task.name][kind]["alignment"] = _alignment(root / task.name)
        about = {
            "objective": run.objective.name,
            "run": run.name,
            "seed": run.seed,
            "pair": "-".join(run.pair.languages),
            "scale": run.pair.scale,
            "way": name,
            "links": links.name,
            "settings": json.loads(json.dumps(run.configuration.as_dict()["realign"])),
        }
        write_json(folder / RESULT, about | {"tasks": scores})
        return {}

    roots = {"baseline": _baseline(run, links), "realigned": folder}
    if measured:
        names = [Path(task.name) / when / "measure.json" for task in run.tasks for when in (START, TUNED)]
        new += [root / name for root in roots.values() for name in names]
    settings = {"tasks": [task.name for task in run.tasks], "measured": measured}
    return Step(f"realigned.{links.name}.{name}", [], [*own, *new], [folder / RESULT], settings, make=make)
