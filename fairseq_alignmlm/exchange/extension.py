"""New pieces for an imported vocabulary, for languages that it cuts too finely, and first embeddings for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import identity_of, read_state
from fairseq_alignmlm.exchange.families import OUTPUT_BIAS, TIED, WORDS
from fairseq_alignmlm.exchange.importing import DICT, SIDE_FILES
from fairseq_alignmlm.exchange.tensors import read_json
from fairseq_alignmlm.exchange.tokenizer import SOURCE, UNKNOWN, CheckpointTokenizer
from fairseq_alignmlm.exchange.tokenizer_file import LARGEST, read_tokenizer_json
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.exchange.vocabulary_folder import ImportedVocabulary
from fairseq_alignmlm.identity import Identity, hash_file, hash_symbols
from fairseq_alignmlm.lexicon.vocabulary import write_symbols
from fairseq_alignmlm.lines import numbered_lines
from fairseq_alignmlm.storage import atomic_path, write_json

if TYPE_CHECKING:
    from torch import Tensor

PIECES, MEAN, DICTIONARY = "pieces", "mean", "dictionary"
CONTINUES, SPACE = "##", "▁"


def extend(
    checkpoint: Path,
    target: Path,
    texts: Sequence[Path],
    count: int,
    initialise: str,
    pairs: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Add pieces to the vocabulary of an imported model and write it anew.

    Args:
        checkpoint: what `import` wrote, or what was trained from it, with tokenizer.json and source.json beside it.
        target: the checkpoint to write, in a folder of its own.
        texts: of the new languages.
        count: new pieces, at most.
        initialise: ``pieces``: the mean of the old pieces of the same spelling; ``mean``: the mean of all old ones;
            ``dictionary``: the weighted mean of the words that translate the words it is in, else as ``pieces``.
        pairs: word of an old language, word of a new one, for ``dictionary``.

    Returns:
        What was done, with counts.

    Raises:
        InputError: a file is missing or broken, the tokenizer cannot be extended, or the text has no new piece.
    """
    import torch

    folder = checkpoint.parent
    imported = ImportedVocabulary.read(folder)
    old = imported.tokenizer
    state = read_state(checkpoint)
    symbols = Identity(hash_symbols(old.order.symbols))
    identity_of(state).require(symbols, folder / DICT, "the checkpoint", "give the checkpoint of this vocabulary")
    if (target.parent / DICT).exists():
        raise InputError.at(target.parent / DICT, None, "is of another model", "give --to a folder of its own")
    content = read_tokenizer_json(folder / TOKENIZER)
    pieces = content["model"]["vocab"]
    if isinstance(pieces, list) and len(pieces) != len(old):  # a list has no place for rows without a piece
        what = f"{len(pieces):,} pieces for {len(old):,} rows"
        raise InputError.at(folder / TOKENIZER, None, what, "this vocabulary cannot be extended")
    added = _train(content, texts, count, len(old), folder / TOKENIZER)
    if not added:
        raise InputError.at(texts[0], None, "no piece of it is new", "the vocabulary has them all")
    record = imported.record | {"rows": len(old) + len(added)}
    record["config"] = record["config"] | {"vocab_size": record["rows"]}
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target.parent / TOKENIZER) as path:
        original = read_json(folder / TOKENIZER, LARGEST)
        path.write_text(json.dumps(original | {"model": content["model"]}, ensure_ascii=False), encoding="utf-8")
    new = CheckpointTokenizer(target.parent / TOKENIZER, record["rows"], record["special_tokens"])
    words, done = state["model"][WORDS].float(), {"added": len(added), "initialised": initialise}
    first, by = _initial(words, old, new, added, initialise, pairs)
    rows = _rows(old, new)
    state["model"][WORDS] = torch.cat((words, first))[rows]
    if OUTPUT_BIAS in state["model"]:
        bias = state["model"][OUTPUT_BIAS].float()
        state["model"][OUTPUT_BIAS] = torch.cat((bias, bias[4:-1].mean().expand(len(added))))[rows]
    state["model"][TIED] = state["model"][WORDS]
    record["extended"] = done | {
        "by": by,
        "texts": [path.name for path in texts],
        "fertility": _fertility(texts, old, new),
    }
    write_symbols(target.parent / DICT, new.order.symbols, dict.fromkeys(new.order.symbols, 1))
    for name in SIDE_FILES:
        if (folder / name).is_file():
            with atomic_path(target.parent / name) as path:
                path.write_bytes((folder / name).read_bytes())
    write_json(target.parent / SOURCE, record)
    _start_afresh(state, target.parent, new)
    with atomic_path(target) as path:
        torch.save(state, path)
    return record["extended"]


def _start_afresh(state: dict[str, Any], folder: Path, new: CheckpointTokenizer) -> None:
    """Take out what belongs to the old rows: the state of the optimiser; and say which vocabulary this is."""
    own = identity_of(state)
    identity = Identity(hash_symbols(new.order.symbols), "", hash_file(folder / TOKENIZER), own.languages)
    task_state = dict(state.get("task_state") or {})
    state["task_state"] = task_state | {"identity": identity.as_json()}
    state["last_optimizer_state"] = None
    if isinstance(state.get("cfg"), Mapping) and isinstance(state["cfg"].get("task"), dict):
        state["cfg"]["task"]["data"] = str(folder)


def _lines(texts: Sequence[Path]) -> Iterator[str]:
    for path in texts:
        for line in numbered_lines(path):
            if line.text.strip():
                yield line.text


