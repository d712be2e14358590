"""The table of objectives: every file of `criterions` carries its own row, and so does a file of a plug-in folder.

A row is the literal dictionary ``OBJECTIVE`` at the top of the file that registers the criterion. It is read without
importing the file, so that commands start without torch. Further folders of such files are named by the environment
variable ``ALIGNMLM_PLUGINS``, separated as in ``PATH``, or by ``--plugins``; fairseq loads them with this package.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError

PLUGINS = "ALIGNMLM_PLUGINS"
CRITERIONS = Path(__file__).resolve().parents[1] / "criterions"
ROW = "OBJECTIVE"
READS = ("dictionary", "counterparts", "parallel")
INSTANCES = ("blocks", "sentences", "lines")
PRETRAIN, PREALIGN, POSTTRAIN = "pretrain", "prealign", "posttrain"
_STYLES = (("#4d9a5b", "v", "\\\\"), ("#8073ac", "P", "xx"), ("#35978f", "X", "++"), ("#a6611a", "*", "oo"))


@dataclass(frozen=True)
class Setting:
    """A number that a criterion takes and by which runs of one objective are told apart.

    Attributes:
        name: of the field of its dataclass, ``align_alpha`` for ``--align-alpha``.
        default: that field's default, the paper's value.
        word: stands before the value in the names of runs.
        text: how reports write it, ``{}`` is the value.
        natural: the default with two natural languages.
    """

    name: str
    default: float
    word: str
    text: str
    natural: float

    def value(self, chosen: float) -> float:
        """Return a chosen value as the field has it: a whole number stays one.

        Raises:
            InputError: the field takes whole numbers, and this is none.
        """
        if not isinstance(self.default, int):
            return chosen
        if chosen != int(chosen):
            raise InputError(f"objective.{self.name} {chosen:g} is no whole number")
        return int(chosen)


@dataclass(frozen=True)
class Objective:
    """One row.

    Attributes:
        name: as in results and on the command line, for example ``align_mlm``.
        title: as in the paper.
        file: where the row stands.
        criterion: the name it is registered under with fairseq (default: the name).
        order: its place in tables; those of the paper are 1 to 4.
        colour: of bars and lines, readable in grey.
        marker: of points.
        hatch: of bars.
        settings: what its runs may differ in.
        reads: the criterion's flag for each kind of file that it reads: ``dictionary``; ``counterparts``, which only
            derived languages have; ``parallel``, which only natural languages have and then need.
        language_ids: whether the model has language embeddings.
        instances: ``blocks``, ``sentences`` or ``lines``, unless a scale says otherwise.
        sentence_pairs: whether instances hold two sentences, which need longer blocks.
        in_short_blocks: settings in blocks too short for sentence pairs.
        part: of the configuration, how it is trained: ``pretrain``, ``prealign`` (on words, before pre-training) or
            ``posttrain`` (on sentence pairs, after it).
        starts_from: the objective from whose checkpoint, of the same seed and settings, its training starts.
        by_name: whether it is trained only when it is named, not as one of all.
    """

    name: str
    title: str
    file: Path
    criterion: str
    order: float = 100.0
    colour: str = ""
    marker: str = ""
    hatch: str = ""
    settings: tuple[Setting, ...] = ()
    reads: Mapping[str, str] = field(default_factory=dict)
    language_ids: bool = False
    instances: str = "blocks"
    sentence_pairs: bool = False
    in_short_blocks: Mapping[str, Any] = field(default_factory=dict)
    part: str = PRETRAIN
    starts_from: str = ""
    by_name: bool = False


def plugin_folders() -> tuple[Path, ...]:
    """Return the folders that ``ALIGNMLM_PLUGINS`` names."""
    return tuple(Path(name).resolve() for name in os.environ.get(PLUGINS, "").split(os.pathsep) if name)


def plugin_files() -> list[Path]:
    """Return the Python files of the plug-in folders.

    Raises:
        InputError: there is no such folder.
    """
    for folder in plugin_folders():
        if not folder.is_dir():
            raise InputError.at(folder, None, "no such folder of plug-ins", f"correct --plugins or {PLUGINS}")
    return [path for folder in plugin_folders() for path in sorted(folder.glob("[!_.]*.py"))]


def objectives() -> dict[str, Objective]:
    """Return the objectives by name, in the paper's order, others after them.

    Raises:
        InputError: a row is broken, or a name stands in two files.
    """
    return dict(_read_rows((*sorted(CRITERIONS.glob("[!_.]*.py")), *plugin_files())))


def objective_named(name: str) -> Objective:
    """Return the objective of a name.

    Raises:
        InputError: when there is none.
    """
    table = objectives()
    if name not in table:
        raise InputError(f"unknown objective '{name}'; choose of {', '.join(table)} or all")
    return table[name]


def style_of(name: str) -> dict[str, Any]:
    """Return a colour, a marker and a hatch for an objective that names none."""
    return dict(zip(("colour", "marker", "hatch"), _STYLES[sum(name.encode()) % len(_STYLES)], strict=True))


@cache
def _read_rows(files: tuple[Path, ...]) -> tuple[tuple[str, Objective], ...]:
    found: dict[str, Objective] = {}
    for file in files:
        row = read_row(file)
        if row is None:
            continue
        if row.name in found:
            raise InputError.at(file, None, f"objective {row.name!r} is in {found[row.name].file} too", "rename one")
        found[row.name] = row
    return tuple((row.name, row) for row in sorted(found.values(), key=lambda row: (row.order, row.name)))


def read_row(file: Path) -> Objective | None:
    """Return the row of a file, None when it has none; nothing of it is executed.

    Raises:
        InputError: the file is no Python, or its row is broken.
    """
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise InputError.at(file, getattr(error, "lineno", None), f"not Python ({error})", "correct it") from None
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == ROW for target in targets):
            try:
                row = ast.literal_eval(statement.value)  # type: ignore[attr-defined]
            except (ValueError, TypeError) as error:
                raise _broken(file, statement.lineno, f"is no literal ({error})") from None
            return _objective(file, statement.lineno, row, tree)
    return None


def _broken(file: Path, line: int, what: str) -> InputError:
    return InputError.at(file, line, f"{ROW} {what}", "see docs/adding.md")


def _objective(file: Path, line: int, row: Any, tree: ast.Module) -> Objective:
    known = {each.name for each in fields(Objective)} - {"file"}
    if not isinstance(row, dict) or not all(isinstance(key, str) for key in row):
        raise _broken(file, line, "is no dictionary of names")
    if unknown := sorted(row.keys() - known):
        raise _broken(file, line, f"has an unknown entry {unknown[0]!r}")
    name = row.get("name")
    if not isinstance(name, str) or not name.replace("_", "a").isalnum() or not name.isascii() or name == "all":
        raise _broken(file, line, f"has the name {name!r}; use letters, digits and _")
    settings = row.get("settings", {})
    reads, short = row.get("reads", {}), row.get("in_short_blocks", {})
    if not all(isinstance(each, dict) for each in (settings, reads, short)):
        raise _broken(file, line, "has settings, reads or in_short_blocks that are no dictionaries")
    if unknown := sorted(reads.keys() - set(READS)):
        raise _broken(file, line, f"reads {unknown[0]!r}; choose of {', '.join(READS)}")
    for entry, choices in (("instances", INSTANCES), ("part", (PRETRAIN, PREALIGN, POSTTRAIN))):
        if row.get(entry, choices[0]) not in choices:
            raise _broken(file, line, f"has {entry} {row[entry]!r}; choose of {', '.join(choices)}")
    if not isinstance(row.get("starts_from", ""), str) or row.get("starts_from") == name:
        raise _broken(file, line, f"starts from {row['starts_from']!r}; name another objective")
    given: dict[str, Any] = {"title": name.replace("_", "-").upper(), "criterion": name, **style_of(name), **row}
    given["settings"] = tuple(_setting(file, line, key, value, tree) for key, value in settings.items())
    return Objective(file=file, **given)


def _setting(file: Path, line: int, name: str, entry: Any, tree: ast.Module) -> Setting:
    if not isinstance(entry, dict) or set(entry) - {"natural"} != {"word", "text"} or not str(entry["word"]).isalpha():
        raise _broken(file, line, f"has a setting {name!r} without word and text")
    default = _default_of(file, line, name, tree)
    natural = type(default)(entry.get("natural", default))
    return Setting(name, default, entry["word"], str(entry["text"]), natural)


def _default_of(file: Path, line: int, name: str, tree: ast.Module) -> float:
    """Return the default of a field of the file's dataclass: the one place where it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            value = node.value
            if isinstance(value, ast.Call):
                value = next((word.value for word in value.keywords if word.arg == "default"), None)
            if isinstance(value, ast.Constant) and isinstance(value.value, (int, float)):
                return value.value
    raise _broken(file, line, f"has a setting {name!r}, which is no field with a number as its default")
