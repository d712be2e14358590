"""What a fine-tuned checkpoint is asked that it cannot answer: other labels, no language, too long an input."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from fairseq.data import indexed_dataset

from fairseq_alignmlm.commands import predict
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.origin import hash_labels
from fairseq_alignmlm.identity import FILE_NAME, Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.storage import sha256_of
from fairseq_alignmlm.tasks.xtreme_tagging import XtremeTagging, XtremeTaggingConfig

TAGS = ("ADJ", "NOUN", "VERB")
FIRST = 4  # after <s> <pad> </s> <unk>


def write_data(folder: Path, tags: tuple[str, ...] = TAGS, lengths: tuple[int, ...] = (3, 5)) -> Path:
    """Write one-piece words, all of the first tag."""
    for name, symbols in (("tokens", [f"w{number}" for number in range(9)]), ("labels", tags)):
        (folder / name).mkdir(parents=True)
        (folder / name / "dict.txt").write_text("".join(f"{symbol} 1\n" for symbol in symbols))
        prefix = folder / name / "valid"
        builder = indexed_dataset.make_builder(f"{prefix}.bin", impl="mmap", vocab_size=20)
        for length in lengths:
            builder.add_item(torch.tensor([*[FIRST] * length, 2]))
        builder.finalize(f"{prefix}.idx")
    return folder


def save(path: Path, data: Path, keep_labels: bool = True, max_positions: int = 16, **task: Any) -> Path:
    """Write a checkpoint as fine-tuning on the data does, untrained; older ones did not keep the labels."""
    saving = {"save_dir": "checkpoints", "restore_file": "checkpoint_last.pt", "finetune_from_model": None}
    cfg = XtremeTaggingConfig(data=str(data), batch_size=8, seed=1, **saving, **task)
    tagging = XtremeTagging.setup_task(cfg)
    sizes = {"encoder_layers": 1, "encoder_embed_dim": 8, "encoder_ffn_embed_dim": 8, "encoder_attention_heads": 2}
    shape = MultilingualRobertaConfig(max_positions=max_positions, language_embeddings="languages" in task, **sizes)
    model = MultilingualRoberta.build_model(shape, tagging)
    model.register_classification_head(tagging.head, len(tagging.labels), per_token=True)
    state = {
        "args": None,
        "cfg": {
            "task": asdict(cfg) | {"_name": "xtreme_tagging"},
            "model": asdict(shape) | {"_name": "multilingual_roberta"},
        },
        "model": model.state_dict(),
        "optimizer_history": [{"num_updates": 1, "optimizer_name": "adam", "lr_scheduler_state": {}}],
        "extra_state": {"train_iterator": {"epoch": 1}},
        "task_state": tagging.state_dict() if keep_labels else {},
    }
    torch.save(state, path)
    return path


def command(checkpoint: Path, data: Path, *more: str) -> list[str]:
    parser = ArgumentParser()
    predict.add_arguments(parser)
    output = checkpoint.parent / "test.tsv"
    arguments = ["--checkpoint", checkpoint, "--data", data, "--output", output, *more]
    try:
        assert predict.run(parser.parse_args([str(argument) for argument in arguments])) == 0
        return output.read_text().split("\n")
    finally:
        output.unlink(missing_ok=True)


@pytest.mark.parametrize("keep_labels", [True, False])
def test_every_word_gets_a_tag_whether_or_not_the_checkpoint_names_its_labels(tmp_path: Path, keep_labels: bool):
    data = write_data(tmp_path / "bin")
    lines = command(save(tmp_path / "finetuned.pt", data, keep_labels), data)
    assert [bool(line) for line in lines] == [True] * 3 + [False] + [True] * 5 + [False]
    assert set(lines) <= {*TAGS, ""}


def predict_several(checkpoint: Path, folder: Path, *data: Path) -> dict[str, str]:
    parser = ArgumentParser()
    predict.add_arguments(parser)
    arguments = ["--checkpoint", checkpoint, "--output", folder, "--batch-size", "3", "--data", *data]
    assert predict.run(parser.parse_args([str(argument) for argument in arguments])) == 0
    return {path.stem.removeprefix("test-"): path.read_text() for path in folder.glob("*.tsv")}


def test_several_languages_in_one_go_get_what_each_gets_alone(tmp_path: Path):
    lengths = {"en": (3, 5), "fr": (9, 1, 4, 4), "de": (2,)}
    data = {name: write_data(tmp_path / name / "bin", lengths=lengths[name]) for name in lengths}
    checkpoint = save(tmp_path / "finetuned.pt", data["en"])
    found = predict_several(checkpoint, tmp_path / "out", *data.values())
    assert found == {name: "\n".join(command(checkpoint, folder)) for name, folder in data.items()}
    assert sorted(path.name for path in (tmp_path / "out").glob("*.json")) == [
        f"test-{name}.tsv.origin.json" for name in sorted(lengths)
    ]
    other = write_data(tmp_path / "other" / "bin", ("ADJ", "NOUN", "X"))
    with pytest.raises(InputError, match=r"other/bin/labels/dict\.txt: has other labels than ADJ NOUN VERB"):
        predict_several(checkpoint, tmp_path / "none", data["en"], other)
    (data["fr"] / "tokens" / "dict.txt").write_text("".join(f"v{number} 1\n" for number in range(9)))
    with pytest.raises(InputError, match=r"fr/bin/tokens/dict\.txt.*prepare all languages with one vocabulary"):
        predict_several(checkpoint, tmp_path / "none", data["en"], data["fr"])
    with pytest.raises(InputError, match="several are of en"):
        predict_several(checkpoint, tmp_path / "none", data["en"], data["en"])
    assert not (tmp_path / "none").exists()


def test_as_many_other_labels_are_refused(tmp_path: Path):
    checkpoint = save(tmp_path / "finetuned.pt", write_data(tmp_path / "bin"))
    other = write_data(tmp_path / "other", ("ADJ", "NOUN", "X"))
    with pytest.raises(InputError, match=r"labels/dict\.txt: the labels are ADJ NOUN X, those of .* ADJ NOUN VERB; "):
        command(checkpoint, other)


def test_a_head_that_does_not_fit_is_refused_though_the_checkpoint_does_not_name_its_labels(tmp_path: Path):
    checkpoint = save(tmp_path / "finetuned.pt", write_data(tmp_path / "bin"), keep_labels=False)
    with pytest.raises(InputError, match=r"finetuned\.pt: tells 3 labels apart, .*other has 4"):
        command(checkpoint, write_data(tmp_path / "other", (*TAGS, "X")))


def test_a_model_that_was_only_pre_trained_is_refused(tmp_path: Path):
    data = write_data(tmp_path / "bin")
    checkpoint = save(tmp_path / "pretrained.pt", data)
    state = torch.load(checkpoint)
    state["cfg"]["task"] = {"_name": "multilingual_mlm", "data": "bin"}
    state["model"] = {key: value for key, value in state["model"].items() if not key.startswith("classification_")}
    torch.save(state, checkpoint)
    with pytest.raises(InputError, match=r"pretrained\.pt: holds no classification head; fine-tune it"):
        command(checkpoint, data)


def test_the_language_of_the_data_is_not_guessed(tmp_path: Path):
    data = write_data(tmp_path / "bin")
    checkpoint = save(tmp_path / "finetuned.pt", data, languages="en,xx", language="en")
    with pytest.raises(InputError, match=r"has language embeddings \(en, xx\); give --language"):
        command(checkpoint, data)
    assert command(checkpoint, data, "--language", "xx")


def test_an_input_longer_than_the_model_is_refused_in_one_line(tmp_path: Path):
    data = write_data(tmp_path / "bin", lengths=(3, 15))
    checkpoint = save(tmp_path / "finetuned.pt", data)
    with pytest.raises(InputError, match=r"17 tokens, the model positions for 16; fine-tune with --max-length 16"):
        command(checkpoint, data)


def test_a_batch_holds_at_least_one_sentence(tmp_path: Path):
    data = write_data(tmp_path / "bin")
    checkpoint = save(tmp_path / "finetuned.pt", data)
    with pytest.raises(InputError, match="--batch-size 0"):
        command(checkpoint, data, "--batch-size", "0")


def tell(data: Path, **known: Any) -> None:
    """Write beside the data what they are made from."""
    own = Identity.of_dict(data / "tokens" / "dict.txt")
    Identity(own.symbols, own.counts, **known).write(data / "tokens" / FILE_NAME)


def test_data_of_another_vocabulary_of_the_same_size_are_refused(tmp_path: Path):
    checkpoint = save(tmp_path / "finetuned.pt", write_data(tmp_path / "bin"))
    other = write_data(tmp_path / "other")
    words = (other / "tokens" / "dict.txt").read_text().splitlines(keepends=True)
    (other / "tokens" / "dict.txt").write_text("".join(words[::-1]))
    with pytest.raises(
        InputError, match=r"other/tokens/dict\.txt: is of another vocabulary \(\w+\) than the checkpoint"
    ):
        command(checkpoint, other)


def test_data_of_another_transformation_are_refused(tmp_path: Path):
    data, other = write_data(tmp_path / "bin"), write_data(tmp_path / "other")
    tell(data, transformation="syn:noun=fr seed=1 files=aa")
    tell(other, transformation="syn:noun=fr seed=1 files=bb")
    with pytest.raises(
        InputError, match=r"is of another transformation \(syn:noun=fr seed=1 files=bb\) than the checkp"
    ):
        command(save(tmp_path / "finetuned.pt", data), other)


def test_the_language_of_the_data_is_compared_with_the_one_given(tmp_path: Path):
    data = write_data(tmp_path / "bin")
    tell(data, languages=("en", "xx"), language="en")
    checkpoint = save(tmp_path / "finetuned.pt", data, languages="en,xx", language="en")
    with pytest.raises(InputError, match=r"is of another language \(en\) than --language \(xx\)"):
        command(checkpoint, data, "--language", "xx")
    assert command(checkpoint, data, "--language", "en")


def test_what_predicted_is_recorded_beside_the_predictions(tmp_path: Path):
    data = write_data(tmp_path / "bin")
    (tmp_path / "valid.tsv").write_text("w0\tADJ\n" * 3 + "\n" + "w0\tADJ\n" * 5)
    tell(data, languages=("en", "xx"), language="en")
    checkpoint = save(tmp_path / "finetuned.pt", data)
    command(checkpoint, data)
    record = json.loads((tmp_path / "test.tsv.origin.json").read_text())
    assert record["model"] == sha256_of(checkpoint)
    assert record["gold"] == hash_labels(tmp_path / "valid.tsv", tags=True)
    assert record["data"] == Identity.of_dict(data / "tokens" / "dict.txt").as_json()
    assert record["trained"]["language"] == "en"
