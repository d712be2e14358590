"""Identities: what changes them, how they are kept, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import FILE_NAME, Identity
from fairseq_alignmlm.lexicon.counterparts import read_counterparts, write_counterparts
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary, write_dictionary

FULL = Identity("aa", "bb", "cc", ("en", "xx"), "inv", "xx")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_order_and_names_of_symbols_decide_the_vocabulary_and_counts_do_not(tmp_path):
    reference = Identity.of_dict(write(tmp_path / "dict.txt", "a 5\nb 3\n"))
    other_counts = Identity.of_dict(write(tmp_path / "counts.txt", "a 6\nb 3\n"))
    other_order = Identity.of_dict(write(tmp_path / "order.txt", "b 3\na 5\n"))
    assert reference.difference(other_counts) == ""
    assert reference.difference(other_counts, ("symbols", "counts")) == "counts"
    assert reference.difference(other_order) == "symbols"


def test_an_identity_is_kept_in_json_and_in_comments_that_older_readers_skip(tmp_path):
    FULL.write(tmp_path / "identity.json")
    assert Identity.read(tmp_path / "identity.json") == FULL
    write_counterparts(tmp_path / "counterparts.tsv", [("a", "xx:a")], ["en to xx", FULL.comment()])
    write_dictionary(tmp_path / "dictionary.tsv", [("a", "xx:a")], [FULL.comment()])
    for name in ("counterparts.tsv", "dictionary.tsv"):
        assert Identity.of_header(tmp_path / name) == FULL
    assert read_counterparts(tmp_path / "counterparts.tsv") == [("a", "xx:a")]
    assert len(BilingualDictionary.load(tmp_path / "dictionary.tsv").entries) == 1
    assert Identity.of_header(write(tmp_path / "plain.tsv", "# seed 1\na\txx:a\n")) is None
    # the piece `#` is an entry, not a comment
    assert Identity.of_header(write(tmp_path / "hash.tsv", "# identity: {}\t#\n")) is None


def test_the_file_beside_dict_txt_adds_what_it_knows_and_has_to_fit(tmp_path):
    dictionary = write(tmp_path / "dict.txt", "a 5\nb 3\n")
    own = Identity.of_dict(dictionary)
    Identity(own.symbols, own.counts, languages=("en", "xx"), transformation="inv").write(tmp_path / FILE_NAME)
    assert Identity.of_dict(dictionary).languages == ("en", "xx")
    write(dictionary, "a 5\nc 3\n")
    with pytest.raises(InputError, match=r"dict.txt: is not the dict.txt that identity.json names; binarize"):
        Identity.of_dict(dictionary)


def test_what_belongs_elsewhere_is_refused_and_what_is_not_known_is_told():
    assert FULL.require(Identity("aa"), "f", "the model", "", ("symbols", "languages")) == ("languages",)
    with pytest.raises(InputError, match=r"^f: is of another vocabulary \(zz\) than the model \(aa\); do it again$"):
        FULL.require(Identity("zz"), "f", "the model", "do it again")
    with pytest.raises(InputError, match=r"^f: is of other languages \(xx,en\) than the model \(en,xx\)$"):
        FULL.require(Identity(languages=("xx", "en")), "f", "the model", "", ("languages",))


@pytest.mark.parametrize("text", ["", "[]", '{"symbols": 1}', '{"languages": "en"}', '{"languages": [1]}', "\xff"])
def test_a_broken_identity_is_told_in_one_line(tmp_path, text):
    path = write(tmp_path / FILE_NAME, text)
    with pytest.raises(InputError, match=r"identity\.json: no identity"):
        Identity.read(path)
    if text:
        header = write(tmp_path / "d.tsv", f"# one\n# identity: {text}\na\tb\n")
        with pytest.raises(InputError, match=r"d\.tsv:2: no identity"):
            Identity.of_header(header)


def test_what_a_later_version_adds_is_ignored():
    assert Identity.of_json({"symbols": "aa", "colour": 3}) == Identity("aa")


def test_the_module_is_light():
    code = "import sys, fairseq_alignmlm.identity; assert not {'torch', 'fairseq', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
