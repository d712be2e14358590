"""What fairseq builds from a checkpoint is what the checkpoint names; so only known names are let through.

Much of stock fairseq evaluates strings of its settings as Python (``fconv`` and eight other models, ``ctc``), opens
files or downloads what they name. The architectures, tasks and criterions below, and those of this package, do not.
"""

from __future__ import annotations

import argparse
import ast
import enum
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from fairseq_startup.checkpoints import Refused

ALLOW_VARIABLE = "FAIRSEQ_ALIGNMLM_ALLOW"
PACKAGE = "fairseq_alignmlm"

# What a checkpoint may name beside the names of this package: RoBERTa, XLM-R, and both fine-tuned as published.
STOCK = {
    "architecture": {"roberta", "roberta_base", "roberta_large", "roberta_prenorm", "xlm"},
    "task": {"masked_lm", "multilingual_masked_lm", "sentence_prediction"},
    "criterion": {"masked_lm", "sentence_prediction"},
    "bpe": {"gpt2", "sentencepiece"},
    "tokenizer": set(),
}
# The part of the settings that names it, and the two keys under which fairseq looks for the name there.
SECTIONS = {
    "architecture": ("model", "_name", "arch"),
    "task": ("task", "_name", "task"),
    "criterion": ("criterion", "_name", "criterion"),
    "bpe": ("bpe", "_name", "bpe"),
    "tokenizer": ("tokenizer", "_name", "tokenizer"),
}
# What fairseq evaluates as Python when it builds an optimizer, or a command with these options.
EVALUATED = {"adam_betas", "adamax_betas", "adafactor_eps", "lamb_betas", "model_overrides", "optimizer_overrides"}
METERS = {"AverageMeter", "SumMeter", "TimeMeter", "StopwatchMeter"}
_IDENTIFIER = re.compile(r"\w{1,100}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\\]|\$\{")


def check_settings(state: Mapping[str, Any]) -> None:
    """Check everything that fairseq builds from a checkpoint; forget its ``user_dir``, which would be run.

    Args:
        state: a checkpoint, of plain data; changed in place.

    Raises:
        Refused: it names an architecture, task, criterion or tokenizer that is not allowed, or a setting is no plain
            value, of another type than it has to be, or a size that its weights do not have.
    """
    args, settings = state.get("args"), state.get("cfg")
    if args is not None:
        if not isinstance(args, argparse.Namespace):
            raise Refused(f"its args are a {type(args).__name__}")
        _check_values("args", vars(args))
        for kind, (_, _, key) in SECTIONS.items():
            _check_name(kind, vars(args).get(key), "args")
        for key in ("optimizer", "lr_scheduler", "scoring", "simul_type"):
            name = vars(args).get(key)
            if name is not None and not (isinstance(name, str) and _IDENTIFIER.fullmatch(name)):
                raise Refused(f"its args name the {key} {name!r}")
        _check_sizes(vars(args), state.get("model"))
    if settings is not None:
        if not isinstance(settings, dict):
            raise Refused(f"its settings are a {type(settings).__name__}")
        for name, section in settings.items():
            _check_section(name, section)
        for kind, (name, *keys) in SECTIONS.items():
            _check_kind(kind, settings.get(name), keys)
        _check_sizes(_mapping(settings.get("model")), state.get("model"))
    _check_meters(state.get("extra_state"))


def _mapping(section: Any) -> dict[str, Any]:
    if isinstance(section, argparse.Namespace):
        return vars(section)
    return section if isinstance(section, dict) else {}


def _check_section(name: Any, section: Any) -> None:
    if not isinstance(name, str):
        raise Refused(f"its settings have a part {name!r}")
    if section is not None and not isinstance(section, (str, bool, int, float, dict, argparse.Namespace)):
        raise Refused(f"its settings of {name} are a {type(section).__name__}")
    if isinstance(section, str):
        _check_value(name, section)
    else:
        _check_values(name, _mapping(section))


def _check_values(section: str, values: dict[str, Any]) -> None:
    for key, value in values.items():
        if not isinstance(key, str) or not _IDENTIFIER.fullmatch(key):
            raise Refused(f"{section} has a setting {key!r}")
        _check_value(f"{section}.{key}", value)
        if key in EVALUATED and isinstance(value, str) and value:
            try:
                ast.literal_eval(value)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                raise Refused(f"{section}.{key} is {value[:80]!r}, which is no literal") from None
    if values.get("user_dir") is not None:
        values["user_dir"] = None


def _check_value(where: str, value: Any, depth: int = 3) -> None:
    if value is None or isinstance(value, (bool, float)):
        return
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise Refused(f"{where} has more than 64 bits")
    elif isinstance(value, str):
        if len(value) > 10_000 or _CONTROL.search(value):
            raise Refused(f"{where} is {value[:80]!r}")
    elif isinstance(value, (list, tuple)) and depth:
        for element in value:
            _check_value(where, element, depth - 1)
    elif isinstance(value, dict) and depth and all(isinstance(key, str) for key in value):
        for key, element in value.items():
            _check_value(f"{where}.{key[:80]}", element, depth - 1)
    else:
        raise Refused(f"{where} is a {type(value).__name__}")


