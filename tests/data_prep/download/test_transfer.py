"""Transfers of one file: cut, resumed, wrong, changed, redirected; whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from data_prep.download.catalogue import RemoteFile
from data_prep.download.transfer import Patience, TransferError, fetch
from fairseq_alignmlm.errors import InputError

PATIENT = Patience(attempts=3, wait=0.0, timeout=5.0)
BODY = bytes(range(256)) * 4096  # 1 MiB


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_with_its_checksum(server, tmp_path: Path) -> None:
    url = server.put("a.bin", BODY).url
    remote = RemoteFile("a.bin", (url,), sha256(BODY), len(BODY))
    assert fetch(remote, tmp_path / "a.bin", PATIENT) == sha256(BODY)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert leftovers(tmp_path) == ["a.bin"]


def test_cut_connections_are_resumed_where_they_broke(server, tmp_path: Path) -> None:
    resource = server.put("a", BODY, cuts=[300_000, 200_000])
    fetch(RemoteFile("a.bin", (resource.url,), sha256(BODY)), tmp_path / "a.bin", PATIENT)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert resource.asked == [None, "bytes=300000-", "bytes=500000-"]


def test_many_cuts_that_each_bring_something_do_not_use_up_the_attempts(server, tmp_path: Path) -> None:
    resource = server.put("a", BODY, cuts=[50_000] * 15)
    fetch(RemoteFile("a.bin", (resource.url,)), tmp_path / "a.bin", PATIENT)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_the_next_run_resumes_what_a_failed_run_left(server, tmp_path: Path) -> None:
    resource = server.put("a", BODY, cuts=[400_000, 0, 0])
    remote = RemoteFile("a.bin", (resource.url,))
    with pytest.raises(TransferError, match=r"a\.bin.*cut after 400,000 of 1,048,576 bytes"):
        fetch(remote, tmp_path / "a.bin", PATIENT)
    assert not (tmp_path / "a.bin").exists()
    fetch(remote, tmp_path / "a.bin", PATIENT)
    assert resource.asked[-1] == "bytes=400000-"
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_server_without_range_is_asked_for_everything_again(server, tmp_path: Path) -> None:
    resource = server.put("a", BODY, ranges=False, cuts=[300_000])
    fetch(RemoteFile("a.bin", (resource.url,), sha256(BODY)), tmp_path / "a.bin", PATIENT)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_server_that_always_cuts_at_the_same_byte_ends_in_an_error(server, tmp_path: Path) -> None:
    resource = server.put("a", BODY, ranges=False, cuts=[300_000] * 9)
    with pytest.raises(TransferError, match=r"\(3 attempts\)"):
        fetch(RemoteFile("a.bin", (resource.url,)), tmp_path / "a.bin", PATIENT)


def test_a_file_that_changed_between_two_parts_is_not_mixed(server, tmp_path: Path) -> None:
    newer = BODY[::-1]
    resource = server.put("a", BODY, cuts=[400_000, 0, 0])
    remote = RemoteFile("a.bin", (resource.url,))
    with pytest.raises(TransferError):
        fetch(remote, tmp_path / "a.bin", PATIENT)
    resource.body, resource.etag = newer, '"2"'
    fetch(remote, tmp_path / "a.bin", PATIENT)
    assert (tmp_path / "a.bin").read_bytes() == newer


def test_a_part_of_another_version_without_etag_is_caught_by_the_checksum(server, tmp_path: Path) -> None:
    newer = BODY[::-1]
    (tmp_path / "a.bin.part").write_bytes(BODY[:1000])
    url = server.put("a", newer, etag="").url
    fetch(RemoteFile("a.bin", (url,), sha256(newer)), tmp_path / "a.bin", PATIENT)
    assert (tmp_path / "a.bin").read_bytes() == newer


def test_a_part_longer_than_the_file_starts_again(server, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(BODY)
    url = server.put("a", b"short").url
    fetch(RemoteFile("a.bin", (url,), sha256(b"short")), tmp_path / "a.bin", PATIENT)
    assert (tmp_path / "a.bin").read_bytes() == b"short"


def test_a_wrong_checksum_leaves_nothing_and_says_both(server, tmp_path: Path) -> None:
    url = server.put("a", b"tampered").url
    with pytest.raises(TransferError, match=f"sha256 is {sha256(b'tampered')}, expected {sha256(b'right')}"):
        fetch(RemoteFile("a.bin", (url,), sha256(b"right")), tmp_path / "a.bin", PATIENT)
    assert leftovers(tmp_path) == []


def test_a_mirror_serves_what_the_first_address_does_not(server, tmp_path: Path) -> None:
    wrong, right = server.put("wrong", b"tampered").url, server.put("right", b"right").url
    remote = RemoteFile("a.bin", (f"{server.address}/gone", wrong, right), sha256(b"right"))
    fetch(remote, tmp_path / "a.bin", PATIENT)
    assert (tmp_path / "a.bin").read_bytes() == b"right"


def test_busy_servers_are_asked_again_and_missing_files_are_not(server, tmp_path: Path) -> None:
    busy = server.put("a", b"right", failures=[503, 429])
    fetch(RemoteFile("a.bin", (busy.url,)), tmp_path / "a.bin", PATIENT)
    assert len(busy.asked) == 3
    forbidden = server.put("b", b"right", failures=[403])
    with pytest.raises(TransferError, match="HTTP status 403"):
        fetch(RemoteFile("b.bin", (forbidden.url,)), tmp_path / "b.bin", PATIENT)
    assert len(forbidden.asked) == 1


def test_another_size_than_expected_is_refused_before_it_is_stored(server, tmp_path: Path) -> None:
    url = server.put("a", BODY).url
    with pytest.raises(TransferError, match="has 1,048,576 bytes, expected 5"):
        fetch(RemoteFile("a.bin", (url,), size=5), tmp_path / "a.bin", PATIENT)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a"])
def test_redirects_away_from_http_are_refused(server, tmp_path: Path, target: str) -> None:
    url = server.put("a", b"", redirect=target).url
    with pytest.raises(TransferError, match=r"cannot download a\.bin"):
        fetch(RemoteFile("a.bin", (url,)), tmp_path / "a.bin", PATIENT)
    assert not (tmp_path / "a.bin").exists()


def test_local_files_are_no_addresses(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="only http and https"):
        fetch(RemoteFile("a", ("file:///etc/passwd",)), tmp_path / "a", PATIENT)


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(TransferError, match=r"cannot download a: http://127\.0\.0\.1:9/a") as caught:
        fetch(RemoteFile("a", ("http://127.0.0.1:9/a",)), tmp_path / "a", PATIENT)
    assert "\n" not in str(caught.value)
