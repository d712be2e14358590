"""Small tokenizers of each kind, trained on text and written as the published ones are."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

ROBERTA = ("<s>", "<pad>", "</s>", "<unk>")


def unigram(lines: Iterable[str], size: int) -> dict[str, Any]:
    """SentencePiece Unigram with NMT's NFKC, numbered as XLM-R: special symbols, pieces, <mask>."""
    import sentencepiece

    from fairseq_alignmlm.exchange.sentencepiece_file import _fields

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="unigram",
        vocab_size=size,
        character_coverage=0.9995,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    characters = dict(_fields(dict(_fields(model.getvalue()))[3]))[2]
    pieces = [(processor.id_to_piece(number), processor.get_score(number)) for number in range(3, len(processor))]
    tokenizer = Tokenizer(models.Unigram([*((symbol, 0.0) for symbol in ROBERTA), *pieces, ("<mask>", 0.0)], unk_id=3))
    content = json.loads(tokenizer.to_str())
    content["normalizer"] = {
        "type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(bytes(characters)).decode(),
    }
    content["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        ],
    }
    return content


def word_piece(lines: Iterable[str], size: int) -> dict[str, Any]:
    """WordPiece as mBERT's, cased."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", *(f"[unused{number}]" for number in range(9)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<S>"]
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    return json.loads(tokenizer.to_str())


def byte_level(lines: Iterable[str], size: int) -> dict[str, Any]:
    """Byte-level BPE as RoBERTa's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*ROBERTA, "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return json.loads(tokenizer.to_str())


KINDS = {"xlm-roberta": unigram, "bert": word_piece, "roberta": byte_level}


def write_model(folder: Path, kind: str, lines: list[str], size: int) -> Path:
    """Write the folder of a random model with a tokenizer of its own.

    Args:
        folder: to write.
        kind: one of `KINDS`.
        lines: text to train on.
        size: of the vocabulary, about.
    """
    import torch
    import transformers

    content = KINDS[kind](lines, size)
    folder.mkdir(parents=True)
    vocabulary = content["model"]["vocab"]
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    sizes |= {"max_position_embeddings": 66, "vocab_size": len(vocabulary), "initializer_range": 0.3}
    torch.manual_seed(1)
    if kind == "bert":
        config = transformers.BertConfig(**sizes)
        special = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
        names = {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": False}
        special["mask_token"] = "[MASK]"
    else:
        classes = {"xlm-roberta": transformers.XLMRobertaConfig, "roberta": transformers.RobertaConfig}
        config = classes[kind](**sizes, type_vocab_size=1, layer_norm_eps=1e-5)
        special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
        special |= {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
        names = {"tokenizer_class": "XLMRobertaTokenizer" if kind == "xlm-roberta" else "RobertaTokenizer"}
    transformers.AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(special | names))
    return folder
