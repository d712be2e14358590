"""The ids that transformers gives to lines of text, against those that this package works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError

if TYPE_CHECKING:
    from fairseq_alignmlm.exchange.exporting import Export

LINES = 10_000
SHOWN = 3


@dataclass(frozen=True)
class Mismatches:
    """What came of comparing lines.

    Attributes:
        lines: how many were compared.
        different: of these, lines with other ids.
        first: the numbers of the first of these.
        file: the name of the text.
    """

    lines: int
    different: int
    first: tuple[int, ...]
    file: str

    def as_json(self) -> dict[str, Any]:
        """Return the numbers."""
        return asdict(self)


def read_lines(path: Path, count: int = LINES) -> list[str]:
    """Return the first lines of a text that hold something.

    Raises:
        InputError: when the file is missing or not UTF-8.
    """
    try:
        with open(path, encoding="utf-8", newline="\n") as handle:
            return list(islice((line.rstrip("\r\n") for line in handle if line.strip()), count))
    except (FileNotFoundError, IsADirectoryError):
        raise InputError.at(path, None, "no such file", "check the path") from None
    except UnicodeDecodeError:
        raise InputError.at(path, None, "not valid UTF-8", "save the file as UTF-8") from None


def compare_tokenizers(export: Export, folder: Path, texts: Mapping[str, Path]) -> dict[str, Mismatches]:
    """Compare the ids of lines of text, language by language.

    Of a pair made here, the text that was binarized is compared with its binarized form; of an imported model, the
    lines that were given, with its own tokenizer.

    Args:
        export: the checkpoint on its way out.
        folder: the Hugging Face folder.
        texts: files by language.

    Raises:
        InputError: when transformers cannot load the tokenizer, or any id differs.
    """
    from fairseq_alignmlm.exchange.vocabulary_folder import ImportedVocabulary

    found = {}
    imported = isinstance(export.vocabulary, ImportedVocabulary)
    for language, path in (texts if imported else _own_texts(export, texts)).items():
        place = folder / language if (folder / language).is_dir() else folder
        tokenizer = load_tokenizer(place)
        lines = read_lines(path)
        if isinstance(export.vocabulary, ImportedVocabulary):
            order = export.vocabulary.tokenizer.order
            rows = export.vocabulary.tokenizer.encode_lines(lines)
            expected = [[order.ids[row] for row in line] for line in rows]
        else:
            expected = _binarized_rows(export.vocabulary.root, language, path, len(lines))
        got = [ids[1:-1] for ids in tokenizer(lines)["input_ids"]]
        different = [number for number, (a, b) in enumerate(zip(got, expected, strict=True), 1) if list(a) != list(b)]
        found[language] = Mismatches(len(lines), len(different), tuple(different[:SHOWN]), path.name)
    return found


def _own_texts(export: Export, texts: Mapping[str, Path]) -> dict[str, Path]:
    root = export.vocabulary.root  # type: ignore[union-attr]
    found = dict(texts)
    for language in export.languages:
        path = root / "text" / language / "valid.txt"
        if language not in found and path.is_file() and (root / "bin" / language / "valid.idx").is_file():
            found[language] = path
    return found


def _binarized_rows(root: Path, language: str, text: Path, count: int) -> list[list[int]]:
    from fairseq_alignmlm.data.binarized import load_binarized

    data = load_binarized(root / "bin" / language / text.stem)
    rows = [data[number][:-1].tolist() for number in range(len(data))]
    rows = [row for row in rows if row][:count]  # blank lines end documents
    if len(rows) != count:
        raise InputError.at(
            text, None, f"{count:,} lines, {len(rows):,} binarized", "run `encode` and `binarize` again"
        )
    return rows


def load_tokenizer(folder: Path) -> Any:
    """Load a tokenizer with transformers, from this disk alone.

    Raises:
        InputError: when that fails.
    """
    import transformers

    transformers.logging.set_verbosity_error()
    try:
        return transformers.AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False, model_max_length=1 << 30
        )
    except Exception as error:  # whatever the library makes of a folder
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError.at(folder, None, f"transformers cannot load the tokenizer ({line})") from None
