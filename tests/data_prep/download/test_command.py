"""The verb ``download`` and its table of data sets."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import pytest

from data_prep.commands import download
from data_prep.download.catalogue import DATASETS, GROUPS, Dataset, RemoteFile, find
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import sha256_of


def command(*arguments: str) -> int:
    parser = ArgumentParser()
    download.add_arguments(parser)
    return download.run(parser.parse_args(arguments))


def test_the_command_goes_on_after_a_failure_and_reports_it(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = RemoteFile("a.txt", (server.put("a.txt", b"a").url,))
    gone = RemoteFile("b.txt", (f"{server.address}/gone",))
    monkeypatch.setitem(DATASETS, "sample", Dataset("sample", "t", "l", "Somebody 2020", "h", (there,)))
    monkeypatch.setitem(DATASETS, "lost", Dataset("lost", "t", "l", "c", "h", (gone,)))
    assert command("lost", "sample", "--output", str(tmp_path)) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("error: cannot download b.txt")
    assert printed.err.splitlines()[1].startswith("warning: sample/a.txt: no checksum is published")
    assert "sample: complete" in printed.out and "cite: Somebody 2020" in printed.out
    assert command("panx", "sample", "--output", str(tmp_path)) == 2
    printed = capsys.readouterr()
    assert "panx must be fetched by hand" in printed.err and "sample: up to date" in printed.out


def test_the_list_shows_every_data_set_and_the_details_its_citation(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--list") == 0
    table = capsys.readouterr().out
    assert all(name.removeprefix("muse-") in table for name in [*DATASETS, *GROUPS])
    assert command("--list", "xtreme") == 0
    details = capsys.readouterr().out
    assert all(DATASETS[name].citation in details for name in GROUPS["xtreme"])


@pytest.mark.parametrize("arguments", [[], ["xnli"], ["nonsense", "--output", "x"], ["--output", "x"]])
def test_bad_arguments_are_bad_input(arguments: list[str]) -> None:
    with pytest.raises(InputError):
        command(*arguments)


def test_every_entry_of_the_table_is_complete() -> None:
    assert {dataset.name for dataset in find(GROUPS)} <= set(DATASETS)
    for entry in DATASETS.values():
        assert entry.title and entry.licence and entry.citation and entry.homepage.startswith("https://")
        names = [file.name for file in entry.files]
        assert len(set(names)) == len(names) > 0
        for file in entry.files:
            assert bool(file.urls) != bool(entry.by_hand)
            assert all(url.startswith("https://") and " " not in url for url in file.urls)
            assert len(file.sha256) in (0, 64) and set(file.sha256) <= set("0123456789abcdef")


def test_checksums_of_the_table_are_those_of_real_copies() -> None:
    manifest = Path("../shared/data/MANIFEST.tsv")
    if not manifest.exists():
        pytest.skip("../shared/data is not there")
    rows = [line.split("\t") for line in manifest.read_text(encoding="utf-8").splitlines()[1:]]
    known = {row[5]: row for row in rows}
    pinned = [
        file
        for entry in DATASETS.values()
        for file in entry.files
        if any("raw.githubusercontent.com" in url for url in file.urls) and file.sha256
    ]
    checked = 0
    for file in pinned:
        if file.sha256 in known:
            local, repository, commit, _, size, _ = known[file.sha256][:6]
            assert repository.removeprefix("github.com/") in file.urls[0] and commit in file.urls[0]
            assert int(size) == file.size
            assert sha256_of(manifest.parent / local) == file.sha256
            checked += 1
    assert checked >= 25
