"""This package's encoder, built from a checkpoint alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.architecture import architecture
from fairseq_alignmlm.evaluation.checkpoint import language_names, settings_of
from fairseq_alignmlm.exchange.families import HEADS, LANGUAGES, WORDS
from fairseq_alignmlm.lexicon.vocabulary import MASK

if TYPE_CHECKING:
    from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta


class _Rows:
    """What the model asks of a dictionary."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def bos(self) -> int:
        return 0

    def pad(self) -> int:
        return 1

    def eos(self) -> int:
        return 2

    def unk(self) -> int:
        return 3

    def index(self, symbol: str) -> int:
        assert symbol == MASK
        return self._size - 1


def model_settings(state: Mapping[str, Any], checkpoint: Path) -> dict[str, Any]:
    """Return the settings of the model, sizes from its weights, dropout and heads from its run.

    Raises:
        InputError: when the checkpoint holds another kind of model.
    """
    kept = settings_of(dict(state), "model")
    settings: dict[str, Any] = dict(architecture(dict(state), checkpoint))
    usual = {"dropout": 0.1, "attention_dropout": 0.1, "pooler_dropout": 0.0, "pooler_activation_fn": "tanh"}
    for name, value in usual.items():
        found = kept.get(name)
        settings[name] = value if found is None else found
    settings["pooler_activation_fn"] = str(settings["pooler_activation_fn"])
    return settings


def build_own(state: Mapping[str, Any], checkpoint: Path) -> MultilingualRoberta:
    """Return the model of a checkpoint with its classification heads, for evaluation.

    Args:
        state: what `read_state` returns, with today's key names.
        checkpoint: its path, for messages.

    Raises:
        InputError: when the checkpoint holds another kind of model, or weights are missing.
    """
    from fairseq_alignmlm.models.config import MultilingualRobertaConfig
    from fairseq_alignmlm.models.multilingual_roberta import MultilingualEncoder, MultilingualRoberta

    settings = model_settings(state, checkpoint)
    weights = {key: value.float() for key, value in state["model"].items()}
    cfg = MultilingualRobertaConfig(**settings)
    languages = len(weights[LANGUAGES]) - 1 if LANGUAGES in weights else len(language_names(dict(state)))
    model = MultilingualRoberta(cfg, MultilingualEncoder(cfg, _Rows(len(weights[WORDS])), languages))
    _register_heads(model, weights)
    unfit = model.load_state_dict(weights, strict=False)
    names = [*unfit.missing_keys, *unfit.unexpected_keys]
    if names:
        raise InputError.at(checkpoint, None, f"weights missing or not known: {', '.join(names[:5])}")
    return model.eval()


def _register_heads(model: Any, weights: Mapping[str, Any]) -> None:
    for key in [key for key in weights if key.startswith(HEADS) and key.endswith(".out_proj.weight")]:
        name = key.removeprefix(HEADS).removesuffix(".out_proj.weight")
        dense = weights.get(f"{HEADS}{name}.dense.weight")
        inner = None if dense is None else dense.size(0)
        model.register_classification_head(name, weights[key].size(0), inner, per_token=dense is None)
