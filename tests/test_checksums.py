"""A file that its step has recorded is compared with the record before it is used."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from fairseq_alignmlm import checksums
from fairseq_alignmlm.checksums import verify
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.counterparts import read_counterparts
from fairseq_alignmlm.lexicon.vocabulary import read_vocabulary
from fairseq_alignmlm.storage import sha256_of


def record(manifest: Path, *files: Path) -> None:
    outputs = [{"path": file.relative_to(manifest.parent).as_posix(), "sha256": sha256_of(file)} for file in files]
    manifest.write_text(json.dumps({"outputs": outputs}))


def flip(path: Path, byte: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[byte] ^= 1 << bit
    path.write_bytes(data)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    (tmp_path / "bin" / "en").mkdir(parents=True)
    (tmp_path / "bin" / "dict.txt").write_text("".join(f"w{i} {i}\n" for i in range(9)))
    (tmp_path / "bin" / "en" / "train.bin").write_bytes(bytes(range(200)))
    (tmp_path / "counterparts.tsv").write_text("a\tb\nc\td\n")
    (tmp_path / "counterparts.held_out.tsv").write_text("e\tf\n")
    record(tmp_path / "bin" / "manifest.json", tmp_path / "bin" / "dict.txt", tmp_path / "bin" / "en" / "train.bin")
    both = tmp_path / "counterparts.tsv", tmp_path / "counterparts.held_out.tsv"
    record(tmp_path / "counterparts.tsv.manifest.json", *both)
    return tmp_path


FILES = ("bin/dict.txt", "bin/en/train.bin", "counterparts.tsv", "counterparts.held_out.tsv")


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_is_noticed(name, pair):
    path, chance = pair / name, random.Random(1)
    verify(path)
    for _ in range(20):
        byte, bit = chance.randrange(path.stat().st_size), chance.randrange(8)
        flip(path, byte, bit)
        with pytest.raises(InputError, match=r"is damaged or was changed: not the file that .*manifest.json records"):
            verify(path)
        flip(path, byte, bit)
        verify(path)


def test_the_readers_of_vocabularies_and_counterparts_compare(pair):
    read_vocabulary(pair / "bin" / "dict.txt")
    read_counterparts(pair / "counterparts.tsv")
    (pair / "bin" / "dict.txt").write_text("".join(f"w{i} {i}\n" for i in range(1, 10)))
    (pair / "counterparts.tsv").write_text("a\tb\nc\tx\n")
    with pytest.raises(InputError, match=r"dict.txt: is damaged or was changed"):
        read_vocabulary(pair / "bin" / "dict.txt")
    with pytest.raises(InputError, match=r"counterparts.tsv: is damaged or was changed"):
        read_counterparts(pair / "counterparts.tsv")


def test_files_without_a_record_and_records_of_other_programs_are_no_obstacle(pair):
    (pair / "other.tsv").write_text("a\tb\n")
    verify(pair / "other.tsv")
    (pair / "manifest.json").write_text('{"name": "a web page"}')
    verify(pair / "other.tsv")
    (pair / "manifest.json").write_text("no JSON")
    verify(pair / "other.tsv")


@pytest.mark.parametrize("text", ['{"outputs": [{"path": "dict.txt", "sha256": "', '{"outputs": [{"sha256": 3}]}'])
def test_a_damaged_record_is_told_in_one_line(text, pair):
    (pair / "bin" / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest.json: is damaged; make the result again") as caught:
        verify(pair / "bin" / "dict.txt")
    assert "\n" not in str(caught.value)


def test_large_files_are_read_once_as_long_as_their_stamp_stays(pair, tmp_path, monkeypatch):
    path, read = pair / "bin" / "en" / "train.bin", []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(checksums, "ALWAYS_READ", 100)
    monkeypatch.setattr(checksums, "sha256_of", lambda file: read.append(file) or sha256_of(file))
    for _ in range(3):  # as three processes would
        checksums._seen.clear()
        verify(path)
    assert len(read) == 1
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    flip(path, 3, 0)
    os.utime(path, ns=times)  # the time of the change of the inode cannot be set back
    checksums._seen.clear()
    with pytest.raises(InputError, match="damaged"):
        verify(path)


def test_small_files_are_read_by_every_process(pair, monkeypatch):
    read = []
    monkeypatch.setattr(checksums, "sha256_of", lambda file: read.append(file) or sha256_of(file))
    for _ in range(3):
        checksums._seen.clear()
        verify(pair / "bin" / "dict.txt")
    assert len(read) == 3


def test_a_manifest_notices_every_change_of_its_own_values():
    record = checksums.sealed({"counts": {"lines": 3}, "share": 0.1, "outputs": [], 1: (2, 3)})
    read = json.loads(json.dumps(record))
    assert checksums.is_intact(record) and checksums.is_intact(read) and checksums.is_intact({"counts": 3})
    for key in read:
        assert not checksums.is_intact(read | {key: "another"})
