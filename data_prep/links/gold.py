"""The true links of a derived language: where each word of L1 went, found by deriving the sentence again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError

from ..languages.transforms import SentenceContext, Transformation, TreeBlock, compose
from ..languages.word_order import order_of
from ..manifest import read_record
from ..pair import Pair
from ..pair_identity import SETTING, name_transformation
from .filters import Link

DERIVE_AGAIN = "derive the text again"


@dataclass(frozen=True)
class RecordedDerivation:
    """How a derived text was made.

    Attributes:
        specifications: as ``--transform`` took them.
        seed: of the transformations.
    """

    specifications: tuple[str, ...]
    seed: int

    @classmethod
    def read(cls, pair: Pair, derived: str) -> RecordedDerivation:
        """Read it from the record of the derived text.

        Raises:
            InputError: there is no such record, or its transformation is another one now, as when ordering models
                were trained again.
        """
        folder = pair.text(derived)
        record = read_record(folder)
        settings = (record or {}).get("settings", {})
        if record is None or record.get("step") != "derive" or SETTING not in settings:
            what = f"no record of how {derived} was derived"
            remedy = "gold links are for derived languages; others take --dictionary or --links"
            raise InputError.at(folder, None, what, remedy)
        found = cls(tuple(settings["transform"]), int(record["seed"]))
        if name_transformation(found.specifications, found.seed) != settings[SETTING]:
            raise InputError.at(folder, None, "was derived with other models than are there now", DERIVE_AGAIN)
        return found

    def transformation(self) -> Transformation:
        """Return the transformation, read anew."""
        return compose(self.specifications)


def gold_links(
    transformation: Transformation,
    seed: int,
    source: Sequence[str],
    target: Sequence[str],
    trees: Sequence[TreeBlock],
    path: Path,
    line: int,
) -> list[Link]:
    """Return a link for every word of a sentence: word i of L1 is word j of its derived form.

    Args:
        transformation: that of the derived language.
        seed: of the derivation.
        source: words of L1.
        target: words of the derived language, spelled as those of L1.
        trees: of the sentence, where the transformation needs them.
        path: the derived text, for messages.
        line: its number there, from 1.

    Raises:
        InputError: the derived sentence is not what the transformation gives.
    """
    order = order_of(transformation, source, SentenceContext(seed, line, trees, lambda reason: None))
    if [source[i] for i in order] != list(target):
        raise InputError.at(path, line, "is not the sentence that the recorded transformation gives", DERIVE_AGAIN)
    return sorted((i, j) for j, i in enumerate(order))