def _registry(kind: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the classes and the dataclasses that are registered under the names of a kind."""
    import fairseq.models
    import fairseq.tasks
    from fairseq.registry import REGISTRIES

    if kind == "architecture":
        return fairseq.models.ARCH_MODEL_REGISTRY, fairseq.models.MODEL_DATACLASS_REGISTRY
    if kind == "task":
        return fairseq.tasks.TASK_REGISTRY, fairseq.tasks.TASK_DATACLASS_REGISTRY
    return REGISTRIES[kind]["registry"], REGISTRIES[kind]["dataclass_registry"]


def _check_name(kind: str, name: Any, where: str) -> None:
    if name is None:
        return
    if not isinstance(name, str):
        raise Refused(f"{where} names the {kind} {name!r:.80}")
    if name in STOCK[kind] or name in os.environ.get(ALLOW_VARIABLE, "").split(","):
        return
    registered = _registry(kind)[0].get(name)
    if registered is None:
        raise Refused(f"asks for the {kind} {name!r:.80}, which is not known here (is --user-dir {PACKAGE} missing?)")
    if registered.__module__.partition(".")[0] != PACKAGE:
        raise Refused(f"asks for the {kind} {name!r:.80}, which checkpoints may not ask for")


def _check_kind(kind: str, section: Any, keys: list[str]) -> None:
    if section is None:
        return
    if isinstance(section, str):
        _check_name(kind, section, "cfg")
        return
    values = _mapping(section)
    names = [values[key] for key in keys if values.get(key) is not None]
    for name in names:
        _check_name(kind, name, "cfg")
    if kind in ("architecture", "task") and not names:
        raise Refused(f"its settings name no {kind}")
    for name in names:
        dataclass = _registry(kind)[1].get(name)
        if dataclass is not None and isinstance(section, dict):
            _check_types(kind, dataclass, section)


def _check_types(kind: str, dataclass: type, section: dict[str, Any]) -> None:
    for field in fields(dataclass):
        if field.name in section and not _fits(section[field.name], field.type):
            raise Refused(f"the {kind}'s {field.name} is {section[field.name]!r:.80}")


def _fits(value: Any, kind: Any) -> bool:
    """Tell whether a value may stand in a dataclass field of a type; None always may."""
    if value is None or kind is Any:
        return True
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(value, option) for option in get_args(kind))
    if get_origin(kind) is list:
        return isinstance(value, list) and all(_fits(v, *get_args(kind)) for v in value)
    if not isinstance(kind, type) or is_dataclass(kind):
        return True
    if kind is NoneType:
        return False
    if issubclass(kind, enum.Enum):
        return isinstance(value, str) and value in [str(member.value) for member in kind]
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) if kind in (bool, str) else True


def _sizes(model: Any) -> Iterator[tuple[str, int]]:
    """Yield the settings of an encoder that its weights tell."""
    mark = "sentence_encoder."
    shapes = {
        key.rpartition(mark)[2]: tuple(value.shape)
        for key, value in (model if isinstance(model, dict) else {}).items()
        if isinstance(key, str) and mark in key and hasattr(value, "shape")
    }
    for key, setting, axis in (("embed_tokens.weight", "embed_dim", 1), ("layers.0.fc1.weight", "ffn_embed_dim", 0)):
        if len(shapes.get(key, ())) == 2:
            yield f"encoder_{setting}", shapes[key][axis]
    if len(shapes.get("embed_positions.weight", ())) == 2:
        yield "positions", shapes["embed_positions.weight"][0]
    layers = {key.split(".")[1] for key in shapes if key.startswith("layers.")}
    if layers:
        yield "encoder_layers", len(layers)


def _check_sizes(settings: Mapping[str, Any], model: Any) -> None:
    """Compare the sizes that fairseq would build with those of the weights, before memory is asked for them."""
    sizes = dict(_sizes(model))
    for setting in ("encoder_embed_dim", "encoder_ffn_embed_dim", "encoder_layers"):
        if settings.get(setting) is not None and setting not in sizes:
            raise Refused(f"its settings say {setting} {settings[setting]!r:.80}, it has no such weights")
    for setting, size in sizes.items():
        if settings.get(setting) is not None and settings[setting] != size:
            raise Refused(f"its settings say {setting} {settings[setting]!r:.80}, its weights {size}")
        positions = settings.get("max_positions")
        if setting == "positions" and isinstance(positions, int) and positions > size:
            raise Refused(f"its settings say max_positions {positions}, its weights have {size}")


def _check_meters(extra_state: Any) -> None:
    """Refuse meters that are none: fairseq calls whatever its module has under their names."""
    metrics = extra_state.get("metrics") if isinstance(extra_state, dict) else None
    for group in metrics.values() if isinstance(metrics, dict) else ():
        for entry in group if isinstance(group, (list, tuple)) else ():
            name = entry[2] if isinstance(entry, (list, tuple)) and len(entry) == 4 else None
            if name not in METERS:
                raise Refused(f"its metrics name the meter {name!r:.80}")
