"""Extraction writes inside its folder or not at all."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.download.archive import Extracted, extract, safe_name
from fairseq_alignmlm.errors import InputError

ESCAPES = ["../outside.txt", "a/../../outside.txt", "/tmp/outside.txt", "C:/outside.txt", "..\\outside.txt", ".."]


def tar_of(path: Path, members: list[tarfile.TarInfo], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for member in members:
            member.size = 4 if member.isreg() else 0
            tar.addfile(member, io.BytesIO(b"evil"))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def zip_of(path: Path, members: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            bundle.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def files_under(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("suffix,mode", [(".tar", "w"), (".tgz", "w:gz"), (".tar.bz2", "w:bz2"), (".tar.xz", "w:xz")])
def test_every_kind_of_tar_gives_its_files_back(tmp_path: Path, suffix: str, mode: str) -> None:
    archive = tar_of(tmp_path / f"a{suffix}", [member("./", tarfile.DIRTYPE), member("d/x.txt"), member("y.txt")], mode)
    assert extract(archive, tmp_path / "out") == Extracted(2, 8)
    assert files_under(tmp_path / "out") == {"d/x.txt": b"evil", "y.txt": b"evil"}


def test_zip_and_single_gzip_give_their_files_back(tmp_path: Path) -> None:
    extract(zip_of(tmp_path / "a.zip", {"d/": b"", "d/x.txt": b"one", "y": b""}), tmp_path / "zip")
    assert files_under(tmp_path / "zip") == {"d/x.txt": b"one", "y": b""}
    (tmp_path / "words.txt.gz").write_bytes(gzip.compress("é\n".encode()))
    extract(tmp_path / "words.txt.gz", tmp_path / "gz")
    assert files_under(tmp_path / "gz") == {"words.txt": "é\n".encode()}


def test_extracted_files_cannot_be_executed_or_carry_set_uid(tmp_path: Path) -> None:
    info = member("run.sh")
    info.mode = 0o4777
    extract(tar_of(tmp_path / "a.tgz", [info]), tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out/run.sh").stat().st_mode) & 0o7111 == 0


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize(
    "build", [lambda p, n: tar_of(p / "a.tgz", [member(n)]), lambda p, n: zip_of(p / "a.zip", {n: b"evil"})]
)
def test_a_name_that_leaves_the_folder_is_refused(
    tmp_path: Path, name: str, build: Callable[[Path, str], Path]
) -> None:
    archive = build(tmp_path, name)
    with pytest.raises(InputError, match="outside"):
        extract(archive, tmp_path / "deep" / "out")
    assert files_under(tmp_path / "deep") == {}
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize(
    "kind,link",
    [
        (tarfile.SYMTYPE, "/etc"),
        (tarfile.SYMTYPE, "../.."),
        (tarfile.SYMTYPE, "inside.txt"),
        (tarfile.LNKTYPE, "../secret.txt"),
        (tarfile.LNKTYPE, "/etc/passwd"),
        (tarfile.CHRTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_links_and_devices_in_a_tar_are_refused_before_anything_follows_them(
    tmp_path: Path, kind: bytes, link: str
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    archive = tar_of(tmp_path / "a.tgz", [member("way", kind, link), member("way/owned.txt")])
    with pytest.raises(InputError, match=r"'way' is a (link|device)"):
        extract(archive, tmp_path / "out")
    assert files_under(tmp_path / "out") == {}
    assert (tmp_path / "secret.txt").read_text() == "secret"


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"way": b"/etc"}, stat.S_IFLNK | 0o777)
    with pytest.raises(InputError, match="'way' is a link"):
        extract(archive, tmp_path / "out")


def test_extraction_stops_at_its_size_bound_whatever_the_header_says(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "bomb.zip", {"zeros": bytes(3_000_000)})
    assert archive.stat().st_size < 10_000
    with pytest.raises(InputError, match="more than 1,000,000 bytes"):
        extract(archive, tmp_path / "out", max_size=1_000_000)
    assert sum(len(content) for content in files_under(tmp_path / "out").values()) <= 1_000_000


def bomb(path: Path, kind: bytes, before: list[tarfile.TarInfo]) -> Path:
    """Write a tar file with a header of 30 MB of zeros, a few kilobytes when compressed."""
    header = member("x", kind)
    header.size = 30 << 20
    with gzip.open(path, "wb", compresslevel=6) as out:
        for info in before:
            out.write(info.tobuf())
        out.write(header.tobuf())
        for _ in range(30):
            out.write(bytes(1 << 20))
        out.write(bytes(1024))
    return path


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_header_of_many_megabytes_is_refused_before_it_is_in_memory(tmp_path: Path, kind: bytes) -> None:
    folder = member("d", tarfile.DIRTYPE)
    folder.size = 1 << 40  # a folder has no content, whatever its header says
    for name, before in {"a.tgz": [], "b.tgz": [folder]}.items():
        archive = bomb(tmp_path / name, kind, before)
        assert archive.stat().st_size < 1 << 16
        tracemalloc.start()
        with pytest.raises(InputError, match=r"headers of more than 16,777,216 bytes"):
            extract(archive, tmp_path / f"out {name}")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 25 << 20


def test_a_sparse_member_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sparse"):
        extract(tar_of(tmp_path / "a.tgz", [member("x", tarfile.GNUTYPE_SPARSE)]), tmp_path / "out")


@pytest.mark.parametrize("names", [["a", "a"], ["a", "a/b"], ["a/b", "a"]])
def test_a_name_given_twice_is_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(InputError, match="twice"):
        extract(tar_of(tmp_path / "a.tgz", [member(name) for name in names]), tmp_path / "out")


@pytest.mark.parametrize("name", ["a.tgz", "a.zip", "a.gz", "a.bz2", "a.xz"])
def test_a_damaged_archive_is_bad_input(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is a page of HTML, not an archive" * 30)
    with pytest.raises((InputError), match=f"{name}: "):
        extract(tmp_path / name, tmp_path / "out")


def test_a_truncated_archive_is_bad_input(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "whole.tgz", "w:gz") as tar:
        info = tarfile.TarInfo("x")
        info.size = 100_000
        tar.addfile(info, io.BytesIO(random.Random(1).randbytes(100_000)))
    (tmp_path / "a.tgz").write_bytes((tmp_path / "whole.tgz").read_bytes()[:50_000])
    with pytest.raises(InputError, match="damaged archive"):
        extract(tmp_path / "a.tgz", tmp_path / "out")


@given(st.text(alphabet="ab./\\:C\0", max_size=12))
@settings(deadline=None, max_examples=300)
def test_a_safe_name_never_resolves_outside(name: str) -> None:
    try:
        path = safe_name(Path("a.zip"), name)
    except InputError:
        return
    assert isinstance(path, PurePosixPath)
    folder = Path("/somewhere/deep")
    assert (folder / path).resolve().is_relative_to(folder)
