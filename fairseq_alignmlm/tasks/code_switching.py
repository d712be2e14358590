"""Fine-tuning on two languages at once: what the tasks with sentences share."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.data.code_switching import AGAIN
from fairseq_alignmlm.data.finetuning import Lines
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.option_ranges import require_range
from fairseq_alignmlm.tasks.finetuning import FinetuningConfig


@dataclass
class CodeSwitchingConfig(FinetuningConfig):
    """Settings of fine-tuning on sentences of which some are translated."""

    code_switch_data: Optional[str] = field(
        default=None,
        metadata={
            "help": "the same training data in another language, line by line, as data_prep xtreme makes it: sentences "
            "are taken from there at random (Pan et al. 2021)"
        },
    )
    code_switch_share: float = field(
        default=0.5, metadata={"help": "probability that a premise, a hypothesis, or one part of a question, is"}
    )


def translated_folder(
    cfg: CodeSwitchingConfig, split: str, tokens_folder: str, identity: Identity, language: int | None
) -> Path | None:
    """Return the folder of the translated data; None for validation, and where none are wanted.

    Args:
        cfg: of the task.
        split: of the data.
        tokens_folder: whose ``dict.txt`` tells the vocabulary.
        identity: of the data.
        language: their number in a model with language embeddings, else None.

    Raises:
        InputError: the data are missing, of another vocabulary or of the same language; the share is out of range; or
            the model has language embeddings, which mixed instances do not fit.
    """
    require_range("--code-switch-share", cfg.code_switch_share, 0, 1, above=True)
    if not cfg.code_switch_data or split != "train":
        return None
    folder = Path(cfg.code_switch_data)
    path = folder / tokens_folder / "dict.txt"
    other = Identity.of_dict(path)
    identity.require(other, path, "the data", AGAIN)
    if folder.resolve() == Path(cfg.data).resolve() or (other.language and other.language == identity.language):
        raise InputError.at(folder, None, "is in the language of the data, so nothing would be switched", AGAIN)
    if language is not None:
        raise InputError(
            "--code-switch-data: the model has language embeddings, one for a whole instance; leave it out"
        )
    return folder


def parts_of(folder: Path, split: str, names: tuple[str, str, str]) -> tuple[Lines, Lines, Lines]:
    """Map three parallel files of a split into memory.

    Raises:
        InputError: one is missing or broken.
    """
    first, second, third = (load_binarized(folder / name / split) for name in names)
    return first, second, third
