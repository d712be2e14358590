"""The whole way from a text to a fine-tuned, scored model, as small as it can be; each stage can be run again."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

CORPUS = "corpus.txt"
SIZES = (
    "--arch multilingual_roberta_tiny --encoder-layers 1 --encoder-embed-dim 8 --encoder-ffn-embed-dim 8 "
    "--encoder-attention-heads 1 --max-positions 64 --optimizer adam --lr 1e-3 --seed 7 --cpu --num-workers 0 "
    "--no-epoch-checkpoints --disable-validation --log-format simple --log-interval 2 --user-dir fairseq_alignmlm"
)


class Refused(Exception):
    """A command ended with another status than 0."""


def write_inputs(folder: Path) -> None:
    """Write the text and the labelled data that everything is made from."""
    from tests.chaos.parsers import CONLLU

    lines = []
    for number in range(240):
        noun, verb = ("dog", "cat", "bird", "man")[number % 4], ("sees", "hears", "likes")[number % 3]
        lines.append(f"The {noun} {verb} a {('house', 'tree', 'cat', 'stone', 'river')[number % 5]}.")
        if number % 6 == 5:
            lines.append("")
    (folder / CORPUS).write_text("\n".join(lines) + "\n")
    for split in ("train", "dev"):
        (folder / f"pos-{split}.tsv").write_text(
            "The\tDET\ndog\tNOUN\nsees\tVERB\n.\tPUNCT\n\na\tDET\ncat\tNOUN\n\n" * 4
        )
    (folder / "trees.conllu").write_text(CONLLU)


def _prepare(*words: object) -> None:
    from fairseq_alignmlm.command_line import main

    status = main("data_prep", "", [str(word) for word in words])
    if status:
        raise Refused(f"data_prep {words[0]}: status {status}")


def _alignmlm(*words: object) -> None:
    from fairseq_alignmlm.command_line import main

    status = main("fairseq_alignmlm", "", [str(word) for word in words])
    if status:
        raise Refused(f"{words[0]}: status {status}")


def _fairseq(command: str, *words: object) -> None:
    module = importlib.import_module(f"fairseq_cli.{command}")
    argv, sys.argv = sys.argv, [f"fairseq-{command}", *map(str, words)]
    try:
        module.cli_main()
    except SystemExit as done:
        if done.code:
            raise Refused(f"fairseq-{command}: status {done.code}") from None
    finally:
        sys.argv = argv


def _preprocess(options: list[str], target: Path, workers: int) -> None:
    """Do what data_prep has fairseq-preprocess do, in this process, whose file-system events are watched."""
    _fairseq("preprocess", *options, "--destdir", target, "--workers", workers, "--dataset-impl", "mmap")


def preparation(folder: Path) -> None:
    """Make everything up to binarized text and labelled data in ``folder / "work"``."""
    pair, derived = folder / "work", ("--derived", "en_trans_inv", "--transform", "inv")
    _prepare("sentences", folder / CORPUS, "--pair", pair, "--valid-every", 10, "--workers", 1, "--tokeniser", "none")
    _prepare("vocabulary", "--pair", pair, "--size", 50)
    _prepare("derive", "--pair", pair, *derived, "--workers", 1)
    _prepare("encode", "--pair", pair, *derived[:2], "--workers", 1)
    _prepare("dictionary", "--pair", pair)
    _prepare("binarize", "--pair", pair, "--with", "direct", "--workers", 1)
    with mock.patch("data_prep.vocabulary.preprocess._preprocess", _preprocess):
        labelled = ("--train", folder / "pos-train.tsv", "--dev", folder / "pos-dev.tsv")
        _prepare("xtreme", "--pair", pair, "--task", "udpos", *labelled, *derived)


def training(folder: Path) -> None:
    """Pre-train for 8 updates with a checkpoint every other update."""
    pair = folder / "work"
    _fairseq(
        "train",
        *(pair / "bin", *shlex.split(SIZES), "--task", "multilingual_mlm", "--criterion", "align_mlm"),
        *("--tokens-per-sample", 32, "--batch-size", 8, "--dictionary", pair / "dictionary.25.tsv"),
        *("--max-update", 8, "--save-interval-updates", 2, "--keep-interval-updates", 1, "--save-dir", folder / "run"),
    )


def finetuning(folder: Path) -> None:
    """Fine-tune for two epochs, predict and score."""
    data, tuned = folder / "work" / "xtreme" / "udpos" / "en", folder / "tuned"
    _fairseq(
        "train",
        *(data / "bin", *shlex.split(SIZES), "--task", "xtreme_tagging", "--criterion", "token_tagging"),
        *("--max-length", 32, "--batch-size", 4, "--finetune-from-model", folder / "run" / "checkpoint_last.pt"),
        *("--max-epoch", 2, "--save-interval-updates", 1, "--keep-interval-updates", 1, "--save-dir", tuned),
    )
    output = tuned / "test-en.tsv"
    _alignmlm("predict", "--checkpoint", tuned / "checkpoint_last.pt", "--data", data / "bin", "--output", output)


def alignment(folder: Path) -> None:
    """Measure the alignment of the pre-trained words."""
    pair, checkpoint = folder / "work", folder / "run" / "checkpoint_last.pt"
    given = ("--counterparts", pair / "counterparts.tsv", "--dictionary", pair / "dictionary.25.tsv")
    words = ("--checkpoint", checkpoint, "--dict", pair / "bin" / "dict.txt", *given)
    _alignmlm("alignment", *words, "--json", folder / "alignment.json")


STAGES: dict[str, Callable[[Path], None]] = {
    "preparation": preparation,
    "training": training,
    "fine-tuning": finetuning,
    "alignment": alignment,
}


def contents(folder: Path) -> dict[str, str]:
    """Return what has to be the same for the same inputs: a hash of every file, of the tensors of checkpoints."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            data = path.read_bytes()
            if path.name.endswith(".origin.json"):  # names the model by the bytes of its file, which hold wall times
                data = re.sub(rb'"model": "[0-9a-f]+"', b"", data)
            if name == "alignment.json":  # so does it, and bytes between the records of a checkpoint hold nothing
                measured = json.loads(data)
                data = repr([(key, measured[key]) for key in measured if "score" in key or "alignment" in key]).encode()
            found[name] = _tensors(path) if path.suffix == ".pt" else hashlib.sha256(data).hexdigest()
        elif path.name.startswith("."):
            found[path.relative_to(folder).as_posix()] = "hidden folder"
    return found


def _tensors(path: Path) -> str:
    """Return a hash of the weights, the state of the optimizer and the place in the data; meters hold wall times."""
    import torch

    from fairseq_alignmlm.errors import InputError
    from fairseq_startup.patches.checkpoint_loading import load_restricted

    try:
        state = load_restricted(torch, str(path), map_location="cpu")
    except InputError:
        return "damaged"
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, torch.Tensor):
            digest.update(value.contiguous().numpy().tobytes())
        elif isinstance(value, dict):
            for key in value:
                digest.update(str(key).encode())
                add(value[key])
        elif isinstance(value, (list, tuple)):
            for element in value:
                add(element)
        else:
            digest.update(repr(value).encode())

    add(state["model"])
    add(state["last_optimizer_state"])
    add(state["extra_state"]["train_iterator"])
    add(state["optimizer_history"][-1])  # those before tell how often the run was continued
    return digest.hexdigest()
