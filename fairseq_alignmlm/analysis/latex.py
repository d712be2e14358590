"""Tables for a paper: LaTeX with booktabs, columns of one task under one name."""

from __future__ import annotations

import re
from itertools import groupby

from fairseq_alignmlm.analysis.table import Table

ONE_COLUMN, TWO_COLUMNS = 48, 100  # characters that fit; a table with more is made smaller
_ESCAPES = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    "±": "$\\pm$",
    "≠": "$\\neq$",
    "≈": "$\\approx$",
    "Δ": "$\\Delta$",
    "ρ": "$\\rho$",
    "α": "$\\alpha$",
    "–": "--",
}


def escaped(text: str) -> str:
    """Return text as LaTeX prints it, whatever is in it."""
    return "".join(_ESCAPES.get(character, character) for character in text if character.isprintable())


def file_name(table: Table) -> str:
    """Return a name of a file for a table, from its title: ``table_3`` or ``shared_vocabulary_under_trans``."""
    title = table.title.partition(":")[0] if table.title.startswith("Table") else table.title
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def latex(table: Table) -> str:
    """Return a float with a caption and a label; the preamble needs ``\\usepackage{booktabs,graphicx}``."""
    width = sum(max(map(len, column)) + 2 for column in zip(table.header, *table.rows, strict=True))
    star = "*" if width > ONE_COLUMN else ""
    shrink = (r"\resizebox{\linewidth}{!}{%", "}") if width > TWO_COLUMNS else ()
    caption = table.title.partition(": ")[2] or table.title
    columns = "l" * table.left + "r" * (len(table.header) - table.left)
    rows = [" & ".join(map(escaped, row)) + r" \\" for row in table.rows]
    note = ["", r"\smallskip", rf"\parbox{{\linewidth}}{{\footnotesize {escaped(table.note)}}}"] if table.note else []
    return "\n".join(
        [
            r"% needs \usepackage{booktabs,graphicx}",
            rf"\begin{{table{star}}}[t]",
            r"\centering\small\setlength{\tabcolsep}{4pt}",
            *shrink[:1],
            rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
            r"\toprule",
            *_head(table.header),
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}" + "".join(shrink[1:]),
            *note,
            rf"\caption{{{escaped(caption[:1].upper() + caption[1:])}}}",
            rf"\label{{tab:{file_name(table).replace('_', '-')}}}",
            rf"\end{{table{star}}}",
            "",
        ]
    )


def _head(header: tuple[str, ...]) -> list[str]:
    """Return one line of names, or two: neighbours such as ``POS F1 SUP`` and ``POS F1 ZS`` share ``POS F1``."""
    parts = [name.rpartition(" ")[::2] for name in header]
    spans = [(prefix, len(list(members))) for prefix, members in groupby(parts, key=lambda part: part[0])]
    if not any(prefix and width > 1 for prefix, width in spans):
        return [" & ".join(map(escaped, header)) + r" \\"]
    above: list[str] = []
    rules: list[str] = []
    below: list[str] = []
    column = 1
    for prefix, width in spans:
        names = header[column - 1 : column - 1 + width]
        if prefix and width > 1:
            above.append(rf"\multicolumn{{{width}}}{{c}}{{{escaped(prefix)}}}")
            rules.append(rf"\cmidrule(lr){{{column}-{column + width - 1}}}")
            names = tuple(name.removeprefix(f"{prefix} ") for name in names)
        else:
            above += [""] * width
        below += map(escaped, names)
        column += width
    return [" & ".join(above) + r" \\", "".join(rules), " & ".join(below) + r" \\"]
