"""Files that are either complete or absent, whatever happens to the process that writes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fairseq_alignmlm.storage import atomic_path

KILLED = """
import os, signal, sys
from fairseq_alignmlm.storage import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    target.write_text("old")
    with pytest.raises(ValueError, match="broken"), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise ValueError("broken")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_folder_replaces_a_folder_with_entries(tmp_path: Path) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / "old").touch()
    with atomic_path(target, folder=True) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert os.listdir(target) == ["new"]


def test_a_file_never_replaces_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(IsADirectoryError, match="is a folder; name a file"), atomic_path(target):
        pytest.fail("the work has begun")
    with pytest.raises(IsADirectoryError), atomic_path(tmp_path / "late") as temporary:
        temporary.touch()
        (tmp_path / "late").mkdir()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["data", "late", "old"]


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    target = tmp_path / "a[1].txt"
    done = subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 1 and not target.exists()
    with atomic_path(target) as temporary:
        temporary.write_text("whole")
    assert os.listdir(tmp_path) == ["a[1].txt"]


def test_a_running_process_keeps_its_temporary_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with atomic_path(target) as ours:
        ours.write_text("ours")
        other = ours.with_name(ours.name.replace(f"-{os.getpid()}", f"-{os.getppid()}"))
        other.write_text("of the parent, which runs")
        with atomic_path(tmp_path / "b.txt") as temporary:
            temporary.touch()
        with atomic_path(target) as again:
            again.write_text("again")
        assert other.exists()
        ours.write_text("ours")
    assert target.read_text() == "ours"
