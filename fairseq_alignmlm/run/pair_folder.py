"""The folder of a language pair: its layout, and the record of what it was made of, which later calls must match."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.configuration import Data
from fairseq_alignmlm.run.provenance import made_by
from fairseq_alignmlm.run.settings_file import read_settings_file, write_settings_file

FILE = "configuration.yaml"
OTHER = "move it away or choose another --work"
DERIVED, NATURAL = "derived", "natural"


@dataclass(frozen=True)
class PairFolder:
    """A prepared pair.

    Attributes:
        root: the folder.
        languages: L1 and the other one.
        transformation: ``trans+inv``, or ``natural``.
        scale: name of the scale.
        kind: ``derived`` or ``natural``.
        settings: what the data were made with.
        text: content hash of the text that was given, by name; empty for the synthetic language.
        labelled: content hashes of the labelled data that were given, by task.
    """

    root: Path
    languages: tuple[str, str]
    transformation: str
    scale: str
    kind: str = DERIVED
    settings: dict[str, Any] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    labelled: dict[str, str] = field(default_factory=dict)

    @property
    def natural(self) -> bool:
        """Whether both languages are natural ones."""
        return self.kind == NATURAL

    @property
    def binarized(self) -> Path:
        """dict.txt, and a folder of binarized text for each language."""
        return self.root / "bin"

    @property
    def vocabulary(self) -> Path:
        """The symbols of both languages."""
        return self.binarized / "dict.txt"

    @property
    def parallel(self) -> Path:
        """Binarized parallel text of two natural languages."""
        return self.root / "parallel"

    def dictionary(self, percent: float) -> Path:
        """The training dictionary."""
        return self.root / ("dictionary.tsv" if self.natural else f"dictionary.{percent:g}.tsv")

    def measured(self) -> tuple[str, Path]:
        """Return the option of ``alignment`` that says what to measure on, and its file."""
        if self.natural:
            return "--held-out", self.root / "dictionary.held_out.tsv"
        return "--counterparts", self.root / "counterparts.tsv"

    def labelled_data(self, data: str, language: str) -> Path:
        """Transformed labelled data of a task of XTREME in one language."""
        return self.root / "xtreme" / data / language

    def refuse_if_of_others(self) -> None:
        """Refuse a folder that was made of other data or settings, before anything is written there.

        Raises:
            InputError: see above; the message names the first difference.
        """
        path = self.root / FILE
        if not path.is_file():
            if (self.root / "pair.conf").exists():
                what = "was made by the recipes of an earlier version"
                raise InputError.at(self.root, None, what, OTHER)
            return
        there = PairFolder.read(self.root)
        for name in ("languages", "transformation", "scale", "kind"):
            _compare(self.root, name, getattr(there, name), getattr(self, name))
        for name, value in self.settings.items():  # a setting that the record's version did not have had its default
            _compare(self.root, name, there.settings.get(name, getattr(Data(), name, None)), value)
        for name, digest in self.text.items():
            if there.text.get(name) != digest:
                raise InputError.at(self.root, None, f"was made of another {name}", OTHER)
        for name, digest in self.labelled.items():
            if there.labelled.get(name, digest) != digest:
                raise InputError.at(self.root, None, f"was made with other labelled data of {name}", OTHER)

    def write(self) -> None:
        """Record what the pair is made of; tasks whose data are there already are kept."""
        path = self.root / FILE
        labelled = PairFolder.read(self.root).labelled if path.is_file() else {}
        record = {
            "kind": self.kind,
            "languages": list(self.languages),
            "transformation": self.transformation,
            "scale": self.scale,
            "settings": self.settings,
            "text": self.text,
            "labelled": labelled | self.labelled,
        }
        if path.is_file():
            there = {name: value for name, value in read_settings_file(path).items() if name != "made_by"}
            if there == record:
                return
        write_settings_file(path, record | {"made_by": made_by()})

    @classmethod
    def read(cls, root: Path) -> PairFolder:
        """Return the pair that a folder holds.

        Raises:
            InputError: it has no record of one, or a broken one.
        """
        path = root / FILE
        if not path.is_file():
            raise InputError.at(root, None, "is no folder of a language pair", "prepare one first (stages 1 to 6)")
        found = read_settings_file(path)
        languages = found.get("languages")
        texts = [found.get(name) for name in ("transformation", "scale", "kind")]
        parts = [found.get(name) for name in ("settings", "text", "labelled")]
        if not (
            isinstance(languages, list)
            and len(languages) == 2
            and all(isinstance(each, str) and each.replace("-", "_").isidentifier() for each in languages)
            and all(isinstance(each, str) and each for each in texts)
            and texts[2] in (DERIVED, NATURAL)
            and all(isinstance(each, dict) for each in parts)
        ):
            raise InputError.at(path, None, "is no record of a language pair", OTHER)
        first, second = languages
        return cls(root, (first, second), *map(str, texts), *parts)  # type: ignore[arg-type]


def _compare(folder: Path, name: str, there: Any, wanted: Any) -> None:
    there, wanted = (list(each) if isinstance(each, tuple) else each for each in (there, wanted))
    if there != wanted:
        raise InputError.at(folder, None, f"was made with {name} {there}, not {wanted}", OTHER)
