"""The recipe of realignment on a tiny pair: from links to tables, and a second call that repeats nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_a_run_is_realigned_compared_and_a_second_call_repeats_nothing(repository, tmp_path):
    (tmp_path / "tiny.yaml").write_text(Path(__file__).with_name("tiny.yaml").read_text())

    def recipe(name, *options):
        command = [str(repository / "recipes" / name), *map(str, options), "--scale", str(tmp_path / "tiny.yaml")]
        return subprocess.run(command, capture_output=True, text=True, cwd=repository)

    work = ("--work", tmp_path / "work", "--objective", "mlm", "--tasks", "pos")
    assert recipe("trans_inv.sh", *work, "--stop-stage", "6").returncode == 0
    pair = tmp_path / "work" / "tiny" / "en-en_trans_inv"
    chosen = (pair, "--objective", "mlm", "--tasks", "pos", "--ways", "before", "--alignment")
    done = recipe("realign.sh", *chosen)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    results = {path.parent.name: json.loads(path.read_text()) for path in pair.rglob("realigned.json")}
    assert sorted(results) == ["before"]
    for result in results.values():
        for kind in ("baseline", "realigned"):
            scores = result["tasks"]["pos"][kind]
            assert all(0 <= scores[language]["accuracy"] <= 100 for language in ("en", "zs"))
            assert all(len(scores["alignment"][time]["weak"]) == 2 for time in ("start", "tuned"))
    assert "Where realignment harms" in done.stdout and "Does alignment go with transfer?" in done.stdout
    names = {path.name for path in (pair / "realignment").iterdir()}
    assert names == {f"{name}.{suffix}" for name in ("harm", "all", "correlation") for suffix in ("md", "csv")}

    before = {path: path.stat().st_mtime_ns for path in pair.glob("**/*.pt")}
    again = recipe("realign.sh", *chosen)
    assert again.returncode == 0, again.stderr[-2000:]
    assert not any(
        word in again.stdout for word in ("realignment before", "fine-tuning pos", "scoring", "alignment pos")
    )
    assert {path: path.stat().st_mtime_ns for path in pair.glob("**/*.pt")} == before

    other = recipe("realign.sh", pair, "--objective", "mlm", "--ways", "never")
    assert other.returncode == 2 and "--ways never: choose of before" in other.stderr
