"""Another language's word order (Galactic Dependencies, Wang and Eisner 2016): ``T_syn`` of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from data_prep.languages.syntax.conllu import parse_block
from data_prep.languages.syntax.reordering import reorder
from data_prep.languages.syntax.word_order import SUBSTRATE_SHARE, model_paths, read_word_order
from data_prep.languages.transforms import SentenceContext, Transformation
from fairseq_alignmlm.errors import InputError

SUMMARY = "the word order of another language, drawn from ordering models over dependency trees"
OPTIONS: dict[str, str] = {
    "noun": "language whose noun phrases to imitate, such as fr, or the path of an .orm file",
    "verb": "language whose clauses to imitate, likewise",
    "models": "folder with <language>@N.orm and <language>@V.orm, or with sub-folders that have them",
    "substrate": "language of the text, whose models are mixed in (default en; none: do not mix)",
    "share": f"weight of the substrate's models, 0 to 1 (default {SUBSTRATE_SHARE})",
    "language": "language of the text, if it is not the substrate; what is known of English applies to no other",
}


def create(options: Mapping[str, str]) -> Transformation:
    """Read the ordering models that ``options`` name.

    Raises:
        InputError: a setting is missing or out of range, a model is missing or cannot be read.
    """
    for needed in ("noun", "verb", "models"):
        if needed not in options:
            raise InputError(f"--transform syn needs {needed}=...: {OPTIONS[needed]}")
    substrate = options.get("substrate", "en")
    try:
        share = float(options.get("share", SUBSTRATE_SHARE))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InputError(f"--transform syn: share={options['share']} is not a number from 0 to 1")
    paths = model_paths(
        Path(options["models"]), options["noun"], options["verb"], None if substrate == "none" else substrate
    )
    language = options.get("language", "en" if substrate == "none" else substrate)
    word_order = read_word_order(paths, share, language=language)

    def order(words: Sequence[str], context: SentenceContext) -> Sequence[int]:
        """Return the word indices in the order drawn from the models, sentence by sentence."""
        if not context.trees:
            raise InputError("--transform syn needs the trees of the text: --trees FILE")
        indices: list[int] = []
        for tree in context.trees:
            sentence = parse_block(tree.lines, tree.path, tree.line)
            new = reorder(sentence, word_order, context.seed, context.line, context.report)
            indices += [i + len(indices) for i in new] if indices else new
        return indices

    return Transformation(order, needs_trees=True, input_files=tuple(paths))
