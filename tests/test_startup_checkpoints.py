"""Checkpoints are read without running what is in them, and written whole or not at all."""

from __future__ import annotations

import argparse
import errno
import os
import pickle
from pathlib import Path

import pytest
import torch
from fairseq import checkpoint_utils

from fairseq_alignmlm.errors import InputError


class Malicious:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (os.mkdir, (str(self.trace),))


def save_malicious_zip(path: Path, trace: Path) -> None:
    torch.save({"args": Malicious(trace), "model": {}}, path)


def save_malicious_legacy_file(path: Path, trace: Path) -> None:
    torch.save({"args": Malicious(trace), "model": {}}, path, _use_new_zipfile_serialization=False)


def save_malicious_pickle(path: Path, trace: Path) -> None:
    path.write_bytes(pickle.dumps(Malicious(trace), protocol=2))


def plain_checkpoint() -> dict:
    namespace = argparse.Namespace(arch="roberta", data="bin")
    return {
        "args": None,
        "cfg": {"model": {"_name": "roberta"}, "common": {"seed": 1}, "legacy": namespace},
        "model": {"weight": torch.arange(3.0)},
        "optimizer_history": [{"optimizer_name": "FairseqAdam", "lr_scheduler_state": {}, "num_updates": 3}],
        "extra_state": {"train_iterator": {"epoch": 1}, "val_loss": 1.5},
    }


@pytest.mark.parametrize("save", [save_malicious_zip, save_malicious_legacy_file, save_malicious_pickle])
def test_a_malicious_checkpoint_is_refused_in_one_line_and_nothing_is_executed(save, tmp_path):
    path, trace = tmp_path / "evil.pt", tmp_path / "executed"
    save(path, trace)
    with pytest.raises(InputError) as caught:
        checkpoint_utils.load_checkpoint_to_cpu(str(path))
    assert not trace.exists()
    message = str(caught.value)
    assert message.startswith(f"{path}: refused and nothing in it executed") and "\n" not in message
    assert "mkdir" in message and "FAIRSEQ_ALIGNMLM_TRUST_CHECKPOINTS=1" in message


def test_the_malicious_file_of_these_tests_does_execute_when_it_is_trusted(tmp_path, monkeypatch):
    path, trace = tmp_path / "evil.pt", tmp_path / "executed"
    save_malicious_zip(path, trace)
    monkeypatch.setenv("FAIRSEQ_ALIGNMLM_TRUST_CHECKPOINTS", "1")
    with pytest.raises(KeyError):  # for all that, it lacks what a checkpoint has
        checkpoint_utils.load_checkpoint_to_cpu(str(path))
    assert trace.exists()


@pytest.mark.parametrize("value", ["", "0", "yes"])
def test_nothing_but_1_trusts_checkpoints(value, tmp_path, monkeypatch):
    path, trace = tmp_path / "evil.pt", tmp_path / "executed"
    save_malicious_zip(path, trace)
    monkeypatch.setenv("FAIRSEQ_ALIGNMLM_TRUST_CHECKPOINTS", value)
    with pytest.raises(InputError):
        checkpoint_utils.load_checkpoint_to_cpu(str(path))
    assert not trace.exists()


