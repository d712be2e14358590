"""The command ``alignment`` on hand-made checkpoints: numbers, language embeddings, refusals."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import pytest
import torch

from fairseq_alignmlm.commands import alignment
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.vocabulary import read_vocabulary

WORDS = "encoder.sentence_encoder.embed_tokens.weight"
LANGUAGES = "encoder.sentence_encoder.embed_languages.weight"


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A pair of four tokens each; `c` and `d` have each other's counterpart."""
    (tmp_path / "dict.txt").write_text("a 50\nb 30\nc 20\nd 10\nx:a 50\nx:b 30\nx:c 20\nx:d 10\n")
    (tmp_path / "counterparts.tsv").write_text("# en to x\na\tx:a\nb\tx:b\nc\tx:c\nd\tx:d\n")
    (tmp_path / "dictionary.tsv").write_text("a\tx:a\n")
    axes = torch.eye(4)
    special, mask = torch.zeros(4, 4), torch.zeros(1, 4)
    save(tmp_path, {WORDS: torch.cat([special, axes, axes[[0, 1, 3, 2]], mask])})
    return tmp_path


def save(folder: Path, model: dict[str, torch.Tensor], **more: Any) -> None:
    state = {"model": model, "args": None, "cfg": {"task": {"languages": "en,x"}}, **more}
    torch.save({"optimizer_history": [{"num_updates": 7}], **state}, folder / "checkpoint.pt")


def measure(folder: Path, *more: object, dictionary: bool = True) -> dict[str, Any]:
    parser = ArgumentParser()
    alignment.add_arguments(parser)
    arguments = ["--checkpoint", folder / "checkpoint.pt", "--dict", folder / "dict.txt", "--json", folder / "out.json"]
    arguments += ["--counterparts", folder / "counterparts.tsv"]
    arguments += ["--dictionary", folder / "dictionary.tsv"] * dictionary
    assert alignment.run(parser.parse_args([str(argument) for argument in [*arguments, *more]])) == 0
    return json.loads((folder / "out.json").read_text())


