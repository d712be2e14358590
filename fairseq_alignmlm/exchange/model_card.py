"""The model card of an exported folder: what it is, what it was trained on, and what must be known to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.evaluation.checkpoint import settings_of
from fairseq_alignmlm.exchange.families import MASKED, TOKENS

if TYPE_CHECKING:
    from fairseq_alignmlm.exchange.exporting import Export

OBJECTIVES = {
    "mlm": "masked language modelling (MLM)",
    "tlm": "XLM: masked and translation language modelling (MLM and TLM)",
    "dict_mlm": "DICT-MLM: masked words are predicted in either language",
    "align_mlm": "ALIGN-MLM: masked language modelling with explicit alignment of word embeddings",
    "token_tagging": "fine-tuned for tagging words",
    "sentence_classification": "fine-tuned for classifying sentence pairs",
}
SCORES = ("result.json", "alignment.json", "score.json")


def model_card(
    export: Export, config: Mapping[str, Any], record: Mapping[str, Any], data: Sequence[str], licence: str | None
) -> str:
    """Return the text of ``README.md``.

    Args:
        export: what is exported.
        config: ``config.json``.
        record: ``conversion.json``.
        data: lines about the training data.
        licence: of the model.
    """
    criterion = str(settings_of(export.state, "criterion").get("_name", ""))
    objective = OBJECTIVES.get(criterion, criterion or "imported, not trained here")
    real = [name for name in export.languages if len(name) <= 3 and name.isalpha()]
    head = ["---", "library_name: transformers", "tags: [fairseq-alignmlm]"]
    head += [f"language: [{', '.join(real)}]"] if real else []
    head += [f"license: {licence}"] if licence else []
    kind = {MASKED: "fill-mask", TOKENS: "token-classification"}.get(export.kind, "text-classification")
    head += [f"pipeline_tag: {kind}", "---", ""]
    body = [f"# {export.checkpoint.parent.name or export.checkpoint.stem}", ""]
    body += [f"{config['architectures'][0]}, exported from a fairseq checkpoint by fairseq_alignmlm {__version__}.", ""]
    body += [f"- Objective: {objective}.", f"- Languages: {', '.join(export.languages) or 'not recorded'}."]
    body += [f"- Data: {line}" for line in data] or [
        "- Data: not stated; give `export --data` a line with the licence."
    ]
    body += ["", "## Use", "", *_use(export, config), "", "## Checked", "", *_checked(record), ""]
    scores = _scores(export.checkpoint.parent)
    if scores:
        body += ["## Scores", "", *scores, ""]
    return "\n".join(head + body)


def _use(export: Export, config: Mapping[str, Any]) -> list[str]:
    kind = config["architectures"][0]
    lines = [
        "```python",
        "from transformers import AutoTokenizer, AutoModelFor" + kind.rsplit("For", 1)[1],
        'tokenizer = AutoTokenizer.from_pretrained("DIR")',
        f'model = AutoModelFor{kind.rsplit("For", 1)[1]}.from_pretrained("DIR")',
        "```",
        "",
    ]
    if export.has_language_embeddings:
        numbers = ", ".join(f"{number} = {name}" for number, name in enumerate(export.languages, 1))
        lines += [
            f"**Token types are languages: {numbers}; 0 is padding.** Without the right `token_type_ids` the model "
            "computes something else, silently. The tokenizers fill them in: that of the folder for "
            f'{export.languages[0]}, those of the others with `subfolder="<language>"`.',
            "",
        ]
    derived = [name for name in export.languages if "_" in name]
    if derived:
        lines += [
            f"{', '.join(derived)}: the tokenizer takes the words of the original language and gives them the symbols "
            "of the derived one; where the transformation also moves words, the text must be in that order already.",
            "",
        ]
    criterion = str(settings_of(export.state, "criterion").get("_name", ""))
    if criterion == "tlm":
        lines += [
            "Trained with pairs of sentences whose positions restart in the second half: pass `position_ids` for such.",
            "",
        ]
    if export.is_own:
        lines += ["The text is cut at white space first; punctuation was parted from words (Moses) in training."]
    return lines


def _checked(record: Mapping[str, Any]) -> list[str]:
    logits = record["logits"]
    lines = [
        f"- Logits against the original model, {logits['sequences']} padded sequences of {logits['lengths'][0]} to "
        f"{logits['lengths'][1]} tokens: largest difference {logits['largest_difference']:.1e} on a scale of "
        f"{logits['scale']:.1f}; the largest logit is the same at {logits['argmax_equal']:,} of "
        f"{logits['positions']:,} places."
    ]
    for language, found in record["tokenizer"].items():
        lines.append(
            f"- Tokenizer of {language}: {found['different']:,} of {found['lines']:,} lines of {found['file']} differ."
        )
    lines.append(f"- Checkpoint: sha256 {record['checkpoint']['sha256']}.")
    return lines


def _scores(folder: Path) -> list[str]:
    """Return the numbers with a signature in the result files beside the checkpoint."""
    from fairseq_alignmlm.exchange.tensors import read_json

    found: list[str] = []
    for name in SCORES:
        if (folder / name).is_file():
            found += _signed(read_json(folder / name), name)
    return found


def _signed(value: Any, name: str) -> list[str]:
    lines: list[str] = []
    if isinstance(value, dict):
        mark = value.get("signature")
        if isinstance(mark, str):
            numbers = {
                key: number
                for key, number in value.items()
                if isinstance(number, (int, float)) and not isinstance(number, bool)
            }
            nested = value.get("alignment")
            numbers |= nested if isinstance(nested, dict) else {}
            text = ", ".join(f"{key} {number:.2f}" for key, number in numbers.items() if isinstance(number, float))
            lines.append(f"- {text or name}: `{mark}`")
        for part in value.values():
            lines += _signed(part, name)
    elif isinstance(value, list):
        for part in value:
            lines += _signed(part, name)
    return lines
