"""A recipe that is killed at random moments, on two hosts and with other clocks, ends as one that was left alone.

pytest tests/run/test_kills.py --kills 20
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# Names the host and shifts the clock of a process and of the files that it finds, then runs the recipe.
OTHER_WORLD = """
import os, platform, sys, time
host, shift = sys.argv[1], float(sys.argv[2])
platform.node = lambda: host
now, now_ns = time.time, time.time_ns
time.time = lambda: now() + shift
time.time_ns = lambda: now_ns() + int(shift * 1e9)
sys.argv = ["alignmlm", *sys.argv[3:]]
from fairseq_alignmlm.__main__ import cli
sys.exit(cli())
"""
VOLATILE = {"train_seconds", "files", "configuration", "command", "versions"}


def recipe(work: Path, tiny: Path, host: str, shift: float) -> list[str]:
    words = ["run", "trans_inv", "--scale", str(tiny), "--work", str(work), "--objective", "xlm", "--jobs", "1"]
    return [*on_host(host), sys.executable, "-c", OTHER_WORLD, host, str(shift), *words, "--stop-stage", "7"]


def on_host(name: str) -> list[str]:
    """Return words that give a command and its children another host name, where the system allows that."""
    rename = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name]
    try:
        done = subprocess.run([*rename, "true"], capture_output=True)
    except OSError:
        return []
    return rename if done.returncode == 0 else []


def outcome(work: Path) -> dict[str, object]:
    """Return the data by hash, the result without times, and the weights."""
    import torch

    pair = work / "tiny" / "en-en_trans_inv"
    found: dict[str, object] = {}
    for folder in ("text", "pieces", "bin", "xtreme"):
        for path in sorted((pair / folder).rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(pair).parts)
            if path.is_file() and not path.name.endswith("manifest.json") and not hidden:
                found[str(path.relative_to(pair))] = hashlib.sha256(path.read_bytes()).hexdigest()
    run = pair / "runs" / "xlm-1"
    result = json.loads((run / "result.json").read_text())
    found["result"] = {name: value for name, value in result.items() if name not in VOLATILE | {"signatures", "curve"}}
    for path in sorted(run.rglob("*.pt")):
        weights = torch.load(path, map_location="cpu", weights_only=False)["model"]
        digest = hashlib.sha256(b"".join(weights[name].numpy().tobytes() for name in sorted(weights)))
        found[str(path.relative_to(run))] = digest.hexdigest()
    assert len(found) > 10
    return found


def shift_times(work: Path, numbers: random.Random) -> None:
    """Give every file another time, as another clock, a copy or an unpacked archive does."""
    for path in work.rglob("*"):
        if path.is_file():
            moment = time.time() + numbers.uniform(-1e7, 1e7)
            os.utime(path, (moment, moment))


def test_a_recipe_that_is_killed_at_random_ends_as_one_that_was_left_alone(tmp_path, tiny, request):
    numbers = random.Random(2211)
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    started = time.monotonic()
    done = subprocess.run(recipe(alone, tiny, "one", 0.0), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    whole, kills = time.monotonic() - started, 0
    wanted = request.config.getoption("--kills")
    for _ in range(10 * wanted + 10):
        host, shift = numbers.choice(["one", "two"]), numbers.choice([0.0, -3600.0, 3600.0])
        process = subprocess.Popen(
            recipe(killed, tiny, host, shift), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            patience = numbers.uniform(0.02, 1.5) * whole / max(1, wanted) + 2 if kills < wanted else None
            output, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            shift_times(killed, numbers)
            continue
        assert process.returncode == 0, output.decode()[-3000:]
        if kills >= wanted:
            break
        # done before enough kills: begin again within a part of it
        victim = numbers.choice(sorted((killed / "tiny").rglob("steps/*.json")))
        victim.unlink()
    assert kills == wanted
    assert outcome(killed) == outcome(alone)
