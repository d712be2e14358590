"""Word-level transformations: one file each, found by listing this folder.

A transformation reorders the words of one sentence. Its core is a permutation of *token indices*, so that
tags, labels and anything else that belongs to a word moves with it; words are never matched by spelling.

A file ``<name>.py`` in this folder is the transformation ``<name>`` of ``--transform <name>``. It has

``SUMMARY: str``
    One line for ``--help`` and error messages.
``OPTIONS: dict[str, str]``
    The names of its settings with a help text each; they are given as ``--transform name:key=value,key=value``.
    Unknown names are refused before ``create`` is called. Empty when there are none.
``create(options: Mapping[str, str]) -> Transformation``
    Called once in every worker process, so that models and caches live as long as the worker. It reads its
    files here and raises :class:`~fairseq_alignmlm.errors.InputError` for bad settings or files.

What ``create`` returns holds

``order(words, context) -> Sequence[int]``
    A permutation of ``range(len(words))``: the new sentence is ``[words[i] for i in order(words, context)]``.
    It must be a pure function of the words and of the context's seed, line, trees and occurrence. A sentence
    it cannot transform keeps its order, and ``context.report(reason)`` is called; reports are summed over the
    corpus and end up in the manifest.
``needs_trees``
    True if ``context.trees`` must be there (``--trees FILE``). Trees describe the sentence as it stands in the
    input, so such a transformation has to be the first of a composition.
``input_files``
    Files it read, whose hashes the manifest keeps.

Trees come from a CoNLL-U file with the sentences of the text in the same order: one tree for every line, or several
where a line holds several sentences. The forms of the lines with integer IDs have to be the words of the text (checked
before ``order`` is called).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from fairseq_alignmlm import plugins
from fairseq_alignmlm.errors import InputError


class TreeBlock(NamedTuple):
    """One sentence of a CoNLL-U file, as it stands there.

    Attributes:
        lines: its lines, comments included, without line ends and without the blank line after it.
        path: the file, for error messages.
        line: 1-based number of ``lines[0]`` in that file.
        words: how many words it has.
    """

    lines: tuple[str, ...]
    path: str
    line: int
    words: int


class SentenceContext(NamedTuple):
    """What a transformation may know about a sentence besides its words.

    Attributes:
        seed: the seed of the command.
        line: 1-based line number of the sentence in its text file; in labelled data the sentence's number.
        trees: its trees, in a row; none unless the transformation needs trees.
        report: counts a reason why (part of) the sentence could not be transformed.
        occurrence: how often the transformation has been applied to the sentence before, in a composition.
    """

    seed: int
    line: int
    trees: Sequence[TreeBlock]
    report: Callable[[str], None]
    occurrence: int = 0


Order = Callable[[Sequence[str], SentenceContext], Sequence[int]]


@dataclass(frozen=True)
class Transformation:
    """A ready transformation: see the module's description of its three fields."""

    order: Order
    needs_trees: bool = False
    input_files: tuple[Path, ...] = ()


names = partial(plugins.names, __name__)
summaries = partial(plugins.summaries, __name__)
load = partial(plugins.load, __name__, "transformation")


def create(specification: str) -> Transformation:
    """Build the transformation that ``name`` or ``name:key=value,key=value`` describes.

    Raises:
        InputError: unknown name, unknown setting, or a setting without a value.
    """
    name, _, settings = specification.partition(":")
    module = load(name)
    options: dict[str, str] = {}
    for setting in filter(None, settings.split(",")):
        key, equals, value = setting.partition("=")
        if options and not equals:
            what = f"{setting!r} after a comma is no KEY=VALUE; commas separate settings, so no path may hold one"
            raise InputError(f"--transform {specification}: {what}")
        if key not in module.OPTIONS or not equals or not value:
            known = ", ".join(f"{option}=..." for option in module.OPTIONS) or "none"
            raise InputError(f"--transform {specification}: cannot use {setting!r}; settings of {name}: {known}")
        options[key] = value
    return module.create(options)


def compose(specifications: Sequence[str]) -> Transformation:
    """Build the composition of transformations, applied in the order given; of none, the identity.

    ``T_b∘T_a`` of the paper (section 3) is ``compose(["a", "b"])``.

    Raises:
        InputError: a part is unknown, or one that needs trees is not the first.
    """
    parts = [create(specification) for specification in specifications]
    for part, specification in zip(parts[1:], specifications[1:], strict=True):
        if part.needs_trees:
            raise InputError(f"--transform {specification}: needs trees of the input, so it has to be given first")
    if len(parts) == 1:
        return parts[0]
    kinds = [specification.partition(":")[0] for specification in specifications]
    occurrences = [kinds[:number].count(kind) for number, kind in enumerate(kinds)]

    def order(words: Sequence[str], context: SentenceContext) -> Sequence[int]:
        indices: Sequence[int] = range(len(words))
        for part, occurrence in zip(parts, occurrences, strict=True):
            step = part.order([words[i] for i in indices], context._replace(occurrence=occurrence))
            indices = [indices[i] for i in step]
        return indices

    files = tuple(path for part in parts for path in part.input_files)
    return Transformation(order, any(part.needs_trees for part in parts), files)
