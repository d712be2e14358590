"""Readers need time in proportion to a line's length: with a quadratic pattern this file takes an hour, not seconds."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from data_prep.text.documents import detect_format, read_documents
from data_prep.vocabulary.dictionaries.formats import MalformedLine, load

SIZE = 1_000_000
PATTERNS = ["= ", " = a", " ", "a  ", "@", " @-@", "<a ", "<", "&", "&#9", "((", "()", "([", "::", "/", " /", "'s "]
LINES = [pattern * (SIZE // len(pattern)) for pattern in [*PATTERNS, ' title="']] + [
    "(" * (SIZE // 2) + ")" * (SIZE // 2),
    f"= {' ' * SIZE}x",
    f"@{' ' * SIZE}@-@",
    f'<doc title="{"x" * SIZE}',
]


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_long_line_is_read_at_once(tmp_path: Path, line: str) -> None:
    path = tmp_path / "text"
    path.write_text(f'<doc id="1" title="t">\n{line}\nend .\n</doc>\n')
    assert detect_format(path, lambda text: [text]) == "wikiextractor"
    for form in ("wikiextractor", "wikitext", "plain"):
        documents = list(read_documents([(path, form)], Counter()))
        assert documents[-1].lines[-1].startswith(("end", "</doc>"))
    for form in ("wiktionary", "muse", "tsv"):
        with suppress(MalformedLine):
            load(form).parse(f"a {{n}} {line} :: {line}")
