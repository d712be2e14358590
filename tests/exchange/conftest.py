"""Hugging Face folders of every family: random weights, the names and shapes as transformers 5.23 writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("safetensors", reason="needs the extra [hf]")
pytest.importorskip("tokenizers", reason="needs the extra [hf]")

import torch
from safetensors.torch import save_file

FOLDERS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("folders.json").read_text())
ROWS = 60
SPECIAL = {
    "roberta": {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": ROWS - 1},
    # <mask> in the middle, as where a vocabulary was extended
    "xlm-roberta": {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 40},
    "camembert": {"<s>NOTUSED": 0, "<pad>": 1, "</s>NOTUSED": 2, "<unk>": 3, "<s>": 5, "</s>": 6, "<mask>": ROWS - 1},
    "bert": {"[PAD]": 0, "[UNK]": 10, "[CLS]": 11, "[SEP]": 12, "[MASK]": 13, "<s>": 14},
}


def _write_tokenizer(folder: Path, model_type: str, rows: int = ROWS) -> None:
    kind = {"roberta-prelayernorm": "roberta", "distilbert": "bert"}.get(model_type, model_type)
    special = SPECIAL[kind]
    taken = set(special.values())
    vocabulary = {f"w{number}": number for number in range(rows) if number not in taken} | special
    unknown = "[UNK]" if kind == "bert" else "<unk>"
    model: dict[str, Any] = {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown}
    split: dict[str, Any] = {"type": "WhitespaceSplit"}
    if kind in ("camembert", "xlm-roberta"):
        words = sorted(vocabulary, key=vocabulary.__getitem__)
        pieces = [[word.replace("w", "▁w"), -1.0 - number / 10] for number, word in enumerate(words)]
        model = {"type": "Unigram", "unk_id": vocabulary["<unk>"], "vocab": pieces}
        split = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    content = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": split,
        "model": model,
    }
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def make_folder(tmp_path) -> Callable[..., Path]:
    """Write a folder: its name in folders.json, changes to config.json, tensors in place of random ones."""

    def make(
        name: str, config: dict[str, Any] | None = None, dtype: torch.dtype = torch.float32, **tensors: Any
    ) -> Path:
        found = FOLDERS[name]
        generator = torch.Generator().manual_seed(len(name))
        weights = {
            key: (torch.randn(*shape, generator=generator) * 0.3).to(dtype) for key, shape in found["tensors"].items()
        }
        weights = {key: value for key, value in (weights | tensors).items() if value is not None}
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        content = {key: value for key, value in (found["config"] | (config or {})).items() if value != "leave out"}
        (folder / "config.json").write_text(json.dumps(content))
        _write_tokenizer(folder, found["config"]["model_type"])
        return folder

    return make
