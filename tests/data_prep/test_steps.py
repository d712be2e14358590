"""Manifests: what is skipped, what is redone, and that nothing half-written stays."""

from __future__ import annotations

import errno
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_prep.manifest import Step, read_record, run_step
from fairseq_alignmlm.errors import InputError


def make_step(tmp_path, settings=None, seed=1):
    source = tmp_path / "in.txt"
    if not source.exists():
        source.write_text("a\n")
    return Step("test", [tmp_path / "out"], [source], settings or {"x": (1, 2)}, seed, folder=True)


def build(folders):
    (folders[0] / "data.txt").write_text("result")
    return {"lines": 1, "dropped": {"empty": 2}}


def test_a_result_is_made_once_and_then_up_to_date(tmp_path, capsys):
    assert run_step(make_step(tmp_path), build) is True
    assert run_step(make_step(tmp_path), build) is False
    shown = capsys.readouterr().out
    assert "lines 1, dropped (empty 2)" in shown
    assert "up to date" in shown
    record = read_record(tmp_path / "out")
    assert record is not None
    assert record["seed"] == 1
    assert record["counts"] == {"lines": 1, "dropped": {"empty": 2}}
    assert [item["path"] for item in record["outputs"]] == ["data.txt"]
    assert all(len(item["sha256"]) == 64 for item in record["inputs"] + record["outputs"])


@pytest.mark.parametrize(
    "change", ["input", "settings", "seed", "output", "output removed", "manifest", "checksum", "version"]
)
def test_a_result_is_redone_when_anything_it_depends_on_changed(tmp_path, change):
    run_step(make_step(tmp_path), build)
    step = make_step(tmp_path)
    match change:
        case "input":
            (tmp_path / "in.txt").write_text("b\n")
        case "settings":
            step = make_step(tmp_path, {"x": (1, 3)})
        case "seed":
            step = make_step(tmp_path, seed=2)
        case "output":
            (tmp_path / "out" / "data.txt").write_text("resul")
        case "output removed":
            (tmp_path / "out" / "data.txt").unlink()
        case "manifest":
            (tmp_path / "out" / "manifest.json").write_text('{"step": ')
        case "checksum":  # a manifest that does not vouch for itself
            path = tmp_path / "out" / "manifest.json"
            path.write_text(path.read_text().replace('"checksum"', '"chec+sum"'))
        case "version":
            record = json.loads((tmp_path / "out" / "manifest.json").read_text())
            record["versions"]["fairseq_alignmlm"] = "0.0.0"
            (tmp_path / "out" / "manifest.json").write_text(json.dumps(record))
    assert run_step(step, build) is True
    assert (tmp_path / "out" / "data.txt").read_text() == "result"


def test_a_result_that_moved_with_its_inputs_is_still_up_to_date(tmp_path):
    (tmp_path / "here").mkdir()
    run_step(make_step(tmp_path / "here"), build)
    (tmp_path / "here").rename(tmp_path / "there")
    assert run_step(make_step(tmp_path / "there"), build) is False


@pytest.mark.parametrize("folder", [True, False])
def test_a_failing_step_leaves_the_old_result_or_nothing(tmp_path, folder):
    step = Step("test", [tmp_path / "out"], [], {"version": 1}, folder=folder)

    def write(paths, text, fail):
        target = paths[0] / "data.txt" if folder else paths[0]
        target.write_text(text)
        if fail:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return {}

    with pytest.raises(OSError, match=r"No space left on device: .*out"):
        run_step(step, lambda paths: write(paths, "half", True))
    assert list(tmp_path.iterdir()) == []
    run_step(step, lambda paths: write(paths, "old", False))
    changed = Step("test", [tmp_path / "out"], [], {"version": 2}, folder=folder)
    with pytest.raises(OSError, match="No space"):
        run_step(changed, lambda paths: write(paths, "half", True))
    assert (tmp_path / "out" / "data.txt" if folder else tmp_path / "out").read_text() == "old"
    assert not [path for path in tmp_path.rglob("*") if "partial" in path.name]
    assert run_step(step, lambda paths: write(paths, "old", False)) is False  # its record is still there
    assert run_step(changed, lambda paths: write(paths, "new", False)) is True


def test_a_library_that_is_not_installed_is_one_line_with_the_way_to_get_it(tmp_path, monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    for library, remedy in (
        ("stanza", "fairseq-alignmlm[syntax]"),
        ("fairseq", "--no-deps fairseq"),
        ("x", "install x"),
    ):
        step = Step("test", [tmp_path / "out"], [], libraries=[library])
        with pytest.raises(InputError, match=rf"^test needs {library}, which is not installed: .*{re.escape(remedy)}"):
            run_step(step, build)


def test_a_half_written_folder_without_manifest_is_redone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "data.txt").write_text("resul")
    assert run_step(make_step(tmp_path), build) is True
    assert (tmp_path / "out" / "data.txt").read_text() == "result"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    if not shutil.which("unshare"):
        pytest.skip("a small file system needs unshare(1)")
    disk = tmp_path / "disk"
    disk.mkdir()
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("One word after the other , and then a dot .\n\n" * 20_000)
    script = (
        'mount -t tmpfs -o size=128k tmpfs "$1" || exit 77\nshift\n"$@"\nstatus=$?\nfind "$DISK" -type f\nexit $status'
    )
    command = [sys.executable, "-m", "data_prep", "sentences", corpus, "--pair", disk / "pair", "--workers", "1"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", disk, *command],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"DISK": str(disk)},
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"cannot mount a small file system here: {done.stderr.strip()}")
    assert done.returncode == 1
    *progress, error = done.stderr.splitlines()  # a slow machine shows progress
    assert error.startswith("error: [Errno 28] No space left on device: ")
    assert all(line.startswith("sentences of en: ") for line in progress)
    assert done.stdout == ""  # no file is left
