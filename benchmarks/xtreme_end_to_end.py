"""XTREME from archives to a submission: nine tasks in twelve languages with a random model of one layer.

    python benchmarks/xtreme_end_to_end.py FOLDER [--data ../shared/data] [--test 60]

Archives as they are distributed are built from real data, served on loopback, fetched with `download`, brought into
XTREME's folders with `arrange`, predicted, scored with the labels that `arrange` keeps apart, and packed with
`submission`. English, French, Arabic and Hindi have sentences of their own in udpos, panx and xnli; the other eight
languages get those of the four under their names, PAWS-X those of XNLI (entailment: 1), BUCC those of Tatoeba.
Questions are those of XTREME's mock data. Scores mean nothing: what is shown is that every step takes what the step
before has made.
"""

from __future__ import annotations

import argparse
import csv
import functools
import http.server
import io
import json
import subprocess
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from data_prep.benchmark.retrieval import CODES
from data_prep.download.catalogue import DATASETS, RemoteFile
from fairseq_alignmlm.command_line import main as call
from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS
from fairseq_alignmlm.run.programs import program

LANGUAGES = ["ar", "de", "el", "en", "es", "fr", "hi", "ru", "th", "tr", "vi", "zh"]
REAL = {"ar": "ar", "de": "fr", "el": "en", "en": "en", "es": "fr", "fr": "fr", "hi": "hi"}
REAL |= {"ru": "en", "th": "hi", "tr": "en", "vi": "hi", "zh": "ar"}
NAMES = {"ar": "Arabic", "en": "English", "fr": "French", "hi": "Hindi"}


def blocks(path: Path, count: int, start: int = 0) -> str:
    """Return some of the sentences of a file, a blank line after each."""
    return "".join(f"{block}\n\n" for block in islice(path.read_text("utf-8").split("\n\n"), start, start + count))


def rows(path: Path, count: int, start: int = 0) -> list[list[str]]:
    lines = islice(path.read_text("utf-8").splitlines(), start, start + count)
    return [line.split("\t") for line in lines]


