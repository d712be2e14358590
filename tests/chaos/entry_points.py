"""Every way by which this project and fairseq open a checkpoint."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairseq import checkpoint_utils, utils
from fairseq.models import FairseqEncoder
from fairseq.models.roberta import RobertaModel, XLMRModel


def _load_ensemble(path: Path) -> Any:
    return checkpoint_utils.load_model_ensemble_and_task([str(path)])


def _evaluate(path: Path) -> None:
    """Do what fairseq-validate does with a checkpoint: build its model, its task and its criterion."""
    _, cfg, task = _load_ensemble(path)
    task.build_criterion(cfg.criterion)


def _predict(path: Path) -> Any:
    from fairseq_alignmlm.evaluation.predictor import Predictor

    return Predictor.load(path, path.parent / "bin", "en")


def _alignment(path: Path) -> Any:
    from fairseq_alignmlm.evaluation.checkpoint import read_checkpoint_embeddings

    return read_checkpoint_embeddings(path)


def _architecture(path: Path) -> Any:
    from fairseq_alignmlm.evaluation.architecture import architecture_options

    return architecture_options(path)


def _own_from_pretrained(path: Path) -> Any:
    from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

    return MultilingualRoberta.from_pretrained(str(path.parent), path.name, str(path.parent / "bin"))


def _component(path: Path) -> None:
    with contextlib.suppress(RuntimeError):  # the weights of a RoBERTa do not fit into an empty encoder
        checkpoint_utils.load_pretrained_component_from_model(FairseqEncoder(None), str(path))


def _averaged(path: Path) -> None:
    with contextlib.suppress(KeyError):  # most checkpoints hold no averaged weights
        checkpoint_utils.load_ema_from_checkpoint(str(path))


def _command(name: str, *given: str) -> Callable[[Path], Any]:
    def run(path: Path) -> Any:
        from importlib import import_module

        words = [word.format(path=path, data=path.parent / "bin", save=path.parent / "saved") for word in given]
        argv, sys.argv = sys.argv, [name, *words]
        try:
            return import_module(f"fairseq_cli.{name}").cli_main()
        finally:
            sys.argv = argv

    return run


TRAIN = [
    "{data}",
    "--task",
    "masked_lm",
    "--arch",
    "roberta",
    "--criterion",
    "masked_lm",
    "--encoder-embed-dim",
    "4",
    "--encoder-ffn-embed-dim",
    "4",
    "--encoder-attention-heads",
    "1",
    "--encoder-layers",
    "1",
    "--max-positions",
    "8",
    "--optimizer",
    "adam",
    "--lr",
    "1",
    "--max-tokens",
    "9",
    "--cpu",
    "--save-dir",
    "{save}",
    "--num-workers",
    "0",
]

IN_PROCESS: dict[str, Callable[[Path], Any]] = {
    "load_checkpoint_to_cpu": lambda path: checkpoint_utils.load_checkpoint_to_cpu(str(path)),
    "load_model_ensemble": lambda path: checkpoint_utils.load_model_ensemble([str(path)]),
    "load_model_ensemble_and_task": _evaluate,
    "RobertaModel.from_pretrained": lambda path: RobertaModel.from_pretrained(
        str(path.parent), path.name, str(path.parent / "bin"), bpe="characters"
    ),
    "XLMRModel.from_pretrained": lambda path: XLMRModel.from_pretrained(
        str(path.parent), path.name, str(path.parent / "bin"), bpe="characters"
    ),
    "MultilingualRoberta.from_pretrained": _own_from_pretrained,
    "load_pretrained_component_from_model": _component,
    "load_ema_from_checkpoint": _averaged,
    "predict": _predict,
    "alignment": _alignment,
    "architecture": _architecture,
}
COMMANDS: dict[str, Callable[[Path], Any]] = {
    "fairseq-train --restore-file": _command("train", *TRAIN, "--restore-file", "{path}"),
    "fairseq-train --finetune-from-model": _command("train", *TRAIN, "--finetune-from-model", "{path}"),
    "fairseq-validate": _command(
        "validate", "{data}", "--task", "masked_lm", "--path", "{path}", "--max-tokens", "9", "--cpu"
    ),
    "fairseq-eval-lm": _command("eval_lm", "{data}", "--path", "{path}", "--max-tokens", "9", "--cpu"),
    "fairseq-generate": _command(
        "generate", "{data}", "--task", "masked_lm", "--path", "{path}", "--max-tokens", "9", "--cpu"
    ),
    "fairseq-interactive": _command("interactive", "{data}", "--task", "masked_lm", "--path", "{path}", "--cpu"),
}


def register_plugin() -> None:
    """Register the names of this package, as ``--user-dir fairseq_alignmlm`` does."""
    utils.import_user_module(argparse.Namespace(user_dir="fairseq_alignmlm"))
