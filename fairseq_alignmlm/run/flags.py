"""From the configuration to the options of ``fairseq-train``: one word each, so that no value can become an option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.configuration import Block, Configuration, Optimisation, Pretraining
from fairseq_alignmlm.run.objectives import PREALIGN, Objective, objective_named


def flags(values: Mapping[str, Any]) -> list[str]:
    """Return ``--name=value`` words; of truth values the true ones alone, without a value."""
    found = []
    for name, value in values.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            found += [option] if value else []
        else:
            found.append(f"{option}={value!r}" if isinstance(value, float) else f"{option}={value}")
    return found


def model_flags(configuration: Configuration, objective: Objective) -> list[str]:
    """Return the options of the encoder."""
    embeddings = {"language_embeddings": objective.language_ids}
    return flags({"arch": configuration.model.arch} | configuration.model.options | embeddings)


def optimisation_flags(part: Optimisation) -> list[str]:
    """Return the options of Adam, dropout and whatever else the part of the configuration has."""
    betas = f"({', '.join(f'{beta:g}' for beta in part.betas)})"
    found = {
        "optimizer": "adam",
        "adam_betas": betas,
        "adam_eps": part.eps,
        "weight_decay": part.weight_decay,
        "clip_norm": part.clip_norm,
        "lr": part.lr,
        "lr_scheduler": "polynomial_decay",
        "warmup_updates": part.warmup_updates,
        "dropout": part.dropout,
        "attention_dropout": part.attention_dropout,
    }
    return flags(found | part.options)


def part_of(configuration: Configuration, objective: Objective) -> Pretraining:
    """Return the part of the configuration that says how an objective is trained."""
    found = getattr(configuration, objective.part)
    assert isinstance(found, Pretraining)
    return found


def blocks_of(configuration: Configuration, objective: Objective) -> list[Block]:
    """Return the blocks that an objective trains with, in order."""
    pretrain = part_of(configuration, objective)
    blocks = (objective.sentence_pairs and pretrain.pair_blocks) or pretrain.blocks
    before = objective_named(objective.starts_from) if objective.starts_from else None
    if before is None or before.part != PREALIGN or not configuration.prealign.counted:
        return blocks
    spent = configuration.prealign.blocks[-1].until
    fewer = [replace(block, until=block.until - spent) for block in blocks]
    if fewer[0].until < 1:
        what = f"prealign.counted: its {spent:,} updates leave none of the first {blocks[0].until:,} of pre-training"
        raise InputError(f"{what}; give prealign.blocks fewer")
    return fewer


def block_flags(
    configuration: Configuration, objective: Objective, block: Block, settings: Mapping[str, float]
) -> list[str]:
    """Return the options of the task and the criterion in one block, but for paths and the share of a batch."""
    pretrain = part_of(configuration, objective)
    if objective.sentence_pairs and block.tokens < pretrain.shortest_pair_block:
        settings = {**settings, **objective.in_short_blocks}
    return flags(
        {
            "criterion": objective.criterion,
            "tokens_per_sample": block.tokens,
            "instances": pretrain.instances or objective.instances,
            "random_token_scope": pretrain.random_tokens,
            **settings,
        }
    )