def _train(content: dict[str, Any], texts: Sequence[Path], count: int, first: int, path: Path) -> list[str]:
    """Train pieces as the old ones were, append the new ones to ``content``, ids from ``first``, and return them."""
    from tokenizers import Tokenizer, models, trainers

    model = content["model"]
    kinds: dict[str, tuple[Any, Any, dict[str, Any]]] = {
        "Unigram": (lambda: models.Unigram(), trainers.UnigramTrainer, {"unk_token": "<unk>"}),
        "WordPiece": (lambda: models.WordPiece(unk_token=model.get("unk_token")), trainers.WordPieceTrainer, {}),
        "BPE": (lambda: models.BPE(), trainers.BpeTrainer, {}),
    }
    if model["type"] not in kinds:
        raise InputError.at(path, None, f"a {model['type']} vocabulary is not extended", f"only {', '.join(kinds)}")
    make, trainer, options = kinds[model["type"]]
    shell = json.loads(Tokenizer(make()).to_str())
    shell |= {name: content.get(name) for name in ("normalizer", "pre_tokenizer")}
    tokenizer = Tokenizer.from_str(json.dumps(shell))
    size = min(4 * count + 1000, 200_000)  # some of them are there already
    if model["type"] == "BPE":
        from tokenizers import pre_tokenizers

        options = {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}
    tokenizer.train_from_iterator(_lines(texts), trainer(vocab_size=size, show_progress=False, **options))
    trained = json.loads(tokenizer.to_str())["model"]
    if model["type"] == "Unigram":
        known = {piece for piece, _ in model["vocab"]}
        new = [(piece, score) for piece, score in trained["vocab"] if piece not in known and score < 0][:count]
        model["vocab"] += [[piece, score] for piece, score in new]
        return [piece for piece, _ in new]
    if model["type"] == "WordPiece":
        ranked = sorted(trained["vocab"], key=trained["vocab"].__getitem__)
        found = [piece for piece in ranked if piece not in model["vocab"]][:count]
    else:
        found = _merge(model, trained["merges"], count)
    model["vocab"] |= {piece: first + number for number, piece in enumerate(found)}
    return found


def _merge(model: dict[str, Any], merges: Sequence[Any], count: int) -> list[str]:
    """Append merges that make new pieces of pieces that are there."""
    found: dict[str, None] = {}
    for merge in merges:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        piece = left + right
        there = (left in model["vocab"] or left in found) and (right in model["vocab"] or right in found)
        if there and piece not in model["vocab"] and piece not in found and len(found) < count:
            model["merges"].append([left, right] if not isinstance(merge, str) else merge)
            found[piece] = None
    return list(found)


def _spelling(piece: str) -> str:
    from tokenizers import decoders

    if piece.startswith(CONTINUES):
        return piece.removeprefix(CONTINUES)
    if SPACE in piece:
        return piece.replace(SPACE, " ").strip()
    text = decoders.ByteLevel().decode([piece]) if any(ord(character) > 255 for character in piece) else piece
    return piece if "\ufffd" in text else text.strip()


def _initial(
    words: Tensor,
    old: CheckpointTokenizer,
    new: CheckpointTokenizer,
    added: Sequence[str],
    initialise: str,
    pairs: Iterable[tuple[str, str]],
) -> tuple[Tensor, dict[str, int]]:
    """Return the first embeddings of the new pieces ``(N, H)``, and how many came about in which way."""
    import torch

    everything = words[4:-1].mean(0)
    found = everything.repeat(len(added), 1)
    by = {MEAN: len(added)}
    if initialise == MEAN:
        return found, by
    from_pieces = 0
    for number, rows in enumerate(old.encode_words([_spelling(piece) for piece in added])):
        known = [row for row in rows if row != UNKNOWN]
        if known:
            found[number] = words[torch.tensor(known)].mean(0)
            from_pieces += 1
    by = {PIECES: from_pieces, MEAN: len(added) - from_pieces}
    if initialise == DICTIONARY:
        place = {row: number for number, row in enumerate(_new_rows(old, new))}
        total, weight = torch.zeros_like(found), torch.zeros(len(added))
        entries = list(pairs)
        sources = old.encode_words([source for source, _ in entries])
        targets = new.encode_words([target for _, target in entries])
        for source, target in zip(sources, targets, strict=True):
            known = [row for row in source if row != UNKNOWN]
            for row in target if known else ():
                if row in place:
                    total[place[row]] += words[torch.tensor(known)].mean(0) / len(target)
                    weight[place[row]] += 1 / len(target)
        translated = weight > 0
        found[translated] = total[translated] / weight[translated, None]
        by = {DICTIONARY: int(translated.sum()), "others": int((~translated).sum())}
    return found, by


def _new_rows(old: CheckpointTokenizer, new: CheckpointTokenizer) -> list[int]:
    """Return the rows of the new pieces, in the order of their ids."""
    rows = new.order.rows()
    return [rows[number] for number in range(len(old), len(new))]


def _rows(old: CheckpointTokenizer, new: CheckpointTokenizer) -> list[int]:
    """Return for every new row where it is found in the old rows followed by the new pieces."""
    before = old.order.rows()
    return [before[number] if number < len(old) else number for number in new.order.ids]


def _fertility(texts: Sequence[Path], old: CheckpointTokenizer, new: CheckpointTokenizer) -> dict[str, float]:
    """Return pieces per word of the text before and after, of its first lines."""
    from itertools import islice

    lines = list(islice(_lines(texts), 1000))
    words = sum(len(line.split()) for line in lines)
    counts = [sum(map(len, tokenizer.encode_lines(lines))) / max(1, words) for tokenizer in (old, new)]
    return {"before": round(counts[0], 3), "after": round(counts[1], 3)}
