"""CoNLL-U: what is read is written back, and bad trees are refused in one line."""

from __future__ import annotations

import pytest

from data_prep.languages.syntax.conllu import format_sentence, parse_block, read_sentences
from data_prep.languages.syntax.tree import has_crossing_arcs
from fairseq_alignmlm.errors import InputError

WITH_EVERYTHING = """\
# sent_id = 1
# text = Du thé ?
1-2\tDu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\t_\t_\t3\tcase\t3:case\t_
2\tle\tle\tDET\t_\tB=2|A=1\t3\tdet\t_\t_
2.1\trien\t_\t_\t_\t_\t_\t_\t0:root\t_
3\tthé\tthé\tNOUN\t_\t_\t0\troot\t_\tSpaceAfter=No
4\t?\t?\tPUNCT\t_\t_\t3\tpunct\t_\t_

# only a comment

1\tAh\tah\tINTJ\t_\t_\t0\troot\t_\t_

"""


def row(number: int | str, head: int | str, label: str = "dep") -> str:
    return f"{number}\tw\tw\tNOUN\t_\t_\t{head}\t{label}\t_\t_"


def test_ranges_empty_nodes_and_comments_are_written_back(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(WITH_EVERYTHING, encoding="utf-8")
    first, second = read_sentences(path)
    assert first.words == ["de", "le", "thé", "?"]
    assert first.heads == [2, 2, -1, 2]
    assert first.row_lines == [4, 5, 7, 8]
    assert second.words == ["Ah"] and second.row_lines == [12]
    kept = WITH_EVERYTHING.replace("# only a comment\n\n", "")
    assert format_sentence(first) + format_sentence(second) == kept


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ([row(1, 2), row(2, 1)], 7, "no root"),
        ([row(1, 0), row(2, 0)], 8, "second root"),
        ([row(1, 0), row(2, 3), row(3, 2)], 8, "cycle"),
        ([row(1, 0), row(2, 3)], 8, "HEAD 3 out of range"),
        ([row(1, 0), row(2, 2)], 8, "cycle"),
        ([row(1, 0), row(2, 1).rsplit("\t", 1)[0]], 8, "9 columns instead of 10"),
        ([row(1, 0), row(3, 1)], 8, "word ID 3 instead of 2"),
        ([row(1, "_")], 7, "HEAD '_' is not a number"),
        ([row(1, "²")], 7, "HEAD '²' is not a number"),
        (["# nothing"], 7, "without words"),
    ],
)
def test_a_bad_tree_is_refused_in_one_line_that_names_its_line(lines, line, what):
    with pytest.raises(InputError) as caught:
        parse_block(lines, "bad.conllu", 7)
    message = str(caught.value)
    assert message.startswith(f"bad.conllu:{line}: ")
    assert what in message and "\n" not in message


def test_a_missing_file_and_another_encoding_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(read_sentences(tmp_path / "none.conllu"))
    (tmp_path / "latin.conllu").write_bytes(b"# ok\n" + row(1, 0).encode() + b"\n\n# caf\xe9\n")
    with pytest.raises(InputError, match="UTF-8"):
        list(read_sentences(tmp_path / "latin.conllu"))


def test_crossing_arcs_do_not_count_the_root():
    assert not has_crossing_arcs([1, -1, 1])
    assert has_crossing_arcs([2, 3, -1, 2])
    assert not has_crossing_arcs([-1, 0, 1, 0])


def test_a_real_tree_bank_is_written_back_byte_for_byte(shared_data):
    path = shared_data / "ud" / "UD_French-PUD" / "fr_pud-ud-test.conllu"
    assert "".join(map(format_sentence, read_sentences(path))) == path.read_text(encoding="utf-8")
