"""Text to derived corpora to binarized data: pure functions, and thin commands that stream files."""

from collections.abc import Sequence

__all__ = ["derive"]


def derive(words: Sequence[str], transforms: Sequence[str] = ("inv",), seed: int = 1, line: int = 1) -> list[str]:
    """Put the words of one sentence into the order of a derived language (section 3 of the paper).

    Args:
        words: of the sentence.
        transforms: names of transformations, applied in the order given; ``alignmlm-data derive --help`` lists them.
            Those that need trees, such as ``syn``, work on files only.
        seed: of random transformations.
        line: number of the sentence in its text, counted from 1, for random transformations.

    Raises:
        InputError: a transformation is unknown or needs trees.
    """
    from fairseq_alignmlm.errors import InputError

    from .languages.transforms import SentenceContext, compose

    transformation = compose(list(transforms))
    if transformation.needs_trees:
        raise InputError(f"derive: {', '.join(transforms)} needs trees; use `alignmlm-data derive` on files")
    order = transformation.order(list(words), SentenceContext(seed, line, (), lambda reason: None))
    return [words[i] for i in order]