def test_scores_and_what_is_needed_to_repeat_them(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = measure(pair)
    scores = result["alignment"]
    assert (scores["all"], scores["dictionary"]) == (50.0, 100.0)
    assert scores["held_out"] == pytest.approx(100 / 3)
    assert scores["held_out_frequency"] == pytest.approx(100 * 30 / 60)
    assert scores["frequency"] == pytest.approx(100 * 80 / 110)
    assert next(iter(scores)) == "frequency"
    assert result["updates"] == 7
    assert result["signature"].startswith("task:alignment|dir:en>x|metric:nearest-cosine|n:4|model:")
    assert result["signature"] in capsys.readouterr().out
    assert set(result["files"]) == {"checkpoint", "dict", "counterparts", "dictionary"}
    assert [bin["alignment"] for bin in result["by_frequency"]] == [100.0, 100.0, 0.0, 0.0]


def test_without_a_dictionary_only_all_tokens_are_scored(pair: Path) -> None:
    assert measure(pair, dictionary=False)["alignment"] == {
        "frequency": pytest.approx(100 * 80 / 110),
        "held_out_frequency": None,
        "all": 50.0,
        "dictionary": None,
        "held_out": None,
    }


def test_tokens_that_never_occur_weigh_nothing_and_are_counted(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (pair / "dict.txt").read_text()
    (pair / "dict.txt").write_text(text.replace("\nc 20", "\nc 0").replace("\nd 10", "\nd 0"))
    result = measure(pair)
    assert (result["alignment"]["frequency"], result["alignment"]["all"]) == (100.0, 50.0)
    assert result["tokens"]["never_in_text"] == 2
    said = capsys.readouterr().out
    assert "2 of 4 tokens never occur in the text" in said
    assert said.index("weighted by frequency") < said.index("every token alike (the paper's)")


def test_dict_without_real_counts_is_warned_about(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    symbols = (pair / "dict.txt").read_text().split()[::2]
    (pair / "dict.txt").write_text("".join(f"{symbol} 1\n" for symbol in symbols))
    scores = measure(pair)["alignment"]
    assert scores["held_out_frequency"] == pytest.approx(scores["held_out"])
    assert "all counts are equal" in capsys.readouterr().err


def test_language_embeddings_are_added_by_name(pair: Path) -> None:
    words = torch.zeros(13, 2)
    words[4:8] = torch.tensor([[2.0, 1.0], [-2.0, 1.0], [0.0, 5.0], [1.0, -3.0]])
    words[8:12] = words[4:8] + torch.tensor([7.0, 0.0])
    save(pair, {WORDS: words, LANGUAGES: torch.tensor([[0.0, 0.0], [0.0, 0.0], [-7.0, 0.0]])})
    assert measure(pair)["alignment"]["all"] == 100.0
    assert measure(pair, "--languages", "x,en")["alignment"]["all"] < 100.0
    with pytest.raises(InputError, match="'fr' is not one of them"):
        measure(pair, "--languages", "en,fr")


def test_checkpoint_of_another_vocabulary_size(pair: Path) -> None:
    save(pair, {WORDS: torch.randn(14, 4)})
    with pytest.raises(InputError, match=r"vocabulary of 14 symbols, .*dict.txt gives 13"):
        measure(pair)


def test_checkpoint_that_diverged(pair: Path) -> None:
    save(pair, {WORDS: torch.full((13, 4), float("nan"))})
    with pytest.raises(InputError, match="diverged"):
        measure(pair)


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_wrong_device_is_told_before_anything_is_read(pair: Path, device: str) -> None:
    (pair / "checkpoint.pt").unlink()
    with pytest.raises(InputError, match=f"--device {device}: .*; give cpu, or cuda with a GPU"):
        measure(pair, "--device", device)


def test_a_language_that_cannot_stand_in_a_signature_is_told(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="'en> x' cannot stand in a score's signature"):
        measure(pair, "--languages", "en, x")
    assert not capsys.readouterr().out


def test_namespace_in_an_old_checkpoint_is_accepted(pair: Path) -> None:
    model = torch.load(pair / "checkpoint.pt")["model"]
    save(pair, model, args=Namespace(languages="en,x"), cfg=None)
    assert "dir:en>x" in measure(pair)["signature"]


class Malice:
    """Unpickling this would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_malicious_checkpoint_is_refused_and_nothing_runs(pair: Path) -> None:
    victim = pair / "executed"
    torch.save({"model": {WORDS: torch.randn(13, 4)}, "cfg": Malice(victim)}, pair / "checkpoint.pt")
    with pytest.raises(InputError, match="refused"):
        measure(pair)
    assert not victim.exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 cut"])
def test_damaged_checkpoint_is_told_in_one_line(pair: Path, content: bytes) -> None:
    (pair / "checkpoint.pt").write_bytes(content)
    with pytest.raises(InputError) as error:
        measure(pair)
    assert "\n" not in str(error.value)


def test_other_model_is_refused(pair: Path) -> None:
    save(pair, {"decoder.weight": torch.eye(2)})
    with pytest.raises(InputError, match="holds no encoder"):
        measure(pair)


def test_counterparts_of_another_pair(pair: Path) -> None:
    (pair / "counterparts.tsv").write_text("q\ty:q\n")
    with pytest.raises(InputError, match="no token of it is in"):
        measure(pair)


def test_retrieval_leaves_training_words_out(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pair / "held.tsv").write_text("a\tx:a\nb\tx:b\nc\tx:d\nc\tx:a x:b\nd\tx:d\n")
    result = measure(pair, "--held-out", pair / "held.tsv")
    assert result["retrieval"]["words"] == 3
    assert result["retrieval"]["cosine_at_1"] == pytest.approx(200 / 3)
    assert "1 of the training dictionary left out" in capsys.readouterr().out


def test_words_that_share_a_piece_with_their_translation_are_told_apart(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pair / "held.tsv").write_text("b\tx:d\nc\tc x:d\nd\tx:c\nd\td x:a\n")
    result = measure(pair, "--held-out", pair / "held.tsv")
    assert result["retrieval"]["words"] == 3
    assert result["retrieval"]["cosine_at_1"] == pytest.approx(100 / 3)
    assert result["retrieval_no_shared_piece"]["words"] == 1
    assert result["retrieval_no_shared_piece"]["cosine_at_1"] == 0.0
    assert "of these 1 words that share no piece with a translation" in capsys.readouterr().out
    (pair / "held.tsv").write_text("b\tx:b\n")
    assert "retrieval_no_shared_piece" not in measure(pair, "--held-out", pair / "held.tsv")


def test_rows_are_numbered_as_fairseq_numbers_them(pair: Path) -> None:
    fairseq_data = pytest.importorskip("fairseq.data")
    theirs = fairseq_data.Dictionary.load(str(pair / "dict.txt"))
    theirs.add_symbol("<mask>")
    ours = read_vocabulary(pair / "dict.txt")
    assert len(ours) == len(theirs)
    assert {symbol: theirs.index(symbol) for symbol in theirs.symbols} == ours.index
    assert [ours.counts[theirs.index(symbol)] for symbol in ("a", "x:d")] == [50, 10]
    assert (ours.index_of("<unk>"), ours.index_of("<mask>"), ours.index_of("q")) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "what"), [("a 1\nb\n", "2: expected `symbol count`"), ("a 1\na 2\n", "2: 'a' occurs")]
)
def test_broken_dict_names_its_line(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "dict.txt").write_text(text)
    with pytest.raises(InputError, match=what):
        read_vocabulary(tmp_path / "dict.txt")
