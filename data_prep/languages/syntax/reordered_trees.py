"""Trees in a new word order, as CoNLL-U."""

from __future__ import annotations

from collections.abc import Sequence

from data_prep.languages.syntax.conllu import HEAD, LABEL, MISC, Sentence


def reordered_tree(sentence: Sentence, order: Sequence[int]) -> Sentence:
    """Return the tree with its words in ``order``: new IDs and heads, ``OriginalID`` in MISC, a new ``# text``.

    What describes the old order is left out: enhanced dependencies, SpaceAfter, empty nodes, multiword ranges.
    """
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    rows = []
    for new, old in enumerate(order):
        row = list(sentence.rows[old])
        row[0] = str(new + 1)
        row[HEAD] = str(place[sentence.heads[old]] + 1)
        row[LABEL + 1] = "_"
        misc = [item for item in row[MISC].split("|") if item != "_" and not item.startswith("Space")]
        row[MISC] = "|".join([*misc, f"OriginalID={old + 1}"])
        rows.append(row)
    text = " ".join(sentence.words[i] for i in order)
    comments = [comment for comment in sentence.comments if not comment.startswith("# text")]
    heads = [place[sentence.heads[old]] for old in order]
    return Sentence([*comments, f"# text = {text}"], rows, heads, range(1, len(rows) + 1), [], sentence.path)


def unparsed_tree(words: Sequence[str], reason: str) -> str:
    """Return CoNLL-U text for a sentence that has no tree: a root X with all words below it, which keeps its order."""
    rows = [
        "\t".join([str(i), word, "_", "X", "_", "_", *(("0", "root") if i == 1 else ("1", "dep")), "_", "_"])
        for i, word in enumerate(words, 1)
    ]
    return "\n".join([f"# unparsed = {reason}", *rows]) + "\n\n"
