"""Settings of pre-training, and what is refused of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from omegaconf import II, MISSING

from fairseq_alignmlm.data.masking import MaskingSchedule
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.option_ranges import require_range

BLOCKS, SENTENCES, LINES = "blocks", "sentences", "lines"
RandomTokenScope = ChoiceEnum(["language", "all", "first"])
InstanceKind = ChoiceEnum([BLOCKS, SENTENCES, LINES])


@dataclass
class MultilingualMLMConfig(FairseqDataclass):
    """Settings of the task; the defaults are the paper's."""

    data: str = field(
        default=MISSING, metadata={"help": "folder with dict.txt and one folder of binarized text per language"}
    )
    languages: Optional[str] = field(
        default=None,
        metadata={
            "help": "comma-separated languages, L1 first; default: those of the data in their order, else every folder "
            "by name"
        },
    )
    tokens_per_sample: int = field(default=512, metadata={"help": "length of an instance in tokens"})
    instances: Optional[InstanceKind] = field(  # type: ignore[valid-type]
        default=None,
        metadata={
            "help": "blocks of exactly --tokens-per-sample tokens (default for MLM and ALIGN-MLM, G.2); whole "
            "sentences that fit, padded (default for XLM and DICT-MLM, G.3); or lines: one sentence, for XLM one "
            "sentence pair, each, padded to the longest of the batch"
        },
    )
    packing_look_ahead: int = field(
        default=1,
        metadata={
            "help": "instances of whole sentences: 1 packs these in their order (G.3); N, when the next one does not "
            "fit, takes the longest of the next N that does. The larger N, the less padding, and the more neighbouring "
            "sentences are parted"
        },
    )
    sampling_alpha: float = field(
        default=1.0,
        metadata={"help": "languages are sampled in proportion to size ** alpha: 1 by size, 0 all alike"},
    )
    mask_prob: float = field(default=0.15, metadata={"help": "share of tokens to predict"})
    mask_prob_last: Optional[float] = field(
        default=None,
        metadata={
            "help": "the share changes linearly, epoch by epoch, from --mask-prob to this one, which validation has "
            "always: 0.3 to 0.15 lets small models learn faster (not what the paper does)"
        },
    )
    mask_prob_epochs: Optional[int] = field(
        default=None, metadata={"help": "the epoch, from 2 on, that first has --mask-prob-last"}
    )
    short_first: bool = field(
        default=False,
        metadata={
            "help": "in the epochs of --curriculum, whose batches are not shuffled, the shortest instances first"
        },
    )
    curriculum: int = II("dataset.curriculum")
    ddp_backend: str = II("distributed_training.ddp_backend")
    leave_unmasked_prob: float = field(default=0.1, metadata={"help": "share of these that stay as they are"})
    random_token_prob: float = field(default=0.1, metadata={"help": "share of these that become a random token"})
    random_token_scope: RandomTokenScope = field(  # type: ignore[valid-type]
        default="language",
        metadata={
            "help": "random tokens come from the vocabulary of the token's language, from all languages, or from "
            "the first language only (as in the published code)"
        },
    )
    seed: int = II("common.seed")
    save_dir: str = II("checkpoint.save_dir")
    restore_file: str = II("checkpoint.restore_file")
    finetune_from_model: Optional[str] = II("checkpoint.finetune_from_model")


def check_settings(cfg: MultilingualMLMConfig) -> None:
    """Refuse numbers out of range, and settings that do not go together.

    Raises:
        InputError: with the option's name.
    """
    require_range("--mask-prob", cfg.mask_prob, 0, 1, above=True, remedy="with nothing to predict nothing is learnt")
    require_range("--leave-unmasked-prob", cfg.leave_unmasked_prob, 0, 1)
    require_range("--random-token-prob", cfg.random_token_prob, 0, 1)
    if cfg.leave_unmasked_prob + cfg.random_token_prob > 1.0:
        raise InputError("--leave-unmasked-prob and --random-token-prob together exceed 1")
    masking_schedule(cfg)
    if str(cfg.ddp_backend) == "fully_sharded":
        raise InputError(
            "--ddp-backend fully_sharded is not supported; models of the paper's size need no shards: give pytorch_ddp"
        )
    if cfg.short_first and cfg.curriculum < 1:
        raise InputError("--short-first: say for how many epochs, --curriculum N")
    require_range("--sampling-alpha", cfg.sampling_alpha, 0)
    require_range("--packing-look-ahead", cfg.packing_look_ahead, 1, remedy="1 keeps the order")
    require_range("--tokens-per-sample", cfg.tokens_per_sample, 2)


def masking_schedule(cfg: MultilingualMLMConfig) -> MaskingSchedule | None:
    """Return how the masking rate changes over epochs; None where it stays.

    Raises:
        InputError: when one of its two settings is missing, or a number is out of range.
    """
    if cfg.mask_prob_last is None and cfg.mask_prob_epochs is None:
        return None
    if cfg.mask_prob_last is None or cfg.mask_prob_epochs is None:
        raise InputError("--mask-prob-last and --mask-prob-epochs belong together; give both or none")
    require_range("--mask-prob-last", cfg.mask_prob_last, 0, 1, above=True)
    require_range("--mask-prob-epochs", cfg.mask_prob_epochs, 2)
    return MaskingSchedule(cfg.mask_prob_last, cfg.mask_prob_epochs)


def choose_languages(folder: Path, listed: str | None, known: tuple[str, ...]) -> list[str]:
    """Return the languages to train on: those listed, else those of the data in their order, else all by name.

    Args:
        folder: of the data.
        listed: what the user gave.
        known: the languages of the data in order, as far as they say them.

    Raises:
        InputError: when there is none, or one is unknown or listed twice.
    """
    present = sorted({path.parent.name for path in folder.glob("[!.]*/[!.]*.idx")})
    if not listed:
        if not present:
            raise InputError.at(folder, None, "holds no binarized language", "run python -m data_prep binarize")
        return list(known) if set(known) == set(present) else present
    languages = [name.strip() for name in listed.split(",") if name.strip()]
    for name in languages:
        if name not in present:
            raise InputError.at(
                folder, None, f"unknown language {name!r}", f"the folder has: {', '.join(present) or 'none'}"
            )
    if not languages or len(set(languages)) != len(languages):
        raise InputError(f"--languages {listed}: give one language or more, each once")
    return languages