def zipped(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: dict[str, str], kind: str = "gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return out.getvalue()


Archive = tuple[str, str, bytes]  # data set, name and content


def archives(data: Path, test: int) -> Iterator[Archive]:
    """Yield every archive, with so many examples to test on and ten times as many to train on."""
    for made in (treebanks, entities, sentence_pairs, translations, questions):
        yield from made(data, test, 10 * test)


def treebanks(data: Path, test: int, train: int) -> Iterator[Archive]:
    """Universal Dependencies."""
    banks = {
        f"ud-treebanks-v2.5/UD_{NAMES[REAL[name]]}-PUD/{name}_pud-ud-test.conllu": blocks(
            data / f"ud/UD_{NAMES[REAL[name]]}-PUD/{REAL[name]}_pud-ud-test.conllu", test
        )
        for name in LANGUAGES
    }
    for split, count in (("train", train), ("dev", test)):
        ewt = blocks(data / f"ud/UD_English-EWT/en_ewt-ud-{split}.conllu", count)
        banks[f"ud-treebanks-v2.5/UD_English-EWT/en_ewt-ud-{split}.conllu"] = ewt
    yield "ud-2.5", "ud-treebanks-v2.5.tgz", tarred(banks)


def entities(data: Path, test: int, train: int) -> Iterator[Archive]:
    """PAN-X."""

    def named(language: str, file: str, count: int, start: int = 0) -> str:
        text = blocks(data / f"panx/{file}.tsv", count, start)
        return "".join(f"{language}:{line}\n" if line else "\n" for line in text.split("\n")[:-1])

    inner = {}
    for name in LANGUAGES:
        own = f"dev-{REAL[name]}"
        splits = {"train": named(name, "train-en" if name == "en" else own, train, 2 * test)}
        splits |= {"dev": named(name, own, test), "test": named(name, own, test, test)}
        inner[f"panx_dataset/{name}.tar.gz"] = tarred(splits)
    yield "panx", "AmazonPhotos.zip", zipped(dict(inner))


def sentence_pairs(data: Path, test: int, train: int) -> Iterator[Archive]:
    """XNLI, its translated training data, and PAWS-X."""
    header = "language\tgold_label\t2\t3\t4\t5\tsentence1\tsentence2\n"
    pairs = {name: rows(data / f"xnli/dev-{REAL[name]}.tsv", 2490) for name in LANGUAGES}
    xnli = {}
    for split, start in (("dev", 0), ("test", test)):
        lines = [
            f"{name}\t{c}\t\t\t\t\t{a}\t{b}\n" for name in LANGUAGES for a, b, c in pairs[name][start : start + test]
        ]
        xnli[f"XNLI-1.0/xnli.{split}.tsv"] = header + "".join(lines)
    yield "xnli", "XNLI-1.0.zip", zipped(dict(xnli))
    english = pairs["en"][2 * test : 2 * test + train]
    lines = [f"{a}\t{b}\t{'contradictory' if c == 'contradiction' else c}\n" for a, b, c in english]
    yield (
        "xnli-mt",
        "XNLI-MT-1.0.zip",
        zipped({"XNLI-MT-1.0/multinli/multinli.train.en.tsv": "p\th\tl\n" + "".join(lines)}),
    )
    paws = {}
    for name in set(LANGUAGES) & set(TASKS["pawsx"].languages):
        for file, start, count in (("train", 2 * test, train), ("dev_2k", 0, test), ("test_2k", test, test)):
            chosen = pairs[name][start : start + count]
            lines = [f"{i}\t{a}\t{b}\t{int(c == 'entailment')}\n" for i, (a, b, c) in enumerate(chosen, 1)]
            paws[f"x-final/{name}/{file}.tsv"] = "id\tsentence1\tsentence2\tlabel\n" + "".join(lines)
    yield "pawsx", "x-final.tar.gz", tarred(paws)


def translations(data: Path, test: int, train: int) -> Iterator[Archive]:
    """Tatoeba and BUCC."""
    sides: dict[str, tuple[list[str], list[str]]] = {}
    for name in LANGUAGES:
        own = REAL[name] if REAL[name] != "en" else "fr"
        texts = [
            (data / f"tatoeba_xtreme/{own}-en.{side}").read_text("utf-8").splitlines()[:test] for side in (own, "en")
        ]
        sides[name] = (texts[0], texts[1])
    for name in set(LANGUAGES) & set(TASKS["tatoeba"].languages):
        for side, lines in zip((CODES[name], "eng"), sides[name], strict=True):
            yield "tatoeba", f"tatoeba.{CODES[name]}-eng.{side}", "".join(f"{line}\n" for line in lines).encode()
    for name in TASKS["bucc2018"].languages:
        for kind in ("sample", "training"):
            files = {}
            for side, lines in zip((name, "en"), sides[name], strict=True):
                text = "".join(f"{side}-{i:09}\t{line}\n" for i, line in enumerate(lines))
                files[f"bucc2018/{name}-en/{name}-en.{kind}.{side}"] = text
            gold = "".join(f"{name}-{i:09}\ten-{i:09}\n" for i in range(test))
            files[f"bucc2018/{name}-en/{name}-en.{kind}.gold"] = gold
            yield "bucc2018", f"bucc2018-{name}-en.{kind}-gold.tar.bz2", tarred(files, "bz2")


def questions(data: Path, test: int, train: int) -> Iterator[Archive]:
    """SQuAD, XQuAD, MLQA and TyDiQA."""

    def mock(task: str, name: str) -> str:
        return (data / f"xtreme_mock/labels/{task}/test-{name}.json").read_text("utf-8")

    for split, file in (("train", "train"), ("dev", "dev")):
        whole = json.loads((data / f"tydiqa/tydiqa.goldp.en.{file}.json").read_text("utf-8"))
        yield "squad", f"{split}-v1.1.json", json.dumps({**whole, "data": whole["data"][: 2 * test]}).encode()
    for name in set(LANGUAGES) & set(TASKS["xquad"].languages):
        yield "xquad", f"xquad.{name}.json", mock("xquad", name).encode()
    asked = [name for name in TASKS["mlqa"].languages if name in LANGUAGES]
    folder = {
        f"MLQA_V1/{split}/{split}-context-{one}-question-{other}.json": mock("mlqa", one)
        for one in asked
        for other in asked
        for split in ("dev", "test")
    }
    yield "mlqa", "MLQA_V1.zip", zipped(dict(folder))
    merged = [document for name in TASKS["tydiqa"].languages for document in json.loads(mock("tydiqa", name))["data"]]
    for split in ("train", "dev"):
        yield "tydiqa-goldp", f"tydiqa-goldp-v1.1-{split}.json", json.dumps({"data": merged, "version": "1.1"}).encode()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files and say nothing."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def served(folder: Path) -> str:
    """Serve a folder on loopback and return its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def random_model(folder: Path, text: Path) -> Path:
    """Write a random model of one layer in the form of XLM-R's: model.pt, dict.txt, sentencepiece.bpe.model."""
    from types import SimpleNamespace

    import sentencepiece
    import torch
    from fairseq.data import Dictionary
    from fairseq.models.roberta import RobertaModel

    folder.mkdir(parents=True, exist_ok=True)
    prefix = str(folder / "sentencepiece.bpe")
    settings = {"vocab_size": 2000, "character_coverage": 0.9995, "hard_vocab_limit": False, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(input=str(text), model_prefix=prefix, model_type="unigram", **settings)
    processor = sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")
    pieces = [processor.id_to_piece(number) for number in range(3, len(processor))]
    (folder / "dict.txt").write_text("".join(f"{piece} 1\n" for piece in pieces), encoding="utf-8")
    dictionary = Dictionary.load(str(folder / "dict.txt"))
    dictionary.add_symbol("<mask>")
    shape = {"encoder_layers": 1, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 32, "encoder_attention_heads": 2}
    args = argparse.Namespace(arch="roberta_base", task="multilingual_masked_lm", max_positions=512, **shape)
    args.dropout = args.attention_dropout = 0.1
    torch.manual_seed(1)
    task = SimpleNamespace(source_dictionary=dictionary, max_positions=lambda: 512)
    weights = RobertaModel.build_model(args, task).state_dict()
    weights = {key.replace("encoder.", "decoder.", 1): value for key, value in weights.items()}
    history = {"criterion_name": "MaskedLmLoss", "optimizer_name": "FairseqAdam", "lr_scheduler_state": {}}
    history |= {"best_loss": None, "num_updates": 0}
    extra = {"train_iterator": {"epoch": 1}, "val_loss": None}
    state = {"args": args, "model": weights, "optimizer_history": [history], "extra_state": extra}
    torch.save({**state, "last_optimizer_state": None}, folder / "model.pt")
    return folder / "model.pt"


def run(name: str, *words: object) -> None:
    """Run a command of this package, and say how long it took."""
    started = time.monotonic()
    done = subprocess.run([*program(name), *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} {' '.join(map(str, words))}\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
    print(f"{time.monotonic() - started:6.1f} s  {name} {' '.join(map(str, words[:4]))} ...", flush=True)


def answer(work: Path, model: Path, xtreme: Path) -> None:
    """Fine-tune on questions, and answer those of every language."""
    from fairseq_alignmlm.run.run_steps import USER_DIR

    questions = {"xquad": "squad/{}-v1.1.json", "tydiqa": "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json"}
    for task, tests in (
        ("xquad", {n: xtreme / f"xquad/xquad.{n}.json" for n in LANGUAGES}),
        ("mlqa", {n: xtreme / f"mlqa/MLQA_V1/test/test-context-{n}-question-{n}.json" for n in LANGUAGES}),
        ("tydiqa", {n: xtreme / f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{n}.dev.json" for n in LANGUAGES}),
    ):
        tests = {name: path for name, path in tests.items() if path.is_file()}
        source = questions["tydiqa" if task == "tydiqa" else "xquad"]
        train, dev = (xtreme / source.format(split) for split in ("train", "dev"))
        pair, languages = work / "model", [name for name in tests if name != "en"]
        more = [f"--test-of={name}={tests[name]}" for name in languages]
        files = ["--train", train, "--dev", dev, "--test", tests["en"]]
        run("alignmlm-data", "xtreme", "--task", task, "--pair", pair, "--language", "en", *files, *more)
        data, tuned = pair / "xtreme" / task, work / f"{task}-1"
        if task != "mlqa":  # it is tested with the model of xquad
            options = ["--task=xtreme_answering", "--criterion=answer_span", "--arch=multilingual_roberta"]
            options += ["--encoder-layers=1", "--encoder-embed-dim=16", "--encoder-ffn-embed-dim=32"]
            options += ["--encoder-attention-heads=2", "--max-positions=512", "--max-length=384", "--batch-size=16"]
            options += ["--optimizer=adam", "--lr=3e-3", "--max-epoch=1", "--disable-validation", "--num-workers=0"]
            options += [f"--finetune-from-model={model}", f"--save-dir={tuned}", "--no-epoch-checkpoints"]
            run("fairseq-train", data / "en" / "bin", f"--user-dir={USER_DIR}", *options)
        checkpoint = (work / "xquad-1" if task == "mlqa" else tuned) / "checkpoint_last.pt"
        output = work / f"{task}-1" / "predictions" / task
        words = ["--checkpoint", checkpoint, "--split", "test", "--output", output]
        run("alignmlm", "predict", *words, "--data", *(data / name / "bin" for name in tests))


def fetch(folder: Path, data: Path, test: int) -> Path:
    """Build archives, fetch them from loopback and bring them into XTREME's folders; return these."""
    remote, downloads, xtreme = (folder / name for name in ("remote", "downloads", "xtreme"))
    files: dict[str, list[tuple[str, bytes]]] = {}
    for dataset, name, content in archives(data, test):
        files.setdefault(dataset, []).append((name, content))
        place = downloads / "by-hand" if dataset == "panx" else remote / dataset
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    address = served(remote)
    for dataset, contents in files.items():
        unpack = {file.name: file.unpack for file in DATASETS[dataset].files}
        found = [
            RemoteFile(name, (f"{address}/{dataset}/{name}",), "", len(content), unpack.get(name, False))
            for name, content in contents
        ]
        DATASETS[dataset] = replace(DATASETS[dataset], files=tuple(found))
    if call("data_prep", "", ["download", *files, "--output", str(downloads)]):
        raise SystemExit("download failed")
    run("alignmlm-data", "arrange", "--downloads", downloads, "--output", xtreme, "--languages", ",".join(LANGUAGES))
    return xtreme


def model_of(folder: Path, xtreme: Path) -> Path:
    """Return the random model, whose pieces are those of the NLI data."""
    text = folder / "text.txt"
    parts = []
    for path in sorted((xtreme / "xnli").glob("*.tsv")):
        with open(path, encoding="utf-8", newline="") as handle:
            parts += [row[:2] for row in csv.reader(handle, delimiter="\t")]
    text.write_text("".join(f"{sentence}\n" for row in parts for sentence in row), encoding="utf-8")
    return random_model(folder / "xlmr", text)


def fine_tune(task: str, work: Path, model: Path, xtreme: Path) -> None:
    """Fine-tune on English, predict and score every language."""
    options = ["--epochs", 1, "--lr", "1e-3", "--select-every", 0, "--labels", xtreme / "labels", "--work", work]
    run("alignmlm", "run", "xtreme", "--task", task, "--checkpoint", model, "--data", xtreme / task, *options)


def retrieve(task: str, work: Path, model: Path, xtreme: Path) -> None:
    """Find translations without fine-tuning."""
    vocabulary, output = ["--checkpoint", model, "--vocab", model.with_name("dict.txt")], work / "retrieval/predictions"
    for name in TASKS[task].languages:
        base, written = f"{xtreme}/{task}/{name}-en", f"--output={output / task / f'test-{name}.tsv'}"
        if name in LANGUAGES and task == "tatoeba":
            run("alignmlm", "retrieve", *vocabulary, f"--source={base}.{name}", f"--target={base}.en", written)
        elif name in LANGUAGES:
            pair = [f"--source={base}.test.{name}", f"--target={base}.test.en"]
            pair += ["--threshold=0"]  # on known pairs a random model finds none to choose a threshold by
            run("alignmlm", "mine", *vocabulary, *pair, written)


def submit(folder: Path, xtreme: Path) -> None:
    """Pack all predictions, unpack them, and score what the archive holds."""
    predictions = sorted((folder / "work").glob("*/predictions"))
    output = ["--data", xtreme, "--partial", "--output", folder / "submission.zip"]
    run("alignmlm", "submission", "--predictions", *predictions, *output)
    with zipfile.ZipFile(folder / "submission.zip") as archive:
        archive.extractall(folder / "submission")
    words = ["--predictions", folder / "submission", "--gold", xtreme / "labels", "--json", folder / "score.json"]
    run("alignmlm", "score", "--task", "all", *words)
    score = json.loads((folder / "score.json").read_text())
    for name, one in score["tasks"].items():
        print(f"{name:10} {len(one['languages']):3} languages  {one['metric']} {one['score']:.2f}")


def main() -> None:
    """Do all of it, or some parts; what a part before has made has to be there."""
    parts = ["data", "udpos", "panx", "xnli", "pawsx", "questions", "tatoeba", "bucc2018", "submission"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--test", type=int, default=60, help="sentences of a test file")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    args = parser.parse_args()
    folder = args.folder.resolve()
    xtreme, model, work = folder / "xtreme", folder / "xlmr" / "model.pt", folder / "work"
    for part in args.parts:
        if part == "data":
            model = model_of(folder, fetch(folder, args.data, args.test))
        elif part == "questions":
            answer(work, model, xtreme)
        elif part in ("tatoeba", "bucc2018"):
            retrieve(part, work, model, xtreme)
        elif part == "submission":
            submit(folder, xtreme)
        else:
            fine_tune(part, work, model, xtreme)


if __name__ == "__main__":
    main()
