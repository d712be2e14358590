"""Post-pretraining alignment of the runs of a prepared pair, with sentence retrieval and transfer before and after."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run import run_steps
from fairseq_alignmlm.run.experiment import Experiment
from fairseq_alignmlm.run.flags import flags
from fairseq_alignmlm.run.locks import locked
from fairseq_alignmlm.run.objectives import POSTTRAIN
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.programs import program
from fairseq_alignmlm.run.recipes import options
from fairseq_alignmlm.run.stages import run_all, say
from fairseq_alignmlm.run.steps import Step
from fairseq_alignmlm.storage import atomic_path

SUMMARIES = {"ppa": "align the runs of a pair with sentence pairs after pre-training (PPA, XLCO), and compare"}


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the recipe's arguments."""
    parser.add_argument("pair", type=Path, metavar="PAIR", help="folder of the pair, such as work/toy/en-en_trans_inv")
    options.add_common(parser, "", "ppa_moco,xlco")
    add = options.adder(parser)
    add("--tasks", "NAMES", "comma-separated (default: all that the pair has data of)")
    text = "sentences to find, equally many lines of text (default: the pair's validation text)"
    add("--held-out", "FILE,FILE", text)
    add("--output", "DIR", "where the table is written (default: PAIR/post-pretraining)", type=Path)
    options.pass_on(parser)


def run(args: argparse.Namespace) -> int:
    """Train, test, retrieve and compare; return the exit status."""
    from fairseq_alignmlm.analysis.post_training import changes

    options.use_plugins(args.plugins)
    folder = PairFolder.read(args.pair)
    args.scale = args.scale or folder.scale
    name, base, configuration = options.settings_of(args)
    if name != folder.scale:
        raise InputError(f"--scale {args.scale}: {args.pair} is of scale {folder.scale}")
    chosen = options.objectives_of(args)
    for row in chosen:
        if row.part != POSTTRAIN:
            raise InputError(f"--objective {row.name}: is not trained after pre-training; give ppa_moco, for example")
    sides = held_out(folder, args.held_out)
    there = [task for task in options.all_tasks() if (args.pair / "xtreme" / task.data).is_dir()]
    tasks = options.tasks_of(args.tasks) if args.tasks else tuple(there)
    after = [
        Experiment(folder, configuration, base, row, seed, tasks) for seed in options.seeds_of(args) for row in chosen
    ]
    before = {each.start.folder: each.start for each in after if each.start is not None}
    everything = [*before.values(), *after]
    with locked(args.pair, shared=True):
        run_all(everything, args.jobs, options.cores_of(args))
        for experiment in everything:
            with locked(experiment.folder, wait=True):
                for step in _retrieval(experiment, sides):
                    run_steps.do(experiment, step)
    table = changes([(each.start.folder, each.folder) for each in after if each.start is not None], folder.languages)
    output = args.output or args.pair / "post-pretraining"
    print(f"\n{table.text()}")
    for suffix, text in (("md", table.markdown()), ("csv", table.csv())):
        with atomic_path(output / f"changes.{suffix}") as path:
            path.write_text(text + "\n", encoding="utf-8")
    say(f"table: {output}")
    return 0


def held_out(pair: PairFolder, given: str | None) -> list[Path]:
    """Return the files, or prefixes of binarized data, of the sentences to find in each language.

    Raises:
        InputError: there are none.
    """
    if given:
        files = [Path(name) for name in given.split(",")]
        if len(files) != 2:
            raise InputError(f"--held-out {given}: give one file of each language, separated by a comma")
        options.need_files(*files)
        return files
    first, second = pair.languages
    places = [[pair.binarized / name / "valid" for name in pair.languages]]
    if pair.natural:
        places = [
            [pair.parallel / f"valid.{one}-{two}.{name}" for name in pair.languages]
            for one, two in ((first, second), (second, first))
        ]
    for sides in places:
        if all(Path(f"{side}.idx").is_file() for side in sides):
            return sides
    raise InputError.at(pair.root, None, "holds no parallel text for validation", "give --held-out FILE,FILE")


def _retrieval(run: Experiment, sides: list[Path]) -> Iterator[Step]:
    """Yield the steps that look for the sentences of either language among those of the other."""
    checkpoint, vocabulary = run.folder / "pretrained.pt", run.pair.vocabulary
    text = [side for side in sides if side.is_file()]
    pieces = [run.pair.root / "spm.model"] if text else []
    inputs = [checkpoint, vocabulary, *pieces]
    inputs += text or [Path(f"{side}.{suffix}") for side in sides for suffix in ("bin", "idx")]
    for one, two in ((0, 1), (1, 0)):
        names = run.pair.languages[one], run.pair.languages[two]
        output = run.folder / f"retrieval-{'-'.join(names)}.json"
        files = {"checkpoint": checkpoint, "vocab": vocabulary, "source": sides[one], "target": sides[two]}
        command = [*program("alignmlm"), "retrieve", *flags(files), *(f"--sentencepiece={path}" for path in pieces)]
        command += ["--aligned", f"--json={output}", f"--languages={','.join(names)}"]
        yield Step(
            f"retrieval.{'.'.join(names)}", [command], inputs, [output], about=f"retrieval: {' to '.join(names)}"
        )
