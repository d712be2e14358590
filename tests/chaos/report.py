"""What a campaign found, as JSON for machines and as text for people."""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Part:
    """The result of one part of a campaign.

    Attributes:
        name: of the part.
        experiments: how many took place.
        counts: how many ended how.
        failures: a line for each that did not end as it has to.
        seconds: wall time.
        seed: of all choices.
        first: number of the first experiment.
    """

    name: str
    seed: int
    first: int = 0
    experiments: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def text(self) -> str:
        """Return the part as lines."""
        ended = ", ".join(f"{count:,} {name}" for name, count in sorted(self.counts.items()))
        where = f"from {self.first}, seed {self.seed}"
        head = f"{self.name}: {self.experiments:,} experiments ({where}) in {self.seconds:.0f} s"
        return "\n".join([f"{head}: {ended}; {len(self.failures)} failures", *(f"  {line}" for line in self.failures)])


def write(folder: Path, part: Part) -> None:
    """Add a part to ``report.json`` and ``report.txt`` of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    parts = json.loads(path.read_text())["parts"] if path.is_file() else []
    parts.append(vars(part) | {"counts": dict(part.counts)})
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    path.write_text(json.dumps({"versions": versions, "parts": parts}, indent=2) + "\n")
    with open(folder / "report.txt", "a") as handle:
        handle.write(part.text() + "\n")
