"""Archives as they are distributed, fetched from a server on loopback, become the folders of XTREME, byte for byte."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from data_prep.commands import arrange
from data_prep.download.catalogue import DATASETS, RemoteFile
from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS
from fairseq_alignmlm.storage import sha256_of


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: dict[str, bytes], kind: str = "gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def conllu(*sentences: str) -> bytes:
    """Return trees of ``ID/FORM/TAG/HEAD`` words."""
    blocks = []
    for sentence in sentences:
        rows = [word.split("/") for word in sentence.split()]
        lines = [f"{i}\t{form}\t_\t{tag}\t_\t_\t{head}\tdep\t_\t_" for i, form, tag, head in rows]
        blocks.append("# text = x\n" + "\n".join(lines) + "\n\n")
    return "".join(blocks).replace("~", " ").encode()


def squad(*questions: tuple[str, str, str, str]) -> dict:
    data = []
    for key, question, context, answer in questions:
        answers = [{"answer_start": context.index(answer), "text": answer}]
        data.append(
            {
                "title": "t",
                "paragraphs": [{"context": context, "qas": [{"id": key, "question": question, "answers": answers}]}],
            }
        )
    return {"data": data, "version": "1.1"}


def blanked(*questions: tuple[str, str, str, str]) -> str:
    blank = [{"answer_start": 0, "text": ""}]
    data = [
        {"paragraphs": [{"context": c, "qas": [{"answers": blank, "question": q, "id": k}]}]}
        for k, q, c, _ in questions
    ]
    return json.dumps({"data": data, "version": "1.1"})


ASKED = ("a-1", "Wer?", "Das war Käthe.", "Käthe")
FRENCH = "1-2/du/_/_ 1/de/ADP/3 2/le/DET/3 3/chat/NOUN/0"
XNLI = "language\tgold_label\t_\t_\t_\t_\tsentence1\tsentence2\n"
PAWSX = "id\tsentence1\tsentence2\tlabel\n"


def archives() -> dict[str, dict[str, bytes]]:
    def nli(*rows: tuple[str, str, str, str]) -> bytes:
        return (XNLI + "".join(f"{lang}\t{label}\t\t\t\t\t{a}\t{b}\n" for lang, label, a, b in rows)).encode()

    both = [("fr", "neutral", 'Il dit "oui" .', "Non ."), ("de", "contradictory", "Ja .", "Nein .")]
    banks = {
        "ud-treebanks-v2.5/UD_French-B/fr_b-ud-test.conllu": conllu("1/Oui/INTJ/0", "1/_/X/0 2/_/X/1"),
        "ud-treebanks-v2.5/UD_French-A/fr_a-ud-test.conllu": conllu(FRENCH),
        "ud-treebanks-v2.5/UD_French-A/fr_a-ud-dev.conllu": conllu("1/1~000/NUM/0"),
        "ud-treebanks-v2.5/UD_German-A/de_a-ud-test.conllu": conllu("1/Ja\u200c/INTJ/0"),
        "ud-treebanks-v2.5/UD_Frisian-A/frr_a-ud-test.conllu": conllu("1/x/X/0"),
    }
    names = {
        "train": "fr:Ann\tB-PER\nfr:ist\tO\n\nfr:a:b\tO\n\n",
        "dev": "fr:x\tO\n",
        "test": "fr:Bo\tB-PER\n\nfr:y\tO\n",
    }
    inner = {
        lang: tarred({k: v.replace("fr:", f"{lang}:").encode() for k, v in names.items()}) for lang in ("fr", "de")
    }
    paws = {
        f"x-final/{lang}/{name}.tsv": f"{PAWSX}1\tA b\tB a\t1\n2\tC\tD\t0\n".encode()
        for lang in ("en", "fr", "de")
        for name in ("train", "dev_2k", "test_2k")
    }
    return {
        "ud-2.5": {"ud-treebanks-v2.5.tgz": tarred(banks)},
        "xnli": {"XNLI-1.0.zip": zipped({f"XNLI-1.0/xnli.{split}.tsv": nli(*both) for split in ("dev", "test")})},
        "xnli-mt": {
            "XNLI-MT-1.0.zip": zipped(
                {"XNLI-MT-1.0/multinli/multinli.train.en.tsv": b"premise\thypo\tlabel\nA .\tB .\tcontradictory\n"}
            )
        },
        "pawsx": {"x-final.tar.gz": tarred(paws)},
        "panx": {
            "AmazonPhotos.zip": zipped({f"panx_dataset/{lang}.tar.gz": content for lang, content in inner.items()})
        },
        "tatoeba": {
            f"tatoeba.{code}-eng.{side}": text
            for code in ("fra", "deu")
            for side, text in ((code, b"un\ndeux\ntrois\n"), ("eng", b"one\ntwo\nThree\n"))
        },
        "bucc2018": {
            f"bucc2018-{lang}-en.{kind}-gold.tar.bz2": tarred(
                {
                    f"bucc2018/{lang}-en/{lang}-en.{kind}.{end}": f"{end} {kind}\n".encode()
                    for end in (lang, "en", "gold")
                },
                "bz2",
            )
            for lang in ("fr", "de")
            for kind in ("training", "sample")
        },
        "squad": {f"{split}-v1.1.json": json.dumps(squad(ASKED)).encode() for split in ("train", "dev")},
        "xquad": {"xquad.de.json": json.dumps(squad(ASKED)).encode()},
        "mlqa": {
            "MLQA_V1.zip": zipped(
                {
                    f"MLQA_V1/{split}/{split}-context-de-question-de.json": json.dumps(squad(ASKED)).encode()
                    for split in ("dev", "test")
                }
            )
        },
        "tydiqa-goldp": {
            f"tydiqa-goldp-v1.1-{split}.json": json.dumps(
                squad(("finnish-77-3", "Kuka?", "Se oli Liisa.", "Liisa"), ("korean-1-1", "?", "a b", "b"))
            ).encode()
            for split in ("train", "dev")
        },
    }


@pytest.fixture
def downloads(server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fetch everything, as a user does."""
    folder = tmp_path / "data"
    (folder / "by-hand").mkdir(parents=True)
    found = archives()
    (folder / "by-hand" / "AmazonPhotos.zip").write_bytes(found["panx"]["AmazonPhotos.zip"])
    digest = {name: _sha256(tmp_path, content) for files in found.values() for name, content in files.items()}
    for name, files in found.items():
        unpack = {file.name: file.unpack for file in DATASETS[name].files}
        served = [
            RemoteFile(file, (server.put(file, content).url,), digest[file], len(content), unpack.get(file, False))
            for file, content in files.items()
        ]
        monkeypatch.setitem(DATASETS, name, replace(DATASETS[name], files=tuple(served)))
    assert main("data_prep", "", ["download", *found, "--output", str(folder)]) == 0
    return folder


