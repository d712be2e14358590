"""The settings of a run: one typed configuration, whose defaults are the paper's (Tables 10 and 11).

A scale is a YAML file with what differs from these defaults; ``--set pretrain.lr=1e-3`` changes one value. The model's
own defaults stand in `models.config`, those of an objective in its criterion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Optional

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.objectives import objectives
from fairseq_alignmlm.run.settings_file import read_settings_file

SCALES = files("fairseq_alignmlm.run").joinpath("scales")
# Options that the engine sets itself, or that name code.
_TAKEN = {
    *("arch", "batch_size", "criterion", "data", "disable_validation", "finetune_from_model", "language", "languages"),
    *("max_epoch", "max_length", "max_update", "restore_file", "save_dir", "seed", "task", "tokens_per_sample"),
    *("total_num_update", "user_dir", "reset_dataloader", "distributed_world_size", "cpu", "lr", "optimizer"),
}
_PLAIN = re.compile(r"[\w.,:/+ -]*")  # fairseq evaluates the text of some options as Python: no calls, no quotes


@dataclass
class Synthetic:
    """The synthetic language: sizes in sentences or pairs of them."""

    sentences: int = 30000
    lexicon: float = 1.0  # share of the words: fewer are learned in fewer updates
    labelled_train: int = 2000
    labelled_dev: int = 500
    pairs_train: int = 6000
    pairs_dev: int = 1000


@dataclass
class Data:
    """The pair of languages."""

    synthetic: Optional[Synthetic] = None  # none: text and labelled data are given
    vocabulary: int = 40000  # pieces of L1
    dictionary_percent: float = 25.0  # of these are in the training dictionary
    overlap: float = 0.0  # share of these that keep their script
    seed: int = 1  # of the derivation, the overlap and the dictionary
    halves: str = ""  # `same` or `apart`: train on half of the lines, the same in both languages or others in each
    variant: str = ""  # names data of other settings, and is part of their folder's name


@dataclass
class Block:
    """Training with instances of one length, until an update."""

    tokens: int = 512
    batch: int = 128  # instances of an update
    until: int = 500_000


@dataclass
class Model:
    """The encoder; what is not in ``options`` has the default of `models.config` (Table 10)."""

    arch: str = "multilingual_roberta"
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Optimisation:
    """Adam with linear warm-up and decay."""

    lr: float = 1e-4
    warmup_updates: int = 10_000
    betas: list[float] = field(default_factory=lambda: [0.9, 0.98])
    eps: float = 1e-6
    weight_decay: float = 0.01
    clip_norm: float = 0.0  # 0: not clipped
    dropout: float = 0.1
    attention_dropout: float = 0.1
    options: dict[str, Any] = field(default_factory=dict)  # further options of fairseq-train


@dataclass
class Pretraining(Optimisation):
    """Pre-training (Table 11)."""

    blocks: list[Block] = field(default_factory=lambda: [Block()])
    pair_blocks: Optional[list[Block]] = None  # of objectives with sentence pairs; none: as the others
    shortest_pair_block: int = 0  # tokens; in shorter blocks these objectives train without pairs
    instances: Optional[str] = None  # blocks, sentences or lines; none: each objective's own
    # Replacement tokens come from the first language, as in the published code; from all; or the token's language.
    random_tokens: str = "first"
    validate_every: int = 10_000  # updates; 0: the loss on held-out text is not logged while training


@dataclass
class PreAlignment(Pretraining):
    """Training on the words of the dictionary before pre-training; an instance is a word with its translation."""

    blocks: list[Block] = field(default_factory=lambda: [Block(32, 512, 5_000)])
    warmup_updates: int = 500
    validate_every: int = 0
    counted: bool = False  # pre-training has as many updates less, so that both together have those of other objectives


@dataclass
class PostTraining(Pretraining):
    """Training on sentence pairs after pre-training; an instance is a pair. The values are not those of a paper."""

    blocks: list[Block] = field(default_factory=lambda: [Block(128, 128, 20_000)])
    lr: float = 3e-5
    warmup_updates: int = 2_000
    betas: list[float] = field(default_factory=lambda: [0.9, 0.999])
    eps: float = 1e-8
    instances: Optional[str] = "lines"


@dataclass
class Finetuning(Optimisation):
    """Fine-tuning on both languages; the optimiser's values are those of the published scripts."""

    lr: float = 2e-5
    warmup_updates: int = 0
    betas: list[float] = field(default_factory=lambda: [0.9, 0.999])
    eps: float = 1e-8
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    batch: int = 32
    epochs: int = 10  # of tagging
    max_length: int = 512  # pieces, as the published scripts have it for tagging; Table 11 has 128 for every task
    classification_epochs: int = 5
    classification_max_length: int = 128


