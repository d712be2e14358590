"""Time the start of Python with and without the start-up hook, which every Python of the environment imports.

    python benchmarks/startup_time.py [--rounds 200]

Both interpreters start without `site`, so that no installed `.pth` file runs; one of them imports the hook. A second
plain interpreter shows how much of a ratio is noise. Prints the hook's own import time and the modules it brings, too.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import alternate

HOOK = "fairseq_startup"
SOURCE = Path(__file__).resolve().parent.parent / HOOK
LIST_MODULES = f"import sys; before = set(sys.modules); import {HOOK}; print(*sorted(set(sys.modules) - before))"


def install(folder: Path) -> None:
    """Put the hook into ``folder`` as an installer does, byte-compiled."""
    shutil.copytree(SOURCE, folder / HOOK, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder, quiet=1)


def run(code: str, folder: Path, *flags: str) -> str:
    """Run ``code`` in an interpreter without ``site``; return all it prints."""
    command = [sys.executable, "-S", *flags, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(folder)}  # and cwd: -c looks there first
    done = subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


def hook_microseconds(starts: int, folder: Path) -> float:
    """Return the median microseconds of importing the hook and all that it imports, as Python itself counts them."""
    found = []
    for _ in range(starts):
        match = re.search(rf"\|\s+(\d+) \|\s+{HOOK}$", run(f"import {HOOK}", folder, "-X", "importtime"), re.MULTILINE)
        if match is None:
            raise SystemExit(f"error: {HOOK} was not imported")
        found.append(float(match[1]))
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="starts of every interpreter (default: 200)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        install(folder)
        modules = run(LIST_MODULES, folder).split()
        microseconds = hook_microseconds(args.rounds, folder)
        comparison = alternate(
            {
                "without the hook": lambda: run("pass", folder),
                "without, again": lambda: run("pass", folder),
                "with the hook": lambda: run(f"import {HOOK}", folder),
            },
            rounds=args.rounds,
            warmup=3,
        )
    print(f"modules the hook brings: {', '.join(modules)}; its import by Python's count: {microseconds:.0f} µs")
    comparison.finish(
        "startup_time", {"rounds": args.rounds, "hook_import_microseconds": microseconds, "hook_modules": modules}
    )


if __name__ == "__main__":
    main()
