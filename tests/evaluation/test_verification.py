"""`alignment` and `retrieve` refuse files of another vocabulary, text, direction or language."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary, indexed_dataset

from fairseq_alignmlm.commands import alignment, retrieve
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.pretrained import PretrainedEncoder
from fairseq_alignmlm.identity import FILE_NAME, Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

SIZES = {"encoder_layers": 1, "encoder_embed_dim": 8, "encoder_ffn_embed_dim": 8, "encoder_attention_heads": 2}
COUNTS = {"a": 50, "b": 30, "c": 20, "x:a": 50, "x:b": 30, "x:c": 20}
PAIRS = [("a", "x:a"), ("b", "x:b"), ("c", "x:c")]


def write_dict(path: Path, counts: dict[str, int]) -> Path:
    path.write_text("".join(f"{symbol} {count}\n" for symbol, count in counts.items()))
    return path


def write_pairs(path: Path, pairs, identity: Identity | None = None) -> Path:
    header = f"# {identity.comment()}\n" if identity else ""
    path.write_text(header + "".join(f"{first}\t{second}\n" for first, second in pairs))
    return path


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    own = Identity.of_dict(write_dict(tmp_path / "dict.txt", COUNTS))
    return Identity(own.symbols, own.counts, languages=("en", "x"))


@pytest.fixture
def run(tmp_path: Path, identity: Identity) -> Path:
    """A checkpoint with language embeddings and the files of its run."""
    torch.manual_seed(1)
    symbols = Dictionary.load(str(tmp_path / "dict.txt"))
    symbols.add_symbol("<mask>")
    cfg = MultilingualRobertaConfig(max_positions=20, language_embeddings=True, **SIZES)
    model = MultilingualRoberta.build_model(cfg, SimpleNamespace(source_dictionary=symbols, languages=["en", "x"]))
    settings = {"model": Namespace(encoder_attention_heads=2), "task": {"random_token_scope": "first"}}
    state = {"languages": ["en", "x"], "identity": identity.as_json()}
    torch.save({"model": model.state_dict(), "cfg": settings, "task_state": state}, tmp_path / "checkpoint.pt")
    lexicon = Identity(identity.symbols, languages=("en", "x"))
    write_pairs(tmp_path / "counterparts.tsv", PAIRS, lexicon)
    write_pairs(tmp_path / "dictionary.tsv", PAIRS[:1], lexicon)
    write_pairs(tmp_path / "held_out.tsv", PAIRS[1:], lexicon)
    return tmp_path


def call(command, *arguments: object) -> None:
    parser = ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args([str(argument) for argument in arguments])) == 0


def measure(run: Path, *more: object, lexicon: tuple[str, ...] = ("counterparts", "dictionary", "held_out")) -> dict:
    files = [part for name in lexicon for part in (f"--{name.replace('_', '-')}", run / f"{name}.tsv")]
    common = ("--checkpoint", run / "checkpoint.pt", "--vocab", run / "dict.txt", "--json", run / "out.json")
    call(alignment, *common, *files, *more)
    return json.loads((run / "out.json").read_text())


def test_files_of_one_run_are_measured_and_the_result_says_that_they_were_verified(run, caplog):
    result = measure(run)
    assert result["verified"] is True
    assert result["random_tokens"] == "first"
    assert not caplog.text


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        (dict(reversed(COUNTS.items())), "another vocabulary"),
        ({"q": 50} | dict(list(COUNTS.items())[1:]), "another vocabulary"),
        (COUNTS | {"a": 51}, r"another dict\.txt"),
    ],
)
def test_an_old_checkpoint_with_a_new_dict_txt_is_refused(run, counts, what):
    write_dict(run / "dict.txt", counts)
    with pytest.raises(
        InputError, match=rf"dict.txt: is of {what} \(\w+\) than .*checkpoint.pt \(\w+\); give the files"
    ):
        measure(run)
    assert not (run / "out.json").exists()


@pytest.mark.parametrize("name", ["counterparts", "dictionary", "held_out"])
def test_a_lexicon_of_another_vocabulary_or_the_other_way_round_is_refused(run, identity, name):
    path = run / f"{name}.tsv"
    write_pairs(path, PAIRS, Identity("other", languages=("en", "x")))
    with pytest.raises(InputError, match=rf"{name}\.tsv: is of another vocabulary \(other\)"):
        measure(run)
    reversed_pairs = [(second, first) for first, second in PAIRS]
    write_pairs(path, reversed_pairs, Identity(identity.symbols, languages=("x", "en")))
    with pytest.raises(InputError, match=r"goes from (en to x|x to en), .* from (en to x|x to en); give files of one"):
        measure(run)
    write_pairs(path, PAIRS, Identity(identity.symbols, languages=("en", "de")))
    with pytest.raises(InputError, match=rf"{name}\.tsv: goes from en to de, the model knows en, x"):
        measure(run)


def test_a_reversed_dictionary_that_does_not_say_so_is_refused(run):
    write_pairs(run / "dictionary.tsv", [(second, first) for first, second in PAIRS])
    with pytest.raises(InputError, match=r"dictionary\.tsv: no entry of it is a token on the left of .*counterparts"):
        measure(run)


def test_languages_are_those_of_the_files_and_not_of_the_order_of_the_run(run):
    state = torch.load(run / "checkpoint.pt", weights_only=False)
    state["task_state"] = {"languages": ["x", "en"], "identity": {"languages": ["x", "en"]}}
    torch.save(state, run / "checkpoint.pt")
    assert "dir:en>x" in measure(run)["signature"]
    with pytest.raises(
        InputError, match=r"counterparts\.tsv: is of other languages \(en,x\) than --languages \(x,en\)"
    ):
        measure(run, "--languages", "x,en")


def test_what_an_older_checkpoint_and_dictionary_do_not_say_is_told(run, caplog):
    state = torch.load(run / "checkpoint.pt", weights_only=False)
    del state["task_state"]
    torch.save(state, run / "checkpoint.pt")
    write_pairs(run / "counterparts.tsv", PAIRS)
    assert measure(run, "--languages", "en,x", lexicon=("counterparts",))["verified"] is False
    assert "keeps no hash of its vocabulary: only its size was compared" in caplog.text
    assert "counterparts.tsv says no vocabulary and languages" in caplog.text


def binarized(folder: Path, identity: Identity, language: str) -> Path:
    folder.mkdir()
    builder = indexed_dataset.make_builder(f"{folder / 'valid'}.bin", impl="mmap", vocab_size=20)
    for sentence in ([4, 5, 2], [6, 2]):
        builder.add_item(torch.tensor(sentence))
    builder.finalize(f"{folder / 'valid'}.idx")
    Identity(identity.symbols, identity.counts, language=language).write(folder / FILE_NAME)
    return folder / "valid"


def find(run: Path, source: Path, target: Path, *more: object) -> None:
    common = ("--checkpoint", run / "checkpoint.pt", "--vocab", run / "dict.txt", "--aligned", "--languages", "en,x")
    call(retrieve, *common, "--source", source, "--target", target, *more)


def test_retrieve_refuses_sentences_of_another_vocabulary_or_language(run, identity):
    english, derived = binarized(run / "en", identity, "en"), binarized(run / "x", identity, "x")
    find(run, english, derived)
    with pytest.raises(InputError, match=r"x/valid: is of another language \(x\) than --languages \(en\)"):
        find(run, derived, english)
    Identity("other").write(run / "x" / FILE_NAME)
    with pytest.raises(InputError, match=r"x: is of another vocabulary \(other\)"):
        find(run, english, derived)


def test_retrieve_refuses_another_sentencepiece_model_and_another_dict_txt(run, identity):
    text = run / "text"
    text.write_text("a b\n")
    for name in ("own", "foreign"):
        (run / f"{name}.model").write_text(name)
    Identity(identity.symbols, identity.counts, sentencepiece="aa").write(run / FILE_NAME)
    with pytest.raises(
        InputError, match=r"own.model: is of another SentencePiece model .* than the model's vocabulary"
    ):
        find(run, text, text, "--sentencepiece", run / "own.model")
    (run / FILE_NAME).unlink()
    write_dict(run / "dict.txt", dict(reversed(COUNTS.items())))
    with pytest.raises(InputError, match=r"dict.txt: is of another vocabulary"):
        find(run, text, text, "--sentencepiece", run / "own.model")
    with pytest.raises(InputError, match=r"dict.txt: is of another vocabulary"):
        PretrainedEncoder.load(run / "checkpoint.pt", run / "dict.txt")