@dataclass
class Curves:
    """What is measured while a derived pair is learned."""

    every: int = 0  # updates between two checkpoints that are kept and measured; 0: no curves
    finetune_epochs: int = 0  # of tagging in L1 from each of these checkpoints; 0: none


@dataclass
class Realignment:
    """Realignment on linked sentences; the values are those of the published code (Gaschi et al. 2023)."""

    contrast: str = "strong"  # strong, weak or cosine
    temperature: float = 0.1
    layer: Optional[int] = None  # whose output is aligned, 0 for the embeddings; none: the last but one
    ending: str = "first"  # of several language pairs that take turns: ends with the first or with all used up
    weight: float = 0.1  # beside the task's loss
    batch: int = 16  # sentence pairs of an update
    lr: Optional[float] = None  # before and after fine-tuning, constant; none: that of fine-tuning
    updates: Optional[int] = None  # before fine-tuning; none: as many as that has
    gradient_interval: int = 0  # updates between two comparisons of gradients in the log; 0: none


@dataclass
class Configuration:
    """Everything that decides the numbers of a run, but for its objective, its seed and the data."""

    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    pretrain: Pretraining = field(default_factory=Pretraining)
    prealign: PreAlignment = field(default_factory=PreAlignment)
    posttrain: PostTraining = field(default_factory=PostTraining)
    finetune: Finetuning = field(default_factory=Finetuning)
    curves: Curves = field(default_factory=Curves)
    variant: str = ""  # names a run of other settings beside the scale's, and is part of its folder's name
    realign: Realignment = field(default_factory=Realignment)
    objective: dict[str, float] = field(default_factory=dict)  # settings of the criterions, such as align_alpha
    fairseq: list[str] = field(default_factory=list)  # further words for every fairseq-train, from the command line

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as YAML and JSON have them."""
        return asdict(self)


def scale_names() -> list[str]:
    """Return the names of the scales that come with the package."""
    order = ["toy", "small", "emergence", "paper"]
    names = [Path(item.name).stem for item in SCALES.iterdir() if item.name.endswith(".yaml")]
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def load(scale: str, overrides: Sequence[str] = (), fairseq: Sequence[str] = ()) -> tuple[str, Configuration]:
    """Return the name of a scale and its configuration.

    Args:
        scale: a name, or the path of a YAML file of one's own.
        overrides: ``pretrain.lr=1e-3``, applied in order.
        fairseq: further words for every ``fairseq-train``.

    Raises:
        InputError: the scale is unknown, or a setting is unknown or of the wrong kind or size.
    """
    path = Path(scale)
    if path.suffix == ".conf":
        raise InputError(f"--scale {scale}: scales are YAML files now; see docs/adding.md")
    if path.suffix not in (".yaml", ".yml"):
        if scale not in scale_names():
            raise InputError(f"unknown scale '{scale}'; choose {', '.join(scale_names())} or give your own file.yaml")
        path = Path(str(SCALES.joinpath(f"{scale}.yaml")))
    found = build(read_settings_file(path), overrides, path)
    found.fairseq = list(fairseq)
    return path.stem, found


def build(settings: dict[str, Any], overrides: Sequence[str], path: Path) -> Configuration:
    """Return the configuration of some settings; see `load`. ``path`` is where they were read, for messages."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    structure = OmegaConf.structured(Configuration)
    where: str | Path = path
    try:
        merged = OmegaConf.merge(structure, OmegaConf.create(settings))
        for override in overrides:
            where = f"--set {override}"
            if "=" not in override or "${" in override:
                raise InputError(f"{where}: give NAME=VALUE, such as pretrain.lr=1e-3")
            merged = OmegaConf.merge(merged, OmegaConf.from_dotlist([override]))
        found = OmegaConf.to_object(merged)
    except (OmegaConfBaseException, YAMLError, ValueError, TypeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError.at(where, None, " ".join(str(error).split("\n")[0].split()), "see docs/recipes.md") from None
    assert isinstance(found, Configuration)
    _check(found, path)
    return found


def _check(found: Configuration, path: Path) -> None:
    def need(condition: bool, name: str, what: str) -> None:
        if not condition:
            raise InputError.at(path, None, f"{name}: {what}", "correct it there, or with --set")

    for name, value in _numbers("", found.as_dict()):
        need(0 <= value < 2**63, name, f"{value!r:.40} is no number of 0 or more")
    trainings = {"pretrain": found.pretrain, "prealign": found.prealign, "posttrain": found.posttrain}
    for part, training in trainings.items():
        for name, blocks in (("blocks", training.blocks), ("pair_blocks", training.pair_blocks or [])):
            where = f"{part}.{name}"
            need(bool(blocks) or name == "pair_blocks", where, "is empty")
            ends = [block.until for block in blocks]
            need(ends == sorted(set(ends)), where, "until has to grow from block to block")
            whole = all(block.tokens > 1 and block.batch and block.until for block in blocks)
            need(whole, where, "a block has 2 tokens or more, an instance, and an update")
        kinds, scopes = (None, "blocks", "sentences", "lines"), ("first", "all", "language")
        need(training.instances in kinds, f"{part}.instances", "choose blocks, sentences or lines")
        need(training.random_tokens in scopes, f"{part}.random_tokens", "choose first, all or language")
    need(0 < found.data.dictionary_percent <= 100, "data.dictionary_percent", "give more than 0 and up to 100")
    need(found.data.overlap <= 1, "data.overlap", "give a share from 0 to 1")
    need(found.data.halves in ("", "same", "apart"), "data.halves", "choose same or apart")
    for name, variant in (("variant", found.variant), ("data.variant", found.data.variant)):
        need(bool(re.fullmatch(r"[a-z0-9_]*", variant)), name, "give small letters, digits and _")
    need(found.data.vocabulary > 0, "data.vocabulary", "give a number above 0")
    need(found.realign.contrast in ("strong", "weak", "cosine"), "realign.contrast", "choose strong, weak or cosine")
    need(found.realign.ending in ("first", "all"), "realign.ending", "choose first or all")
    need(bool(_PLAIN.fullmatch(found.model.arch)), "model.arch", "give the name of an architecture")
    optimised: dict[str, Optimisation] = {**trainings, "finetune": found.finetune}
    for part, optimisation in optimised.items():
        need(len(optimisation.betas) == 2, f"{part}.betas", "give two numbers")
    known = {setting.name for objective in objectives().values() for setting in objective.settings}
    for name in found.objective:
        need(name in known, f"objective.{name}", f"no objective has it; there are {', '.join(sorted(known))}")
    parts = {"model": found.model.options, **{part: each.options for part, each in optimised.items()}}
    for part_name, options in parts.items():
        for name, value in options.items():
            where = f"{part_name}.options.{name}"
            need(bool(re.fullmatch(r"[a-z][a-z0-9_]*", str(name))), where, "write the option with _, as max_positions")
            need(name not in _TAKEN, where, "has a setting of its own, or is set for each run")
            plain = isinstance(value, (bool, int, float)) or (isinstance(value, str) and _PLAIN.fullmatch(value))
            need(bool(plain), where, f"{value!r} is no number, truth value or plain word")


def _numbers(prefix: str, value: Any) -> list[tuple[str, float]]:
    if isinstance(value, dict):
        return [each for name, inner in value.items() for each in _numbers(f"{prefix}.{name}".lstrip("."), inner)]
    if isinstance(value, list):
        return [each for inner in value for each in _numbers(prefix, inner)]
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool) and ".options." not in prefix
    return [(prefix, value)] if numeric else []
