"""A Hugging Face folder, its small files read and checked before its weights are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.configuration import family_of, kind_of, labels_from, settings_from
from fairseq_alignmlm.exchange.families import SEQUENCE, TOKENS, Family
from fairseq_alignmlm.exchange.tensors import read_json
from fairseq_alignmlm.exchange.tokenizer import CheckpointTokenizer
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.exchange.tokenizer_file import special_tokens

CONFIG = "config.json"


@dataclass(frozen=True)
class Source:
    """What the small files say.

    Attributes:
        folder: where it is.
        config: ``config.json``.
        family: of the model.
        kind: what the model is for; None for an encoder alone.
        settings: those of `MultilingualRobertaConfig`.
        tokenizer: its tokenizer.
        special: the tokens that serve as special symbols.
    """

    folder: Path
    config: dict[str, Any]
    family: Family
    kind: str | None
    settings: dict[str, Any]
    tokenizer: CheckpointTokenizer
    special: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Source:
        """Read everything but the weights.

        Raises:
            InputError: when a file is missing or broken, or the model is of another kind.
        """
        if not folder.is_dir():
            raise InputError.at(folder, None, "no such folder", "give the folder of a Hugging Face model")
        path = folder / CONFIG
        config = read_json(path)
        family = family_of(config, path)
        kind = kind_of(config, family, path)
        settings = settings_from(config, family, kind, path)
        special = special_tokens(folder, family.symbols)
        tokenizer = CheckpointTokenizer(folder / TOKENIZER, config["vocab_size"], special)
        return cls(folder, config, family, kind, settings, tokenizer, special)

    def languages(self, named: Sequence[str] | None) -> list[str]:
        """Return the languages that the token types stand for: as named, else as an export recorded them; or none.

        Raises:
            InputError: when their number is not that of the token types without padding.
        """
        names = list(named) if named is not None else list(self.config.get("language_names") or ())
        types = self.config.get("type_vocab_size", 0) if self.family.token_types else 0
        if names and (len(names) != types - 1 or len(set(names)) != len(names)):
            what = f"{types} token types are not padding and the languages {','.join(names)}"
            raise InputError.at(self.folder / CONFIG, None, what, "name as many different languages as there are")
        return names

    def labels(self) -> list[str]:
        """Return the labels of a fine-tuned model, in the order of its outputs; of any other none."""
        return labels_from(self.config, self.folder / CONFIG) if self.kind in (TOKENS, SEQUENCE) else []
