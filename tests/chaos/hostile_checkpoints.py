"""Checkpoints that try to run code: by their pickle, or by plain data that ask fairseq to."""

from __future__ import annotations

import argparse
import copy
import functools
import io
import itertools
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fairseq import options, tasks
from fairseq.criterions import CRITERION_DATACLASS_REGISTRY, CRITERION_REGISTRY
from fairseq.data.indexed_dataset import MMapIndexedDatasetBuilder
from fairseq.dataclass.utils import convert_namespace_to_omegaconf
from fairseq.models import ARCH_MODEL_REGISTRY, MODEL_DATACLASS_REGISTRY
from fairseq.registry import REGISTRIES
from fairseq.tasks import TASK_DATACLASS_REGISTRY, TASK_REGISTRY
from omegaconf import OmegaConf

from tests.chaos.hostile_pickles import every_opcode, ways_to_call

Attack = tuple[str, Callable[[Path], None]]  # what it is, and what writes it to a file

# Settings that some model or criterion of fairseq evaluates as Python.
EVALUATED = [
    "encoder_layers",
    "decoder_layers",
    "decoder_attention",
    "encoder_attention",
    "pretrained",
    "self_attention",
    "project_input",
    "gated_attention",
    "downsample",
    "conv_feature_layers",
    "conv_aggregator_layers",
    "character_filters",
    "wer_args",
    "activation_fn",
    "adam_betas",
    "adamax_betas",
    "adafactor_eps",
    "lamb_betas",
    "model_overrides",
    "optimizer_overrides",
    "latent_temp",
    "encoder_conv_type",
    "kernel_size",
    "conv_enc_config",
    "conv_dec_config",
    "vggblock_enc_config",
    "transformer_enc_config",
]
PATHS = [
    "user_dir",
    "w2v_path",
    "path",
    "pretrained_checkpoint",
    "pretrained_mlm_checkpoint",
    "pretrained_xlm_checkpoint",
    "load_pretrained_encoder_from",
    "load_pretrained_decoder_from",
    "lm_path",
    "quantization_config_path",
    "config_yaml",
]


SIZES = "--encoder-embed-dim 4 --encoder-ffn-embed-dim 4 --encoder-attention-heads 1 --encoder-layers 1"
STOCK = "--task masked_lm --arch roberta --criterion masked_lm"
OWN = "--task multilingual_mlm --arch multilingual_roberta --criterion mlm --tokens-per-sample 8"


def make_data(folder: Path) -> Path:
    """Write a vocabulary of 20 words and two binarized languages, if they are not there, and return their folder."""
    data = folder / "bin"
    if data.is_dir():
        return data
    data.mkdir()
    (data / "dict.txt").write_text("".join(f"w{i} 1\n" for i in range(20)))
    for language, split in itertools.product(("de", "en"), ("train", "valid")):
        (data / language).mkdir(exist_ok=True)
        builder = MMapIndexedDatasetBuilder(str(data / language / f"{split}.bin"), dtype=np.uint16)
        for length in (3, 5, 2):
            builder.add_item(torch.tensor([*range(4, 4 + length), 2]))
        builder.finalize(str(data / language / f"{split}.idx"))
    return data


@functools.cache
def _published(folder: Path, names: str) -> dict[str, Any]:
    parser = options.get_training_parser()
    given = f"{make_data(folder)} {names} {SIZES} --max-positions 8 --cpu --optimizer adam --max-tokens 9"
    cfg = convert_namespace_to_omegaconf(options.parse_args_and_arch(parser, given.split()))
    task = tasks.setup_task(cfg.task)
    return {
        "args": None,
        "cfg": OmegaConf.to_container(cfg, resolve=True, enum_to_str=True),
        "model": task.build_model(cfg.model).state_dict(),
        "criterion": {},
        "optimizer_history": [{"optimizer_name": "FairseqAdam", "lr_scheduler_state": {}, "num_updates": 3}],
        "task_state": {},
        "extra_state": {"train_iterator": {"epoch": 1}, "val_loss": 1.5},
        "last_optimizer_state": None,
    }


def benign(folder: Path, names: str = STOCK) -> dict[str, Any]:
    """Return a checkpoint as fairseq writes it, of the smallest RoBERTa or, with ``OWN``, of this package's."""
    return copy.deepcopy(_published(folder, names))


