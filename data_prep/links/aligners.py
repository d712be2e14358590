"""Word aligners of other packages, which an extra installs; they write Pharaoh format."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lines import numbered_lines

from .filters import Link
from .pharaoh import parse_links, write_links

MAGNIFIED = 3  # eflomal's model: words, positions and fertility


def align(name: str, files: tuple[Path, Path], output: Path, folder: Path) -> None:
    """Align line-aligned text of words separated by spaces; see :func:`require`.

    Args:
        name: of :data:`ALIGNERS`.
        files: the two sides.
        output: gets a line of links for every pair.
        folder: for what is temporary.
    """
    require(name)
    ALIGNERS[name](files, output, folder)


def require(name: str) -> None:
    """Make sure that an aligner is installed.

    Raises:
        InputError: it is not; the message says how to install it.
    """
    if importlib.util.find_spec(name) is None:
        raise InputError(f"--aligner {name}: not installed; pip install 'fairseq-alignmlm[align]'")


def grow_diag_final_and(forth: Iterable[Link], back: Iterable[Link]) -> list[Link]:
    """Join the links of two directions (Koehn et al. 2003): the intersection, neighbours of it, and lone pairs.

    Args:
        forth: links of one direction.
        back: those of the other, also as (source, target).
    """
    one, other = set(forth), set(back)
    union, found = one | other, one & other
    near = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]
    rows, columns = {i for i, _ in found}, {j for _, j in found}
    grown = True
    while grown:
        grown = False
        for i, j in sorted(found):
            for a, b in near:
                new = (i + a, j + b)
                if new in union and new not in found and (new[0] not in rows or new[1] not in columns):
                    found.add(new)
                    rows.add(new[0])
                    columns.add(new[1])
                    grown = True
    for direction in (one, other):
        for i, j in sorted(direction):
            if i not in rows and j not in columns:
                found.add((i, j))
                rows.add(i)
                columns.add(j)
    return sorted(found)


def _eflomal(files: tuple[Path, Path], output: Path, folder: Path) -> None:
    from eflomal import Aligner

    forth, back = folder / "forth", folder / "back"
    with ExitStack() as stack:
        source, target = (stack.enter_context(open(path, encoding="utf-8")) for path in files)
        Aligner(model=MAGNIFIED).align(
            source, target, links_filename_fwd=str(forth), links_filename_rev=str(back), quiet=True
        )
    everything = (1 << 19, 1 << 19)
    with open(output, "w", encoding="utf-8") as handle:
        for one, other in zip(numbered_lines(forth), numbered_lines(back), strict=True):
            links = (parse_links(line.text, everything, forth, line.number) for line in (one, other))
            handle.write(write_links(grow_diag_final_and(*links)) + "\n")


def _simalign(files: tuple[Path, Path], output: Path, folder: Path) -> None:
    from simalign import SentenceAligner

    aligner = SentenceAligner(model="bert", token_type="bpe", matching_methods="i")
    with open(output, "w", encoding="utf-8") as handle:
        for first, second in zip(*map(numbered_lines, files), strict=True):
            words = first.text.split(), second.text.split()
            links = aligner.get_word_aligns(*words)["itermax"] if all(words) else []
            handle.write(write_links(sorted(links)) + "\n")


ALIGNERS: dict[str, Callable[[tuple[Path, Path], Path, Path], None]] = {"eflomal": _eflomal, "simalign": _simalign}