def _sha256(folder: Path, content: bytes) -> str:
    (folder / "bytes").write_bytes(content)
    return sha256_of(folder / "bytes")


def call(downloads: Path, output: Path, *options: str) -> int:
    return main("data_prep", "", ["arrange", "--downloads", str(downloads), "--output", str(output), *options])


def test_the_folders_are_those_of_xtremes_scripts(downloads, tmp_path, capsys):
    out = tmp_path / "xtreme"
    for tasks, languages in (
        ("udpos,panx,xnli,pawsx,tatoeba,bucc2018", "fr,de"),
        ("squad,xquad,mlqa", "de"),
        ("tydiqa", "fi,ko"),
    ):
        assert call(downloads, out, "--tasks", tasks, "--languages", languages) == 0, capsys.readouterr().err
    found = {
        str(path.relative_to(out)): path.read_bytes().decode()
        for path in out.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    expected = {
        # the treebanks by name; `du` with the tag of its first word; no sentence without words; no space in a token
        "udpos/test-fr.tsv": "du\nchat\n\nOui\n",
        "labels/udpos/test-fr.tsv": "ADP\nNOUN\n\nINTJ\n",
        "udpos/dev-fr.tsv": "1000\tNUM\n",
        "udpos/test-de.tsv": "Ja\n",
        "labels/udpos/test-de.tsv": "INTJ\n",
        "panx/train-fr.tsv": "Ann\tB-PER\nist\tO\n\na:b\tO\n",
        "panx/test-fr.tsv": "Bo\n\ny\n",
        "labels/panx/test-fr.tsv": "B-PER\n\nO\n",
        # written by csv.writer: Windows line ends, quotes where there are quotes
        "xnli/train-en.tsv": "A .\tB .\tcontradiction\r\n",
        "xnli/dev-fr.tsv": '"Il dit ""oui"" ."\tNon .\tneutral\r\n',
        "xnli/dev-de.tsv": "Ja .\tNein .\tcontradiction\r\n",
        "xnli/test-de.tsv": "Ja .\tNein .\r\n",
        "labels/xnli/test-de.tsv": "contradiction\n",
        "pawsx/train-en.tsv": "A b\tB a\t1\r\nC\tD\t0\r\n",
        "pawsx/test-fr.tsv": "A b\tB a\r\nC\tD\r\n",
        "labels/pawsx/test-fr.tsv": "1\n0\n",
        "tatoeba/fr-en.fr": "un\ndeux\ntrois\n",
        "tatoeba/fr-en.en": "Three\none\ntwo\n",
        "labels/tatoeba/test-fr.tsv": "1\n2\n0\n",
        "bucc2018/fr-en.test.fr": "fr training\n",
        "bucc2018/fr-en.dev.gold": "gold sample\n",
        "labels/bucc2018/test-fr.tsv": "gold training\n",
        "squad/train-v1.1.json": json.dumps(squad(ASKED)),
        "xquad/xquad.de.json": blanked(ASKED),
        "labels/xquad/test-de.json": json.dumps(squad(ASKED)),
        "mlqa/MLQA_V1/test/test-context-de-question-de.json": blanked(ASKED),
        "mlqa/MLQA_V1/dev/dev-context-de-question-de.json": json.dumps(squad(ASKED)),
        "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.fi.dev.json": blanked(
            ("finnish-77-3", "Kuka?", "Se oli Liisa.", "")
        ),
    }
    assert {name: found.get(name) for name in expected} == expected
    assert "bucc2018/fr-en.test.gold" not in found and "udpos/train-fr.tsv" not in found
    train = json.loads(found["tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.fi.train.json"])
    assert [q["id"] for d in train["data"] for p in d["paragraphs"] for q in p["qas"]] == ["3"]
    assert call(downloads, out, "--tasks", "udpos", "--languages", "fr,de") == 0
    assert "up to date" in capsys.readouterr().out


def test_what_is_missing_is_told_before_anything_is_written(downloads, tmp_path, capsys):
    out = tmp_path / "xtreme"
    for options, message in (
        (("--tasks", "udpos", "--languages", "fr,hi"), "no treebank of 'hi' has test sentences"),
        (("--tasks", "panx", "--languages", "fr,en"), "has no files en/train"),
        (("--tasks", "glue"), "unknown 'glue'"),
        (("--languages", "xx"), "XTREME has no 'xx'"),
    ):
        assert call(downloads, out, *options) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1, error
    assert not out.exists()
    assert call(tmp_path / "nowhere", out, "--tasks", "xnli") == 2
    assert "alignmlm-data download xnli-mt" in capsys.readouterr().err


def test_a_downloaded_file_that_was_changed_is_not_used(downloads, tmp_path, capsys):
    path = downloads / "xnli" / "XNLI-1.0" / "xnli.dev.tsv"
    path.write_bytes(path.read_bytes().replace(b"Non", b"Nun"))
    assert call(downloads, tmp_path / "xtreme", "--tasks", "xnli", "--languages", "fr") == 2
    assert "xnli.dev.tsv: is damaged or was changed" in capsys.readouterr().err


def test_every_task_of_xtreme_is_arranged_and_tatoebas_languages_have_codes():
    from data_prep.benchmark.retrieval import CODES

    assert set(arrange.FILES) == {*TASKS, "squad"}
    assert set(CODES) == set(TASKS["tatoeba"].languages)
