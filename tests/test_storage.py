"""Files that are either complete or absent, whatever happens to the process that writes them."""

from __future__ import annotations

import os
import platform
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


def test_it_goes_too_when_it_was_left_on_another_machine_or_its_process_number_is_in_use_again(tmp_path: Path) -> None:
    """Which of both it was cannot be seen any more: the name holds neither."""
    target = tmp_path / "data"
    killed = KILLED.replace("temporary.write_text", "temporary.mkdir(); (temporary / 'x').write_text")
    killed = killed.replace("sys.argv[1])", "sys.argv[1], folder=True)")
    name = "import platform, socket; platform.node = socket.gethostname = lambda: 'elsewhere'\n"
    assert subprocess.run([sys.executable, "-c", name + killed, str(target)], check=False).returncode == -signal.SIGKILL
    (tmp_path / f".data.partial-elsewhere-{os.getpid()}").mkdir()  # of version 0.1; the number is that of this process
    (tmp_path / f".data.partial-{platform.node()}-1").touch()  # of version 0.1; process 1 always runs
    assert len(os.listdir(tmp_path)) == 3
    with atomic_path(target, folder=True) as temporary:
        temporary.mkdir()
    assert os.listdir(tmp_path) == ["data"]


def test_what_a_running_process_works_on_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    waiting = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "print('writes', flush=True); input()")
    child = subprocess.Popen(
        [sys.executable, "-c", waiting, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin and child.stdout and child.stdout.readline() == "writes\n"
    with atomic_path(target) as ours:
        ours.write_text("ours")
        with atomic_path(target) as again:
            again.write_text("again")
    assert target.read_text() == "ours"
    child.communicate("go on\n")
    assert child.returncode == 0 and target.read_text() == "half"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_that_cannot_be_replaced_is_still_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / "old").touch()

    def fail(*paths: object) -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"), atomic_path(target, folder=True) as temporary:
        temporary.mkdir()
        monkeypatch.setattr(os, "replace", fail)
    assert os.listdir(target) == ["old"] and os.listdir(tmp_path) == ["data"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write anywhere")
def test_a_folder_that_may_not_be_written_is_told_with_the_name_of_the_target(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as caught, atomic_path(tmp_path / "a.txt"):
        pytest.fail("the work has begun")
    assert caught.value.filename == str(tmp_path / "a.txt")
