"""Every toy tree is a valid UD v2 tree, by a checker of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def listed(text: str) -> set[str]:
    return set(text.split())


UPOS = listed("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X")
RELATIONS = listed(
    "nsubj obj iobj csubj ccomp xcomp obl vocative expl dislocated advcl advmod discourse aux cop mark nmod appos "
    "nummod acl amod det clf case conj cc fixed flat list parataxis compound orphan goeswith reparandum punct root"
)
EXPECTED = listed(
    "det amod nsubj obj iobj obl case nmod nmod:poss advmod aux cop punct cc conj mark acl:relcl acl advcl ccomp xcomp "
    "nsubj:pass aux:pass obl:agent obl:tmod compound compound:prt flat nummod appos expl discourse root"
)


def test_each_tree_has_one_root_and_no_cycle(trees: list[Any]) -> None:
    for tree in trees:
        assert tree.heads.count(0) == 1
        assert tree.relations[tree.heads.index(0)] == "root" and tree.relations.count("root") == 1
        for token in range(1, len(tree.forms) + 1):
            seen = set()
            while token:
                assert token not in seen
                seen.add(token)
                token = tree.heads[token - 1]


def test_tags_and_relations_are_those_of_ud_v2_and_all_kinds_occur(trees: list[Any]) -> None:
    tags = {tag for tree in trees for tag in tree.tags}
    relations = {relation for tree in trees for relation in tree.relations}
    assert tags <= UPOS and len(tags) >= 14
    assert {relation.split(":")[0] for relation in relations} <= RELATIONS
    assert relations == EXPECTED


def test_function_words_have_no_dependents_but_coordinated_or_degree_words(trees: list[Any]) -> None:
    for tree in trees:
        for token, relation in enumerate(tree.relations, 1):
            if relation in ("det", "case", "mark", "aux", "aux:pass", "cop", "cc", "punct", "compound:prt"):
                assert not tree.children(token), (relation, tree.forms)


def test_trees_are_projective(trees: list[Any]) -> None:
    for tree in trees:
        for token, head in enumerate(tree.heads, 1):
            if head:
                low, high = sorted((token, head))
                assert set(range(low + 1, high)) <= set(tree.subtree(head)), tree.forms


def test_relations_agree_with_parts_of_speech(trees: list[Any]) -> None:
    allowed = {
        "det": {"DET"}, "case": {"ADP", "PART"}, "aux": {"AUX"}, "aux:pass": {"AUX"}, "cop": {"AUX"}, "cc": {"CCONJ"},
        "mark": {"SCONJ", "PART"}, "punct": {"PUNCT"}, "amod": {"ADJ", "VERB"}, "nummod": {"NUM"}, "flat": {"PROPN"},
        "compound:prt": {"ADP"}, "expl": {"PRON"}, "discourse": {"INTJ"}, "advmod": {"ADV", "PART"},
        "nmod:poss": {"PRON", "NOUN", "PROPN"},
    }  # fmt: skip
    for tree in trees:
        for tag, relation in zip(tree.tags, tree.relations, strict=True):
            assert tag in allowed.get(relation, UPOS), (tag, relation, tree.forms)
            assert (tag == "PUNCT") == (relation == "punct")


def test_text_lines_are_the_forms_of_the_trees(corpus: Path, readers: Any) -> None:
    for split in ("train", "valid"):
        trees = readers.trees(corpus / "trees" / "en" / f"{split}.conllu")
        lines = [line for line in (corpus / "text" / "en" / f"{split}.txt").read_text().split("\n") if line]
        assert lines == [" ".join(tree.forms) for tree in trees]
        assert lines == [tree.comments["text"] for tree in trees]


def test_blank_lines_of_the_text_are_the_document_boundaries_of_the_trees(corpus: Path, trees: list[Any]) -> None:
    documents = (corpus / "text" / "en" / "train.txt").read_text().rstrip("\n").split("\n\n")
    starts = [index for index, tree in enumerate(trees) if "newdoc id" in tree.comments]
    lengths = [end - start for start, end in zip(starts, [*starts[1:], len(trees)], strict=True)]
    assert lengths == [document.count("\n") + 1 for document in documents]
    assert min(lengths[:-1]) >= 4
    assert len({tree.comments["sent_id"] for tree in trees}) == len(trees)


def test_subjects_agree_with_the_verb_in_the_present_tense(corpus: Path) -> None:
    rows = [
        [line.split("\t") for line in block.split("\n") if not line.startswith("#")]
        for block in (corpus / "trees" / "en" / "train.conllu").read_text().split("\n\n")[:-1]
    ]
    checked = 0
    for sentence in rows:
        for row in sentence:
            head = sentence[int(row[6]) - 1] if row[7] == "nsubj" and row[3] == "NOUN" else None
            if (
                head is None
                or head[4] not in ("VBZ", "VBP")
                or any(r[6] == row[0] and r[7] == "conj" for r in sentence)
            ):
                continue
            checked += 1
            assert (row[4] == "NNS") == (head[4] == "VBP"), [r[1] for r in sentence]
    assert checked > 50
