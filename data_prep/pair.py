"""The folder of a language pair: where every step finds and leaves its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fairseq_alignmlm.errors import InputError

SPLITS = ("train", "valid")


@dataclass(frozen=True)
class Pair:
    """Paths in ``work/<pair>``."""

    root: Path

    @property
    def model(self) -> Path:
        """The SentencePiece model, of L1 or of natural languages; or the tokenizer of an imported model."""
        pretrained = self.root / "tokenizer.json"
        return pretrained if pretrained.is_file() else self.root / "spm.model"

    @property
    def segmenting_library(self) -> str:
        """The distribution that cuts words into pieces."""
        return "sentencepiece" if self.model.name == "spm.model" else "tokenizers"

    @property
    def counterparts(self) -> Path:
        """Every L1 token and its L2 counterpart."""
        return self.root / "counterparts.tsv"

    @property
    def symbols(self) -> Path:
        """fairseq's dictionary of the symbols of all languages."""
        return self.root / "bin" / "dict.txt"

    def text(self, language: str) -> Path:
        """Folder of the sentences of a language."""
        return self.root / "text" / language

    def trees(self, language: str) -> Path:
        """Folder of the CoNLL-U trees of a language's sentences."""
        return self.root / "trees" / language

    def trees_of_task(self, task: str) -> Path:
        """Folder of the CoNLL-U trees of a task's labelled data, by split."""
        return self.root / "trees" / "labelled" / task

    def pieces(self, language: str) -> Path:
        """Folder of the pieces of a language."""
        return self.root / "pieces" / language

    def binarized(self, language: str) -> Path:
        """Folder of the binarized pieces of a language."""
        return self.root / "bin" / language

    def shard(self, number: int, shards: int) -> Path:
        """Folder of the binarized pieces of one of several parts of the text, ``number`` from 1."""
        return self.root / "shards" / f"{number}-of-{shards}"

    def labelled(self, task: str, language: str) -> Path:
        """Folder of the transformed labelled data of a task."""
        return self.root / "xtreme" / task / language

    @property
    def parallel(self) -> Path:
        """Folder of the binarized parallel text of two natural languages."""
        return self.root / "parallel"

    def symbol_table(self, language: str) -> Path:
        """Every piece and its symbol in a natural language that has symbols of its own."""
        return self.root / f"symbols.{language}.tsv"

    def own_symbols(self, language: str) -> Path | None:
        """:meth:`symbol_table` if there is one; None where the pieces themselves are the symbols."""
        path = self.symbol_table(language)
        return path if path.is_file() else None

    def dictionary(self, percent: float) -> Path:
        """The bilingual dictionary with ``percent`` % of V1; the number is written as ``%g``: 25.0 is 25."""
        return self.root / f"dictionary.{percent:g}.tsv"

    def existing(self, folder: Path) -> dict[str, Path]:
        """Return ``{split: file}`` of a language's folder of text or pieces.

        Raises:
            InputError: the language, or one of its files, is not there.
        """
        if not folder.is_dir():
            known = sorted(path.name for path in folder.parent.glob("[!.]*") if path.is_dir()) or ["none"]
            raise InputError.at(
                folder, None, f"unknown language {folder.name!r}", f"languages that are there: {', '.join(known)}"
            )
        files = {split: folder / f"{split}.txt" for split in SPLITS}
        for path in files.values():
            if not path.is_file():
                raise InputError.at(path, None, "no such file", "run the step that writes it again")
        return files


def check_language(name: str) -> str:
    """Return a language's name if it can be a folder, a symbol's prefix and an entry of ``--languages``.

    Raises:
        InputError: it holds other characters than letters, digits, ``_`` and ``-``.
    """
    if not re.fullmatch(r"\w[\w-]*", name):
        raise InputError(f"language {name!r}: use letters, digits, _ and - only, such as en or en_trans_inv")
    return name


def language_list(names: str) -> list[str]:
    """Return the languages of ``en,fr``.

    Raises:
        InputError: there are fewer than two, one stands there twice, or a name cannot be used.
    """
    languages = [check_language(name) for name in names.split(",")]
    if len(languages) < 2 or len(set(languages)) < len(languages):
        raise InputError(f"--languages {names}: give two or more different languages, such as en,fr")
    return languages
