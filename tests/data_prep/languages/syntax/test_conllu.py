"""CoNLL-U: what is read is written back, and bad trees are refused in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.languages.syntax.conllu import (
    format_sentence,
    has_crossing_arcs,
    parse_block,
    read_blocks,
    read_sentences,
    reordered_tree,
)
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
    assert first.words == ("de", "le", "thé", "?")
    assert first.heads == [2, 2, -1, 2]
    assert list(first.row_lines) == [4, 5, 7, 8] and first.first_line == 1
    assert second.words == ("Ah",) and list(second.row_lines) == [12]
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
        ([row(1, 0), row(2, "00")], 8, "HEAD '00' is not a number"),
        ([row(1, 0), row(2, "01")], 8, "HEAD '01' is not a number"),
        ([row(1, 0), row(2, "9" * 5000)], 8, "out of range"),
        ([row(1, 0), row("9" * 5000, 1)], 8, "instead of 2"),
    ],
)
def test_a_bad_tree_is_refused_in_one_line_that_names_its_line(lines, line, what):
    with pytest.raises(InputError) as caught:
        parse_block(lines, "bad.conllu", 7)
    message = str(caught.value)
    assert message.startswith(f"bad.conllu:{line}: ")
    assert what in message and "\n" not in message and len(message) < 200


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


def test_blocks_end_at_blank_lines_of_any_kind_wherever_the_file_is_cut(tmp_path, monkeypatch):
    text = "\n\n# a\n" + row(1, 0) + "\n \n\t\n" + row(1, 0) + "\r\n\r\n\n\n" + row(1, 0) + "\n" + row(2, 1)
    path = tmp_path / "a.conllu"
    path.write_text(text, encoding="utf-8", newline="")
    expected = [(["# a", row(1, 0)], 3), ([row(1, 0)], 7), ([row(1, 0), row(2, 1)], 11)]
    for size in (1, 2, 7, 1 << 16):
        monkeypatch.setattr("data_prep.languages.syntax.conllu.CHARACTERS_AT_ONCE", size)
        assert list(read_blocks(path)) == expected


def test_a_sentence_of_30000_words_is_read_and_written_at_once():
    size = 30_000
    rows = [row(1, 0), *(row(number, 1) for number in range(2, size + 1))]
    sentence = parse_block(rows, "long.conllu", 1)
    moved = reordered_tree(sentence, range(size - 1, -1, -1))  # rebuilding `# text` for every word took minutes
    assert moved.heads[-1] == -1 and moved.heads[0] == size - 1
    assert not has_crossing_arcs(sentence.heads)


@given(st.lists(st.integers(0, 7), min_size=1, max_size=8), st.integers(0, 7))
def test_crossing_arcs_and_cycles_are_found_as_by_their_definitions(heads, root):
    size = len(heads)
    heads = [head % size for head in heads]
    heads[root % size] = -1
    arcs = [(min(i, head), max(i, head)) for i, head in enumerate(heads) if head >= 0]
    assert has_crossing_arcs(heads) == any(a < c < b < d for a, b in arcs for c, d in arcs)

    def leads_to_root(word):
        for _ in range(size + 1):
            if word < 0:
                return True
            word = heads[word]
        return False

    rows = [row(number, head + 1) for number, head in enumerate(heads, 1)]
    if all(map(leads_to_root, range(size))):
        assert parse_block(rows, "x", 1).heads == heads
    else:
        with pytest.raises(InputError, match="cycle"):
            parse_block(rows, "x", 1)


def test_comments_about_the_text_in_another_language_stay(tree):
    sentence = tree("a NOUN 0 root")
    sentence.comments[:] = ["# text = a", "# text_en = b", "# sent_id = 1"]
    assert reordered_tree(sentence, [0]).comments == ["# text_en = b", "# sent_id = 1", "# text = a"]
