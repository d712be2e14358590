"""WikiText as it is published: articles, less headings and the marks of its own tokenisation."""

from __future__ import annotations

from collections import Counter

from data_prep.text.documents import detect_format, read_documents
from data_prep.text.tokenisation import Tokeniser

WIKITEXT = """
 = The <unk> =

 He did 't sit on a 5 @-@ inch , 1 @,@ 000 @-@ year old chair , 3 @.@ 5 km away . The river 's end isn 't it .
 = = Course = =

 It runs = always .
 k = = l

 = Sea =

 = = = Depth = = =
 = 3
"""


def test_wikitext_is_articles_without_headings_in_words_that_are_cut_once(tmp_path):
    path = tmp_path / "wiki.train.tokens"
    path.write_text(WIKITEXT.replace("\n", " \n"))
    dropped: Counter[str] = Counter()
    documents = [document.lines for document in read_documents([(path, "wikitext")], dropped)]
    assert [len(lines) for lines in documents] == [3, 1]
    assert documents[0][1:] + documents[1] == ["It runs = always .", "k = = l", "= 3"]
    assert dropped == {"headings": 4}
    english = Tokeniser("en")
    first, second = english.sentences(documents[0][0])
    assert " ".join(english.words(first)[4:]) == "on a 5-inch , 1,000-year old chair , 3.5 km away ."
    assert " ".join(english.words(second)) == "The river 's end is n't it ."


def test_published_wikitext_is_recognised_and_none_of_its_marks_is_left(shared_data):
    path = shared_data / "wikitext2" / "wiki.test.raw"
    assert detect_format(path, Tokeniser("en").sentences) == "wikitext"
    dropped: Counter[str] = Counter()
    documents = [document.lines for document in read_documents([(path, "wikitext")], dropped)]
    assert (len(documents), dropped["headings"]) == (62, 706)
    assert not any(mark in line for lines in documents for line in lines for mark in ("@-@", "@,@", "@.@"))
