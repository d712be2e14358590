"""The same numbers from both sides: logits of this package's model against those of transformers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.families import FIRST_HEAD, HEADS, MASKED
from fairseq_alignmlm.exchange.symbols import RowOrder

if TYPE_CHECKING:
    from torch import Tensor

    from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

SEQUENCES = 64
TOLERANCE = 1e-4  # of the largest logit
TIE = 1e-6  # likewise: candidates so close are one candidate in float32
LOGITS_AT_ONCE = 1 << 27
BOS, PAD, EOS, FIRST_SYMBOL = 0, 1, 2, 4


@dataclass(frozen=True)
class Agreement:
    """How far two models agree.

    Attributes:
        sequences: compared sequences.
        lengths: the shortest and the longest, in tokens.
        positions: compared outputs.
        largest_difference: between two logits.
        scale: the largest logit.
        argmax_equal: outputs with the same largest logit.
        argmax_tied: outputs whose two largest logits are equal up to rounding, and whose order differs.
    """

    sequences: int
    lengths: tuple[int, int]
    positions: int
    largest_difference: float
    scale: float
    argmax_equal: int
    argmax_tied: int

    @property
    def holds(self) -> bool:
        """Whether the two are the same model."""
        equal = self.argmax_equal + self.argmax_tied == self.positions
        return equal and self.largest_difference <= TOLERANCE * self.scale

    def as_json(self) -> dict[str, Any]:
        """Return the numbers."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.sequences} sequences of {self.lengths[0]} to {self.lengths[1]} tokens, padded: largest difference "
            f"{self.largest_difference:.1e} of {self.scale:.1f}, argmax equal at {self.argmax_equal:,} of "
            f"{self.positions:,}" + (f", tied at {self.argmax_tied:,}" if self.argmax_tied else "")
        )


def compare(own: MultilingualRoberta, folder: Path, kind: str, order: RowOrder | None, seed: int = 1) -> Agreement:
    """Compare the logits of a model with those of the class that ``folder`` names, in float32.

    Args:
        own: this package's model.
        folder: a Hugging Face folder.
        kind: `MASKED`, `TOKENS` or `SEQUENCE`.
        order: of the vocabulary's rows; None where both sides number alike.
        seed: of the sequences.

    Raises:
        InputError: when transformers cannot load the folder, or has weights missing or left over.
    """
    import torch

    other = load_other(folder, kind)
    ids = None if order is None or order.is_identity else torch.tensor(order.ids)
    padding = PAD if ids is None else int(ids[PAD])
    size, longest = len(own.word_embeddings), own.max_positions()
    languages = own.encoder.sentence_encoder.embed_languages
    head = None if kind == MASKED else FIRST_HEAD[kind]
    outputs = size if head is None else len(own.state_dict()[f"{HEADS}{head}.out_proj.bias"])
    difference = scale = 0.0
    count = equal = tied = 0
    shortest, largest = longest, 0
    with torch.no_grad():
        for tokens in _batches(size, longest, outputs, seed):
            present = tokens.ne(PAD)
            language_ids = None
            if languages is not None:
                generator = torch.Generator().manual_seed(tokens.numel())
                drawn = torch.randint(1, len(languages.weight), (len(tokens), 1), generator=generator)
                language_ids = drawn * present
            ours = own(tokens, language_ids=language_ids, classification_head_name=head)[0]
            theirs = other(
                input_ids=tokens if ids is None else ids[tokens].masked_fill(~present, padding),
                attention_mask=present.long(),
                **({} if language_ids is None else {"token_type_ids": language_ids}),
            ).logits
            if ours.dim() == 3:
                ours, theirs = ours[present], theirs[present]
            if ids is not None and kind == MASKED:
                theirs = theirs[:, ids]
            difference = max(difference, (ours - theirs).abs().max().item())
            scale = max(scale, theirs.abs().max().item())
            same, close = _same_argmax(ours, theirs)
            count, equal, tied = count + len(ours), equal + same, tied + close
            lengths = present.sum(1)
            shortest, largest = min(shortest, int(lengths.min())), max(largest, int(lengths.max()))
    return Agreement(SEQUENCES, (shortest, largest), count, difference, scale, equal, tied)


def verify(checkpoint: Path, folder: Path) -> Agreement:
    """Compare an imported checkpoint with the folder that it came from.

    Raises:
        InputError: when the two differ, or the folder is an encoder without a head, whose outputs nothing compares.
    """
    from fairseq_alignmlm.evaluation.checkpoint import read_state
    from fairseq_alignmlm.exchange.own_model import build_own
    from fairseq_alignmlm.exchange.source import Source

    source = Source.read(folder)
    if source.kind is None:
        raise InputError.at(folder, None, "an encoder without a head has no logits to compare", "leave --verify out")
    agreement = compare(build_own(read_state(checkpoint), checkpoint), folder, source.kind, source.tokenizer.order)
    if not agreement.holds:
        raise InputError.at(checkpoint, None, f"transformers computes something else: {agreement}", "do not use it")
    return agreement


def load_other(folder: Path, kind: str) -> Any:
    """Load a folder with transformers, from this disk alone.

    Raises:
        InputError: when that fails, or weights are missing, left over or of another shape.
    """
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        model, told = getattr(transformers, f"AutoModel{kind}").from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
            attn_implementation="eager",
        )
    except (OSError, ValueError, RuntimeError, TypeError, AttributeError, KeyError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError.at(folder, None, f"transformers cannot load it ({line})") from None
    unfit = [str(key) for name in ("missing_keys", "mismatched_keys") for key in told.get(name, ())]
    if unfit:
        raise InputError.at(folder, None, f"transformers finds weights missing: {', '.join(sorted(unfit)[:5])}")
    return model.eval()


def _batches(size: int, longest: int, outputs: int, seed: int) -> Iterator[Tensor]:
    """Yield `SEQUENCES` random sequences of all lengths, short and long ones padded together."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    lengths = torch.linspace(3, longest, SEQUENCES).round().long().clamp(max=longest).tolist()
    lengths = [lengths[index] for index in torch.randperm(SEQUENCES, generator=generator).tolist()]
    at_once = max(2, min(16, LOGITS_AT_ONCE // (outputs * longest)))
    for start in range(0, SEQUENCES, at_once):
        part = lengths[start : start + at_once]
        tokens = torch.full((len(part), max(part)), PAD)
        for row, length in zip(tokens, part, strict=True):
            row[:length] = torch.randint(FIRST_SYMBOL, size, (length,), generator=generator)
            row[0], row[length - 1] = BOS, EOS
        yield tokens


def _same_argmax(ours: Tensor, theirs: Tensor) -> tuple[int, int]:
    mine, other = ours.argmax(-1), theirs.argmax(-1)
    differs = mine.ne(other)
    gap = theirs.gather(-1, other[:, None]) - theirs.gather(-1, mine[:, None])
    tied = differs & (gap[:, 0] <= TIE * theirs.abs().max())
    return int((~differs).sum()), int(tied.sum())
