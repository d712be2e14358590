"""Whole data sets: unpacked with a record and fetched once, or no folder at all."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from data_prep.download import folder as folders
from data_prep.download.catalogue import Dataset, RemoteFile
from data_prep.download.folder import obtain
from data_prep.download.transfer import Patience, TransferError
from fairseq_alignmlm.errors import InputError

PATIENT = Patience(attempts=3, wait=0.0, timeout=5.0)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def tar_bytes(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def dataset(*files: RemoteFile, **settings: object) -> Dataset:
    return Dataset("sample", "A sample", "CC0", "Somebody 2020", "http://example.org", files, **settings)  # type: ignore[arg-type]


def test_a_data_set_is_unpacked_with_a_manifest_and_not_fetched_twice(server, tmp_path: Path) -> None:
    archive = tar_bytes(corpus__train=b"a b\n", corpus__dev=b"c\n")
    resource, notes = server.put("c.tgz", archive), server.put("notes.txt", b"read me")
    sample = dataset(
        RemoteFile("c.tgz", (resource.url,), sha256(archive), unpack=True),
        RemoteFile("notes.txt", (notes.url,)),
    )
    assert obtain(sample, tmp_path, PATIENT) is True
    assert (tmp_path / "sample/corpus/train").read_bytes() == b"a b\n"
    assert (tmp_path / "sample/notes.txt").read_bytes() == b"read me"
    manifest = json.loads((tmp_path / "sample/manifest.json").read_text())
    assert manifest["inputs"] == {"c.tgz": sha256(archive), "notes.txt": sha256(b"read me")}
    content = {"corpus/dev": b"c\n", "corpus/train": b"a b\n", "notes.txt": b"read me"}
    assert manifest["outputs"] == {name: {"bytes": len(own), "sha256": sha256(own)} for name, own in content.items()}
    assert manifest["licence"] == "CC0"
    assert obtain(sample, tmp_path, PATIENT) is False
    assert len(resource.asked) == len(notes.asked) == 1
    for damage in (Path.unlink, lambda path: path.write_bytes(b"d\n")):  # gone; changed to other bytes of the same size
        damage(tmp_path / "sample/corpus/dev")
        assert obtain(sample, tmp_path, PATIENT) is True
        assert (tmp_path / "sample/corpus/dev").read_bytes() == b"c\n"


def test_an_unknown_checksum_is_recorded_and_held_against_the_next_download(server, tmp_path: Path, capsys) -> None:
    resource = server.put("a.txt", b"first")
    sample = dataset(RemoteFile("a.txt", (resource.url,)))
    with pytest.raises(InputError, match=r"no checksum is known of a\.txt; leave out --verified"):
        obtain(sample, tmp_path, PATIENT, verified=True)
    assert resource.asked == []
    obtain(sample, tmp_path, PATIENT)
    assert capsys.readouterr().err == (
        f"warning: sample/a.txt: no checksum is published; from now on it is {sha256(b'first')}\n"
    )
    recorded = json.loads((tmp_path / "checksums.json").read_text())
    assert [entry["sha256"] for entry in recorded.values()] == [sha256(b"first")]
    (tmp_path / "sample/a.txt").unlink()
    resource.body = b"second"
    with pytest.raises(TransferError, match="at the first download it was"):
        obtain(sample, tmp_path, PATIENT)
    assert json.loads((tmp_path / "checksums.json").read_text()) == recorded


@pytest.mark.parametrize("name", ["../../owned", "/tmp/owned"])
def test_a_malicious_archive_leaves_no_folder_and_no_record(server, tmp_path: Path, name: str) -> None:
    archive = tar_bytes(**{"good": b"good", name: b"evil"})
    output = tmp_path / "data"
    sample = dataset(RemoteFile("c.tgz", (server.put("c.tgz", archive).url,), unpack=True))
    with pytest.raises(InputError, match="outside the folder"):
        obtain(sample, output, PATIENT)
    assert [path for path in output.rglob("*") if path.is_file()] == []
    assert not (tmp_path / "owned").exists()


def test_one_missing_file_leaves_no_half_data_set_and_keeps_the_other_for_later(server, tmp_path: Path) -> None:
    here = server.put("a", b"here")
    late = f"{server.address}/late"
    sample = dataset(RemoteFile("a", (here.url,)), RemoteFile("b", (late,)))
    with pytest.raises(TransferError, match="404"):
        obtain(sample, tmp_path, PATIENT)
    assert not (tmp_path / "sample").exists()
    server.put("late", b"late")
    obtain(sample, tmp_path, PATIENT)
    assert (tmp_path / "sample/b").read_bytes() == b"late"
    assert len(here.asked) == 1


def test_a_set_fetched_by_hand_says_what_to_do_and_is_unpacked_once_it_lies_there(tmp_path: Path) -> None:
    inner = tar_bytes(train=b"en:a\tO\n", dev=b"en:b\tO\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("panx_dataset/en.tar.gz", inner)
    sample = dataset(
        RemoteFile("AmazonPhotos.zip", (), unpack=True),
        RemoteFile("panx_dataset.zip", (), sha256(b"another"), unpack=True),
        by_hand="it is shared from a web page only",
        nested=True,
    )
    with pytest.raises(InputError, match=r"by hand: it is shared.*put AmazonPhotos.zip or panx_dataset.zip into"):
        obtain(sample, tmp_path)
    handed = tmp_path / folders.BY_HAND
    handed.mkdir()
    (handed / "panx_dataset.zip").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="expected"):
        obtain(sample, tmp_path)
    (handed / "AmazonPhotos.zip").write_bytes(buffer.getvalue())
    assert obtain(sample, tmp_path) is True
    assert (tmp_path / "sample/panx_dataset/en/train").read_bytes() == b"en:a\tO\n"
    assert not (tmp_path / "sample/panx_dataset/en.tar.gz").exists()
    assert (handed / "AmazonPhotos.zip").exists()
    assert obtain(sample, tmp_path) is False
