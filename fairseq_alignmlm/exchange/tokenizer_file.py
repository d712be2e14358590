"""``tokenizer.json``, read as the untrusted file that it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.exchange.sentencepiece_file import INVISIBLE, SEPARATORS
from fairseq_alignmlm.exchange.tensors import read_json

NAME = "tokenizer.json"
LARGEST = 256 << 20  # bytes; that of XLM-V, with a million pieces, has 60 MB
LONGEST_STRING = 1 << 22  # of a table of normalisation, the longest string that has a use
LONGEST_REPLACEMENT = 64
NEVER_IN_TEXT = "\uffff"  # a noncharacter
MODELS = ("BPE", "Unigram", "WordPiece", "WordLevel")
# A pattern of one's own can take for ever. These are the ones that published multilingual tokenizers have.
REGEXES = (
    INVISIBLE,
    SEPARATORS,
    " {2,}",
    r"\s+",
    "[\r\n]",
    "[ ]",
    "''|``",
    "``|''",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
)
_IGNORED = ("truncation", "padding", "post_processor", "decoder")  # special symbols are added here, nothing is decoded


def read_tokenizer_json(path: Path) -> dict[str, Any]:
    """Read and check a tokenizer's file.

    Raises:
        InputError: when it is missing, too large, no tokenizer, or could take more time or memory than text needs.
    """
    if not path.is_file():
        remedy = "save it: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER), with transformers"
        raise InputError.at(path, None, "no such file", remedy)
    found = read_json(path, LARGEST)
    model = found.get("model")
    kind = model.get("type") if isinstance(model, dict) else None
    if isinstance(model, dict) and kind is None and "merges" in model:
        kind = model["type"] = "BPE"
    if kind not in MODELS:
        raise InputError.at(path, None, f"a model of type {kind!r} is not read", f"these are: {', '.join(MODELS)}")
    assert isinstance(model, dict)
    for part in ("normalizer", "pre_tokenizer"):
        _check_part(found.get(part), part, path)
    if not isinstance(model.get("vocab"), (dict, list)) or not model["vocab"]:
        raise InputError.at(path, None, "has no vocabulary", "get the folder again")
    if isinstance(model.get("max_input_chars_per_word"), int) and model["max_input_chars_per_word"] > 100_000:
        raise InputError.at(path, None, "max_input_chars_per_word is too large", "get the folder again")
    return found


def _check_part(part: Any, name: str, path: Path) -> None:
    for node in _nodes(part):
        kind = node.get("type")
        pattern = node.get("pattern")
        regex = pattern.get("Regex") if isinstance(pattern, dict) else None
        if regex is not None and regex not in REGEXES:
            what = f"the {name} has a pattern of its own, {str(regex)[:60]!r}, which could take for ever"
            raise InputError.at(path, None, what, "only those of the published tokenizers are run")
        for field, value in node.items():
            longest = LONGEST_STRING if kind == "Precompiled" else LONGEST_REPLACEMENT
            if isinstance(value, str) and field not in ("type", "Regex") and len(value) > longest:
                raise InputError.at(path, None, f"the {name}'s {field} has {len(value):,} characters", "get it again")


def _nodes(part: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [part]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def build(content: Mapping[str, Any], path: Path, prefix_space: bool = False) -> Any:
    """Return a `tokenizers.Tokenizer` that cuts, adds nothing and takes nothing away.

    Args:
        content: what `read_tokenizer_json` returns.
        path: of the file, for messages.
        prefix_space: have byte-level tokenizers put a space before every text, as words need it.

    Raises:
        InputError: when the library refuses the file.
    """
    from tokenizers import Tokenizer

    content = dict(content) | dict.fromkeys(_IGNORED)
    if prefix_space:
        content["pre_tokenizer"] = _with_prefix_space(content.get("pre_tokenizer"))
    try:
        tokenizer = Tokenizer.from_str(json.dumps(content))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # the library also ends in panics, which are no `Exception`
        line = (str(error).splitlines() or [""])[0]
        raise InputError.at(path, None, f"not a tokenizer ({line})", "get the folder again") from None
    tokenizer.encode_special_tokens = True  # what a text spells is text
    return tokenizer


def vocabulary_of(content: Mapping[str, Any], path: Path) -> dict[str, int]:
    """Return the id of every token, added ones included.

    Raises:
        InputError: when a token or an id is not what it should be.
    """
    vocabulary = content["model"]["vocab"]
    pairs: list[tuple[Any, Any]]
    if isinstance(vocabulary, list):
        pairs = [(entry[0] if isinstance(entry, list) and entry else None, n) for n, entry in enumerate(vocabulary)]
    else:
        pairs = list(vocabulary.items())
    added = content.get("added_tokens") or []
    if not isinstance(added, list):
        raise InputError.at(path, None, f"added_tokens is {added!r:.80}, not a list", "get the folder again")
    for token in added:
        pairs.append((token.get("content"), token.get("id")) if isinstance(token, dict) else (None, None))
    if {(type(token), type(number)) for token, number in pairs} != {(str, int)}:
        token, number = next(pair for pair in pairs if tuple(map(type, pair)) != (str, int))
        raise InputError.at(path, None, f"{token!r} with id {number!r} is no token", "get the folder again")
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[token] != number for token, number in pairs):
        raise InputError.at(path, None, "a token has two ids", "get the folder again")
    return found


def without_symbols(content: Mapping[str, Any], symbols: Collection[str]) -> dict[str, Any]:
    """Return the tokenizer with other names for special symbols, so that a text that spells them is text.

    Ids stay as they are.

    Args:
        content: what `read_tokenizer_json` returns.
        symbols: to be renamed.
    """
    model = dict(content["model"])

    def other(token: str) -> str:
        return f"{NEVER_IN_TEXT}{token}"

    if isinstance(model["vocab"], list):
        model["vocab"] = [[other(each[0]), *each[1:]] if each[0] in symbols else each for each in model["vocab"]]
    else:
        model["vocab"] = {other(key) if key in symbols else key: number for key, number in model["vocab"].items()}
    added = [token for token in content.get("added_tokens") or () if token["content"] not in symbols]
    return dict(content) | {"model": model, "added_tokens": added}


def _with_prefix_space(part: Any) -> Any:
    if isinstance(part, dict):
        part = {key: _with_prefix_space(value) for key, value in part.items()}
        if part.get("type") == "ByteLevel":
            part["add_prefix_space"] = True
        return part
    return [_with_prefix_space(value) for value in part] if isinstance(part, list) else part


def special_tokens(folder: Path, usual: Mapping[str, str]) -> dict[str, str]:
    """Return the tokens that serve as ``bos``, ``pad``, ``eos``, ``unk`` and ``mask``.

    Args:
        folder: with ``tokenizer_config.json`` or ``special_tokens_map.json``; neither needs to be there.
        usual: those of the family.

    Raises:
        InputError: when a file is broken.
    """
    told: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            told |= {key: value for key, value in read_json(folder / name, LARGEST).items() if value is not None}
    keys = {"bos": "cls_token", "pad": "pad_token", "eos": "sep_token", "unk": "unk_token", "mask": "mask_token"}
    found = {}
    for use, key in keys.items():
        token = told.get(key, usual[use])
        token = token.get("content") if isinstance(token, dict) else token
        if not isinstance(token, str):
            raise InputError.at(folder, None, f"{key} {token!r} is not a token", "get the folder again")
        found[use] = token
    return found
