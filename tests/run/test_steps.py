"""The engine: what is stale is decided by content, never by time; one process works in a folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run import processes, training
from fairseq_alignmlm.run.locks import FolderLock, locked
from fairseq_alignmlm.run.processes import StepFailed
from fairseq_alignmlm.run.stages import do
from fairseq_alignmlm.run.steps import Records, Step

COPY = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2]); open(sys.argv[3], 'a').write('x')"


@pytest.fixture
def world(tmp_path):
    """A step that copies a file and counts how often it was done."""
    source, target, count = tmp_path / "source", tmp_path / "made" / "target", tmp_path / "count"
    source.write_text("content")
    target.parent.mkdir()
    count.touch()

    def run(settings=None, costly=False):
        command = [sys.executable, "-c", COPY, str(source), str(target), str(count)]
        step = Step("copy", [command], [source], [target], settings or {}, costly=costly)
        do(Records(tmp_path), [step])
        return len(count.read_text())

    return run, source, target


def test_a_step_is_done_once_whatever_the_clock_says(world):
    run, source, target = world
    assert run() == 1
    now = time.time()
    for shift in (-3600, 3600, -(10**8), 10**8):
        os.utime(source, (now + shift, now + shift))
        assert run() == 1
        os.utime(target, (now - shift, now - shift))
        assert run() == 1


def test_a_step_is_done_again_when_content_settings_or_outputs_change(world):
    run, source, target = world
    run()
    source.write_text("other")
    assert run() == 2
    assert run({"a": 1}) == 3
    assert run({"a": 1}) == 3
    target.unlink()
    assert run({"a": 1}) == 4
    target.write_text("flipped")
    assert run({"a": 1}) == 5
    assert target.read_text() == "other"


def test_content_that_changed_under_the_same_size_and_time_is_noticed(world):
    run, source, _ = world
    run()
    before = source.stat()
    source.write_text("CONTENT")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run() == 2


def test_what_was_costly_to_make_is_refused_when_it_was_altered(world):
    run, _, target = world
    run(costly=True)
    target.write_text("flipped")
    with pytest.raises(InputError, match="is not what was written"):
        run(costly=True)


@pytest.mark.parametrize("record", ["", "[]", "{", '{"inputs": 3}', "[" * 3000, '{"settings": {}, "inputs": [["a"]]}'])
def test_a_broken_record_means_that_the_step_is_done_again(world, tmp_path, record):
    run, _, _ = world
    run()
    (tmp_path / "steps" / "copy.json").write_text(record)
    (tmp_path / "steps" / "hashes.json").write_text(record)
    assert run() == 2
    assert json.loads((tmp_path / "steps" / "copy.json").read_text())["step"] == "copy"


def test_a_command_that_fails_leaves_no_record_and_is_told_with_its_status(tmp_path):
    step = Step("fail", [[sys.executable, "-c", "raise SystemExit(3)"]], [], [])
    with pytest.raises(StepFailed, match="fail failed with status 3"):
        do(Records(tmp_path), [step])
    assert Records(tmp_path).stale(step) == "not done yet"


HOLD = """
import sys, time
from pathlib import Path
from fairseq_alignmlm.run.locks import FolderLock
lock = FolderLock(Path(sys.argv[1])); lock.take(); print('held', flush=True); time.sleep(60)
"""


def test_a_second_process_is_refused_in_one_line_and_a_killed_one_holds_nothing(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(InputError) as caught, locked(tmp_path):
        pass
    assert f"process {holder.pid} on" in str(caught.value)
    assert "\n" not in str(caught.value)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(tmp_path):
        pass


def test_readers_share_a_folder_and_keep_a_writer_out(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.take(shared=True)
    second.take(shared=True)
    with pytest.raises(InputError, match="in use by"):
        first.take()
    second.release()
    first.take()
    first.release()


TREE = """
import subprocess, sys, time
from fairseq_alignmlm.run import processes
processes.end_children_with_this_process()
child = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
child += "print(p.pid, flush=True); time.sleep(600)"
try:
    processes.run([sys.executable, "-c", child])
finally:
    processes.end_children()
"""


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_the_engine_ends_its_children_and_theirs(number):
    def heed() -> None:  # tests that were started in the background ignore SIGINT, and so would their children
        signal.signal(number, signal.SIG_DFL)

    engine = subprocess.Popen(
        [sys.executable, "-c", TREE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=heed,
    )
    assert engine.stdout is not None
    grandchild = int(engine.stdout.readline())
    engine.send_signal(number)
    engine.wait(120)
    deadline = time.monotonic() + 60
    while is_running(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(grandchild)


CHILD = """
import sys
from fairseq_alignmlm.run import processes
processes.run([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_a_command_does_not_outlive_an_engine_that_is_killed():
    engine = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    child = int(engine.stdout.readline())
    engine.kill()
    engine.wait()
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


WORK = """
import sys, time
for update in (100, 200, 300):
    print(f"2026 | INFO | train_inner | epoch 001: | loss=1, num_updates={update}, lr=1", flush=True)
    time.sleep(0.3)
"""


def test_training_tells_where_its_log_is_and_how_much_time_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "SECONDS_BETWEEN_LOOKS", 0.05)
    monkeypatch.setattr(training, "SECONDS_BETWEEN_REPORTS", 0.0)
    said, log = [], tmp_path / "train.log"
    training.Trainer(log, said.append, {}).train([sys.executable, "-c", WORK], "training", 1000)
    assert said[0] == f"training; log: {log}"
    assert [text.split(",")[0] for text in said[1:]] == ["training: update 200 of 1", "training: update 300 of 1"]
    assert all(re.fullmatch(r"training: update \d00 of 1,000, 0:0\d left", text) for text in said[1:])
