"""Turn the results of runs into tables, figures and a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from fairseq_alignmlm.errors import InputError

SUMMARY = "make the paper's tables and figures from the results of runs, also as LaTeX and PDF"
ORDER = 42
EXAMPLE = "alignmlm report --results work/toy --output report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--results", type=Path, nargs="+", help="folders with result.json files, searched at any depth")
    parser.add_argument(
        "--paper",
        nargs="?",
        const="",
        metavar="FILE",
        help="report the paper's published numbers as well, those of this package or those of FILE",
    )
    parser.add_argument(
        "--with-ablations",
        action="store_true",
        help="correlate over setups with a varied setting as well (default: the paper's setups alone)",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the page, tables and figures")


def run(args: argparse.Namespace) -> int:
    """Read, print the summary and write the report; return the exit status."""
    from fairseq_alignmlm.analysis.paper import paper_tables, read_tables, runs_of_tables
    from fairseq_alignmlm.analysis.results import read_runs

    if not args.results and args.paper is None:
        raise InputError("nothing to report: give --results FOLDER, or --paper for the published numbers")
    runs = read_runs(args.results or [])
    if args.paper is not None:
        runs += runs_of_tables(read_tables(Path(args.paper)) if args.paper else paper_tables())
    _need("scipy", "matplotlib")

    from fairseq_alignmlm.analysis.comparison import summary_table
    from fairseq_alignmlm.analysis.latex import file_name, latex
    from fairseq_alignmlm.analysis.page import Section, html_page, markdown_page
    from fairseq_alignmlm.analysis.report import (
        by_scale,
        correlated,
        correlation_lines,
        correlations,
        long_table,
        sections_of,
    )
    from fairseq_alignmlm.analysis.summary import groups_of

    scales = by_scale(runs)
    sections: list[Section] = []
    tables: dict[str, bytes] = {}
    for scale, members in scales.items():
        print(summary_table(groups_of(members), scale).text())
        for line in correlation_lines(correlations(correlated(members, args.with_ablations))):
            print(line)
        several = len(scales) > 1
        prefix = f"{_file_name(scale)}-" if several else ""
        made = sections_of(members, prefix, args.with_ablations)
        for section in made:
            tables |= {f"{prefix}{file_name(table)}.tex": latex(table).encode() for table in section.tables}
            section.title = f"{section.title} (scale {scale})" if several else section.title
        sections += made
    title = f"Alignment and zero-shot transfer: {len(runs)} runs, scale {', '.join(scales)}"
    files = {
        "report.md": markdown_page(title, sections).encode(),
        "report.html": html_page(title, sections).encode(),
        "results.csv": long_table(runs).csv().encode(),
    }
    for section in sections:
        for picture in section.pictures:
            files |= {f"{picture.name}.{kind}": getattr(picture, kind) for kind in ("png", "svg", "pdf")}
    files |= tables
    _write(args.output, files)
    print(f"written to {args.output}: {', '.join(files)}")
    return 0


def _file_name(scale: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in scale).strip("-")


def _write(folder: Path, files: dict[str, bytes]) -> None:
    from fairseq_alignmlm.storage import atomic_path

    for name, content in files.items():
        with atomic_path(folder / name) as temporary:
            temporary.write_bytes(content)


def _need(*modules: str) -> None:
    from importlib.util import find_spec

    absent = [module for module in modules if find_spec(module) is None]
    if absent:
        raise InputError(f"report needs {' and '.join(absent)}: pip install 'fairseq-alignmlm[report]'")
