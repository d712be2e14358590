"""YAML files of settings: read as data of a bounded size, never executed; and written beside results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.storage import atomic_path

LARGEST = 1 << 20  # bytes
REMEDY = "write NAME: VALUE lines, as in docs/recipes.md"


def read_settings_file(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds: mappings, lists, texts and numbers.

    Raises:
        InputError: it is missing, too large, no YAML, or holds tags, aliases or interpolations.
    """
    import yaml

    class PlainLoader(yaml.SafeLoader):
        """Refuses aliases, with which a short file can become endless."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise yaml.YAMLError("an alias (*NAME), which is not allowed here")
            return super().compose_node(parent, index)

    try:
        with open(path, "rb") as handle:
            raw = handle.read(LARGEST + 1)
    except (FileNotFoundError, IsADirectoryError):
        raise InputError.at(path, None, "no such file", "check the path") from None
    if len(raw) > LARGEST:
        raise InputError.at(path, None, "is larger than 1 MiB: no file of settings", REMEDY)
    try:
        text = raw.decode("utf-8")
        found = yaml.load(text, PlainLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        what = " ".join(str(getattr(error, "problem", None) or error).split())
        raise InputError.at(path, mark.line + 1 if mark else None, f"no settings ({what})", REMEDY) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InputError.at(path, None, "holds no settings", REMEDY)
    if "${" in text:
        raise InputError.at(path, None, "holds an interpolation, ${...}, which is not allowed here", REMEDY)
    return found


def write_settings_file(path: Path, settings: dict[str, Any], comment: str = "") -> None:
    """Write YAML, complete or not at all, and not when the file holds the same already."""
    import yaml

    text = f"# {comment}\n" if comment else ""
    text += yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=120)
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text:
        return
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
