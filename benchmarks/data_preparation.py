"""Measure data preparation: wiki files to a binarized pair `en`, `en_trans_inv`, beside `fairseq-preprocess` alone.

    OMP_NUM_THREADS=1 python benchmarks/data_preparation.py [--corpus ../shared/data/wiki_en/text/AA] [--part all]

Parts: cost (processor time of all our steps together, from raw text to binarized data, against that of
`fairseq-preprocess` for the pieces that they made, one process each, bytes compared; peak memory of every step with 4
and with all files), workers (wall clock of the steps that take `--workers`, with two and with one). Processor time
counts child processes, and so hardly minds a busy machine; wall clock does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from timing import alternate

DERIVED = "en_trans_inv"
PARALLEL_STEPS = ("sentences", "derive", "encode", "binarize")


def cpu_seconds() -> float:
    """Return the processor time of this process and of the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def steps(pair: Path, files: Sequence[Path], pieces: int, workers: int, writer: str = "direct") -> dict[str, list[str]]:
    """Return the arguments of every step of ``data_prep``, by verb."""
    common = ["--pair", str(pair)]
    many = [*common, "--workers", str(workers)]
    return {
        "sentences": ["sentences", *map(str, files), *many],
        "vocabulary": ["vocabulary", *common, "--size", str(pieces)],
        "derive": ["derive", *many, "--derived", DERIVED, "--transform", "inv"],
        "encode": ["encode", *many, "--derived", DERIVED],
        "dictionary": ["dictionary", *common],
        "binarize": ["binarize", *many, "--with", writer],
    }


def run(command: Sequence[str]) -> tuple[float, float]:
    """Run a Python command to its end; return its processor seconds, children included, and its peak in MB."""
    before = cpu_seconds()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise SystemExit(f"error: {' '.join(command)}: {log.read().decode(errors='replace')[-500:]}")
    return cpu_seconds() - before, usage.ru_maxrss / 1024


def prepare(pair: Path, files: Sequence[Path], pieces: int, workers: int = 1) -> dict[str, tuple[float, float]]:
    """Go through all steps from nothing; return processor seconds and peak MB of each."""
    shutil.rmtree(pair, ignore_errors=True)
    return {
        name: run(["-m", "data_prep", *arguments]) for name, arguments in steps(pair, files, pieces, workers).items()
    }


def preprocess(pair: Path, target: Path) -> None:
    """Binarize both languages of a prepared pair with ``fairseq-preprocess``, one process."""
    for language in ("en", DERIVED):
        shutil.rmtree(target, ignore_errors=True)
        text = pair / "pieces" / language
        options = [
            "--only-source",
            "--srcdict",
            str(pair / "bin" / "dict.txt"),
            "--workers",
            "1",
            "--dataset-impl",
            "mmap",
        ]
        data = [
            "--trainpref",
            str(text / "train.txt"),
            "--validpref",
            str(text / "valid.txt"),
            "--destdir",
            str(target),
        ]
        run(["-m", "fairseq_cli.preprocess", *options, *data])
        for split in ("train", "valid"):
            for suffix in (".bin", ".idx"):
                if (target / f"{split}{suffix}").read_bytes() != (
                    pair / "bin" / language / f"{split}{suffix}"
                ).read_bytes():
                    raise SystemExit(f"error: {language}/{split}{suffix} differs from what fairseq-preprocess writes")


def words_of(pair: Path) -> int:
    """Return the words of the original text."""
    return sum(len((pair / "text" / "en" / f"{split}.txt").read_text().split()) for split in ("train", "valid"))


def measure_cost(folder: Path, files: Sequence[Path], args: argparse.Namespace) -> None:
    """Compare the processor time of all our steps with that of ``fairseq-preprocess``; check that bytes are equal."""
    pair = folder / "pair"
    few = prepare(pair, files[:4], args.pieces)
    found = [prepare(pair, files, args.pieces)]
    memory = {name: [round(few[name][1]), round(found[0][name][1])] for name in few}
    words = words_of(pair)
    comparison = alternate(
        {
            "fairseq-preprocess alone": lambda: preprocess(pair, folder / "stock"),
            "all our steps": lambda: found.append(prepare(pair, files, args.pieces)),
        },
        rounds=args.rounds,
        warmup=0,
        amount=2 * words,
        unit="words",
        clock=cpu_seconds,
    )
    seconds = {name: min(each[name][0] for each in found) for name in found[0]}
    print(f"{'step':11} {'s of processor time':>20} {'words/s':>12}   peak MB with 4 and with {len(files)} files")
    for name, second in seconds.items():
        print(f"{name:11} {second:20.2f} {2 * words / second:12,.0f} {memory[name][0]:7} {memory[name][1]:7}")
    settings = {
        "files": len(files),
        "words_of_both_languages": 2 * words,
        "pieces": args.pieces,
        "clock": "processor time",
        "least_seconds_of_steps": seconds,
        "peak_megabytes_with_4_and_all_files": memory,
        "load_average": os.getloadavg(),
    }
    comparison.finish("data_preparation", settings)


def measure_workers(folder: Path, files: Sequence[Path], args: argparse.Namespace) -> None:
    """Compare the wall clock of the steps that take workers, with one and with two."""
    pairs = {workers: folder / f"workers{workers}" for workers in (1, 2)}
    prepare(pairs[1], files, args.pieces)
    shutil.copytree(pairs[1], pairs[2])

    def again(workers: int) -> Callable[[], None]:
        def redo() -> None:
            for name, arguments in steps(pairs[workers], files, args.pieces, workers).items():
                if name in PARALLEL_STEPS:
                    for manifest in manifests(pairs[workers], name):
                        manifest.unlink()
                    run(["-m", "data_prep", *arguments])

        return redo

    comparison = alternate(
        {"two workers": again(2), "one worker": again(1)},
        rounds=args.rounds,
        warmup=0,
        amount=2 * words_of(pairs[1]),
        unit="words",
    )
    settings = {"files": len(files), "pieces": args.pieces, "steps": PARALLEL_STEPS, "load_average": os.getloadavg()}
    comparison.finish("data_preparation_workers", settings)


def manifests(pair: Path, verb: str) -> list[Path]:
    """Return the manifests whose absence makes a step run again."""
    folders = {
        "sentences": [pair / "text" / "en"],
        "derive": [pair / "text" / DERIVED],
        "encode": [pair / "pieces" / "en", pair / "pieces" / DERIVED],
        "binarize": [pair / "bin" / "en", pair / "bin" / DERIVED],
    }
    return [folder / "manifest.json" for folder in folders[verb]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/data/wiki_en/text/AA"), help="folder of files")
    parser.add_argument("--pieces", type=int, default=40_000, help="of the vocabulary (default: 40000, the paper's)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", default="all", choices=["all", "cost", "workers"])
    args = parser.parse_args()
    files = sorted(path for path in args.corpus.glob("*") if path.is_file()) if args.corpus.is_dir() else []
    if not files:
        raise SystemExit(f"error: {args.corpus}: no files there; give --corpus")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if args.part in ("all", "cost"):
            measure_cost(folder, files, args)
        if args.part in ("all", "workers"):
            measure_workers(folder, files, args)


if __name__ == "__main__":
    main()