def _payloads(trace: Path) -> dict[str, str]:
    python = f"__import__('os').mkdir({str(trace)!r})"
    return dict.fromkeys(EVALUATED, python) | dict.fromkeys(PATHS, str(trace.parent / "chaos_trace"))


def _save(state: Any) -> Callable[[Path], None]:
    return lambda path: torch.save(state, path)


def _raw(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


def _in_archive(data: bytes, state: dict[str, Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        buffer = io.BytesIO()
        torch.save(state, buffer)
        with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
            for record in source.infolist():
                content = data if record.filename.endswith("data.pkl") else source.read(record)
                target.writestr(record.filename, content)

    return write


def pickle_attacks(trace: Path) -> Iterator[Attack]:
    """Yield attacks by what the file's pickle runs, as a bare pickle and inside torch's archive."""
    for source in (ways_to_call, every_opcode):
        for name, data in source(str(trace)):
            yield f"pickle: {name}", _raw(data)
            yield f"archive: {name}", _in_archive(data, benign(trace.parent))


def plain_attacks(trace: Path) -> Iterator[Attack]:
    """Yield attacks by plain data alone: each stock name with strings that its class evaluates, opens or imports."""
    payloads = _payloads(trace)
    for kind, key, names in (
        ("model", "arch", ARCH_MODEL_REGISTRY),
        ("task", "task", TASK_REGISTRY),
        ("criterion", "criterion", CRITERION_REGISTRY),
        ("bpe", "bpe", REGISTRIES["bpe"]["registry"]),
        ("tokenizer", "tokenizer", REGISTRIES["tokenizer"]["registry"]),
        ("optimizer", "optimizer", REGISTRIES["optimizer"]["registry"]),
        ("lr_scheduler", "lr_scheduler", REGISTRIES["lr_scheduler"]["registry"]),
        ("scoring", "scoring", REGISTRIES["scoring"]["registry"]),
    ):
        for name in sorted(names):
            state = benign(trace.parent)
            state["cfg"][kind] = {"_name": name, "data": str(trace.parent), **payloads}
            yield f"cfg.{kind} = {name}", _save(state)
            state = benign(trace.parent)
            state["cfg"][kind] = argparse.Namespace(**{"_name": name, key: name, "data": "bin", **payloads})
            yield f"cfg.{kind} = Namespace {name}", _save(state)
            state = benign(trace.parent)
            everything = {"arch": "roberta", "task": "masked_lm", "criterion": "masked_lm", "data": "bin"}
            state["args"] = argparse.Namespace(**{**everything, **payloads, key: name})
            state["cfg"] = None
            yield f"args.{key} = {name}", _save(state)
    yield from _attacks_on_allowed_names(trace)
    yield from _tricks(trace)


def _attacks_on_allowed_names(trace: Path) -> Iterator[Attack]:
    """Yield each text setting of what checkpoints may ask for, holding Python or a path."""
    python = f"__import__('os').mkdir({str(trace)!r})"
    for start, kind, names, dataclasses in (
        (OWN, "model", ("multilingual_roberta",), MODEL_DATACLASS_REGISTRY),
        (OWN, "task", ("multilingual_mlm", "xtreme_tagging", "xtreme_classification"), TASK_DATACLASS_REGISTRY),
        (OWN, "criterion", ("mlm", "align_mlm", "dict_mlm", "tlm"), CRITERION_DATACLASS_REGISTRY),
        (STOCK, "task", ("masked_lm", "sentence_prediction"), TASK_DATACLASS_REGISTRY),
        (STOCK, "criterion", ("masked_lm", "sentence_prediction"), CRITERION_DATACLASS_REGISTRY),
    ):
        for name in names:
            for field in fields(dataclasses[name]):
                state = benign(trace.parent, start)
                section = state["cfg"][kind]
                kept = section if section["_name"] == name else {"data": section["data"]} if kind == "task" else {}
                state["cfg"][kind] = {**kept, "_name": name, field.name: python}
                yield f"{name}.{field.name} holds Python", _save(state)
    roberta = "encoder_layers activation_fn encoder_layers_to_keep quant_noise_pq dropout max_positions spectral_norm"
    for field_name in (*roberta.split(), *EVALUATED, *PATHS):
        state = benign(trace.parent)
        setattr(state["cfg"]["model"], field_name, python)
        yield f"roberta.{field_name} holds Python", _save(state)


def _tricks(trace: Path) -> Iterator[Attack]:
    evil = {"encoder_layers": f"__import__('os').mkdir({str(trace)!r})"}
    fconv = argparse.Namespace(arch="fconv", **evil)

    def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
        state = benign(trace.parent)
        change(state)
        return _save(state)

    module = str(trace.parent / "chaos_trace")
    yield "user_dir", changed(lambda s: s["cfg"]["common"].update(user_dir=module))
    yield "user_dir of the model", changed(lambda s: setattr(s["cfg"]["model"], "user_dir", module))
    yield "both args and cfg", changed(lambda s: s.update(args=fconv))
    yield "_name roberta, arch fconv", changed(lambda s: vars(s["cfg"]["model"]).update(arch="fconv", **evil))
    yield "_name empty, arch fconv", changed(lambda s: vars(s["cfg"]["model"]).update(_name="", arch="fconv", **evil))
    yield "_name a list", changed(lambda s: vars(s["cfg"]["model"]).update(_name=["fconv"], arch="fconv", **evil))
    yield "name as the only key", changed(lambda s: s["cfg"].update(model={"fconv": evil}))
    yield "task beside _name", changed(lambda s: s["cfg"]["task"].update(task="language_modeling", **evil))
    yield "criterion by text", changed(lambda s: s["cfg"].update(criterion="ctc"))
    yield "interpolation", changed(lambda s: s["cfg"]["task"].update(data="${oc.env:HOME}"))
    yield "target of hydra", changed(lambda s: s["cfg"].update(x={"_target_": "os.mkdir", "path": str(trace)}))
    yield "nested namespace", changed(lambda s: vars(s["cfg"]["model"]).update(model=fconv))
    yield (
        "meters",
        changed(lambda s: s["extra_state"].update(metrics={"default": [(0, "x", "__builtins__", {"n": str(trace)})]})),
    )
    yield (
        "meters of the module",
        changed(lambda s: s["extra_state"].update(metrics={"default": [(0, "x", "MetersDict", {})]})),
    )
    yield (
        "override by quotes",
        changed(
            lambda s: s.update(
                args=argparse.Namespace(arch="roberta", task="masked_lm", data="x\\', +user_dir: 'y"), cfg=None
            )
        ),
    )
    yield (
        "path as an optimizer",
        changed(
            lambda s: s.update(args=argparse.Namespace(arch="roberta", task="masked_lm", optimizer="../../x"), cfg=None)
        ),
    )
    yield "args is a dict", changed(lambda s: s.update(args={"arch": "fconv", **evil}))
    yield "cfg is a namespace", changed(lambda s: s.update(cfg=argparse.Namespace(model=fconv)))
    yield "cfg is a list", changed(lambda s: s.update(cfg=[fconv]))


def exhausting(folder: Path) -> Iterator[Attack]:
    """Yield checkpoints that try to use up memory or time; no trace, but they must be refused at once."""

    def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
        state = benign(folder)
        change(state)
        return _save(state)

    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    wide: Any = ["x"] * 10
    for _ in range(9):
        wide = [wide] * 10
    round_trip: list[Any] = []
    round_trip.append(round_trip)
    yield "deep", changed(lambda s: s["cfg"].update(x={"y": deep}))
    yield "ten to the tenth", changed(lambda s: s["cfg"].update(x={"y": wide}))
    yield "contains itself", changed(lambda s: s["cfg"].update(x={"y": round_trip}))
    yield "10**400", changed(lambda s: vars(s["cfg"]["model"]).update(encoder_layers=10**400))
    yield "expanded tensor", changed(lambda s: s["model"].update(x=torch.zeros(1).expand(10**12)))
    for setting in ("encoder_embed_dim", "encoder_ffn_embed_dim", "encoder_layers", "max_positions"):
        yield f"{setting} 10**7", changed(lambda s, name=setting: vars(s["cfg"]["model"]).update({name: 10**7}))
    yield (
        "sizes without weights",
        changed(lambda s: (s["model"].clear(), vars(s["cfg"]["model"]).update(encoder_layers=10**7))),
    )

    def inflating(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data.pkl", bytes(2**28))

    yield "inflating archive", inflating