def test_what_fairseq_writes_loads_with_its_namespaces(tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save(plain_checkpoint(), path)
    state = checkpoint_utils.load_checkpoint_to_cpu(str(path))
    assert state["model"]["weight"].tolist() == [0, 1, 2]
    assert state["cfg"].legacy.arch == "roberta"
    assert argparse.Namespace not in torch.serialization.get_safe_globals()


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\x80\x02", b"PK\x03\x04 cut"], ids=repr)
def test_what_is_no_checkpoint_is_named_in_one_line(content, tmp_path):
    path = tmp_path / "other.pt"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        checkpoint_utils.load_checkpoint_to_cpu(str(path))
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_a_checkpoint_that_was_cut_short_is_named_in_one_line(tmp_path):
    path = tmp_path / "cut.pt"
    torch.save(plain_checkpoint(), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="not a checkpoint, or a damaged one"):
        checkpoint_utils.load_checkpoint_to_cpu(str(path))


@pytest.mark.parametrize(
    "content", [{"weight": torch.zeros(2)}, [1, 2], torch.zeros(2)], ids=["weights", "list", "tensor"]
)
def test_a_file_of_another_program_is_named_in_one_line(content, tmp_path):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(InputError, match="not a checkpoint of fairseq"):
        checkpoint_utils.load_checkpoint_to_cpu(str(tmp_path / "other.pt"))


def test_a_missing_checkpoint_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        checkpoint_utils.load_checkpoint_to_cpu(str(tmp_path / "none.pt"))


class TestFullDisk:
    def test_a_checkpoint_that_does_not_fit_leaves_the_old_one_and_no_debris(self, tmp_path, monkeypatch):
        path = tmp_path / "checkpoint_last.pt"
        checkpoint_utils.torch_persistent_save({"updates": 1}, str(path))

        def write_a_part(obj: object, file) -> None:
            file.write(b"half")
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            finally:
                raise RuntimeError("unexpected pos")  # so does torch hide it

        monkeypatch.setattr(torch, "save", write_a_part)
        with pytest.raises(OSError, match="No space left") as caught:
            checkpoint_utils.torch_persistent_save({"updates": 2}, str(path))
        assert caught.value.errno == errno.ENOSPC and caught.value.filename == str(path)
        assert torch.load(path) == {"updates": 1}
        assert os.listdir(tmp_path) == [path.name]

    def test_a_copy_that_does_not_fit_leaves_the_old_one_and_no_debris(self, tmp_path, monkeypatch):
        best, last = tmp_path / "checkpoint_best.pt", tmp_path / "checkpoint_last.pt"
        best.write_bytes(b"new")
        last.write_bytes(b"old")

        def copy_a_part(source: str, target: str) -> None:
            Path(target).write_bytes(b"n")
            raise OSError(errno.ENOSPC, "No space left on device", target)

        monkeypatch.setattr("shutil.copyfile", copy_a_part)
        with pytest.raises(OSError, match="No space left"):
            checkpoint_utils.PathManager.copy(str(best), str(last), overwrite=True)
        assert last.read_bytes() == b"old"
        assert sorted(os.listdir(tmp_path)) == [best.name, last.name]

    def test_copies_succeed_where_there_is_space(self, tmp_path):
        (tmp_path / "a").write_bytes(b"content")
        assert checkpoint_utils.PathManager.copy(str(tmp_path / "a"), str(tmp_path / "b"))
        assert (tmp_path / "b").read_bytes() == b"content"


def test_an_archive_of_a_model_cannot_be_unpacked_beside_its_folder(tmp_path):
    import io
    import tarfile

    from fairseq import file_utils

    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        for name in ("model/dict.txt", f"../../..{tmp_path}/escaped"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(tarfile.FilterError):
        file_utils.load_archive_file(str(tmp_path / "model.tar.gz"))
    assert os.listdir(tmp_path) == ["model.tar.gz"]


def test_no_flipped_bit_changes_what_is_read(tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save(plain_checkpoint(), path)
    good = path.read_bytes()
    refused = 0
    for byte in range(0, len(good), 5):
        changed = bytearray(good)
        changed[byte] ^= 1 << byte % 8
        path.write_bytes(changed)
        try:
            state = checkpoint_utils.load_checkpoint_to_cpu(str(path))
        except InputError as error:
            refused += "\n" not in str(error)
        else:  # bytes between the records hold nothing
            assert state["model"]["weight"].tolist() == [0, 1, 2] and state["cfg"].common.seed == 1
            assert state["extra_state"] == plain_checkpoint()["extra_state"]
    assert refused > len(good) / 5 / 3
