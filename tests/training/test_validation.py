"""What the tasks make of data and models without a training run: validation by language, lengths."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fairseq import metrics
from fairseq.distributed import utils as distributed_utils
from omegaconf import OmegaConf

from fairseq_alignmlm.criterions.align_mlm import AlignMLM, AlignMLMConfig
from fairseq_alignmlm.criterions.dict_mlm import DictMLM, DictMLMConfig
from fairseq_alignmlm.criterions.mlm import MLM
from fairseq_alignmlm.criterions.tlm import TLM, TLMConfig
from fairseq_alignmlm.data.batches import select_rows
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import language_names
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.tasks.multilingual_mlm import MultilingualMLM, MultilingualMLMConfig
from fairseq_alignmlm.tasks.xtreme_tagging import XtremeTagging, XtremeTaggingConfig

SIZES = {"encoder_layers": 1, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 16, "encoder_attention_heads": 2}


def make_task(pair, **settings):
    cfg = MultilingualMLMConfig(data=str(pair / "bin"), **({"tokens_per_sample": 16, "seed": 1} | settings))
    return MultilingualMLM.setup_task(cfg)


def make_model(task, **settings):
    torch.manual_seed(1)
    settings = {"max_positions": 64} | SIZES | settings
    return task.build_model(OmegaConf.structured(MultilingualRobertaConfig(_name="multilingual_roberta", **settings)))


def make_batch(task, split, count=3):
    """The first instances of every part."""
    task.load_dataset(split)
    dataset = task.dataset(split)
    by_part = {}
    for item in (dataset[index] for index in range(len(dataset))):
        by_part.setdefault(item["part"], []).append(item)
    return dataset.collater([item for items in by_part.values() for item in items[:count]])


def part(batch, number):
    return select_rows(batch, batch["part"] == number)


def test_validation_of_a_mixed_batch_is_that_of_each_language(tiny_pair):
    task = make_task(tiny_pair)
    model, criterion = make_model(task), MLM(None, task)
    batch = make_batch(task, "valid")
    loss, size, log = task.valid_step(batch, model, criterion)
    for number, name in enumerate(task.languages):
        alone = criterion(model.eval(), part(batch, number))
        torch.testing.assert_close(log[f"loss/{name}"], alone[0].detach())
        assert log[f"sample_size/{name}"] == alone[1] > 0
    torch.testing.assert_close(loss, log["loss/en"] + log["loss/xx"])
    assert size == log["sample_size/en"] + log["sample_size/xx"] == log["sample_size"]
    assert (log["ntokens"], log["nsentences"]) == (batch["ntokens"], batch["nsentences"])


def make_criterion(objective, task, pair):
    dictionary = str(pair / "dictionary.25.tsv")
    if objective == "align_mlm":
        return AlignMLM(AlignMLMConfig(dictionary=dictionary), task)
    if objective == "dict_mlm":
        return DictMLM(DictMLMConfig(dictionary=dictionary), task)
    return TLM(TLMConfig(tlm_ratio=1.0), task) if objective == "tlm" else MLM(None, task)


@pytest.mark.parametrize("objective", ["mlm", "align_mlm", "dict_mlm", "tlm"])
def test_the_loss_of_a_language_is_that_of_mlm_alone_whatever_the_objective(tiny_pair, objective):
    task = make_task(tiny_pair, tokens_per_sample=32)
    criterion = make_criterion(objective, task, tiny_pair)
    model = make_model(task, language_embeddings=objective in ("dict_mlm", "tlm"))
    batch = make_batch(task, "valid")
    _, _, log = task.valid_step(batch, model, criterion)
    with metrics.aggregate() as logged:
        task.reduce_metrics([log], criterion)
    for number, name in enumerate(task.languages):
        alone, size, _ = MLM(None, task)(model, part(batch, number))
        assert log[f"loss/{name}"].item() == pytest.approx(alone.item(), rel=1e-6)
        assert logged.get_smoothed_values()[f"loss_{name}"] == pytest.approx(
            (alone / size / np.log(2)).item(), abs=6e-4
        )
    if objective in ("align_mlm", "dict_mlm"):
        assert logged.get_smoothed_values()["mlm_loss"] != logged.get_smoothed_values()["loss"]


@pytest.mark.parametrize("objective", ["mlm", "tlm"])
def test_workers_with_other_languages_sum_the_same_entries(tiny_pair, monkeypatch, objective):
    task = make_task(tiny_pair, tokens_per_sample=32)
    criterion = MLM(None, task) if objective == "mlm" else TLM(TLMConfig(tlm_ratio=1.0), task)
    model = make_model(task, language_embeddings=True)
    batch = make_batch(task, "valid")
    parts = sorted(set(batch["part"].tolist()))
    assert len(parts) == (2 if objective == "mlm" else 3)
    whole = task.valid_step(batch, model, criterion)
    workers = [task.valid_step(part(batch, number), model, criterion) for number in parts]
    buffers = []
    monkeypatch.setattr(distributed_utils, "all_reduce", lambda buffer, group: buffers[-1].append(buffer.clone()))
    for worker in (*workers, whole):
        buffers.append([])
        distributed_utils.all_reduce_dict({"size": worker[1]} | worker[2], torch.device("cpu"), group=None)
        assert list(worker[2]) == list(whole[2])
        assert [type(value) for value in worker[2].values()] == [type(value) for value in whole[2].values()]
    expected = buffers.pop()
    for reduced, right in zip(zip(*buffers, strict=True), expected, strict=True):
        torch.testing.assert_close(torch.stack(reduced).sum(0), right, rtol=1e-5, atol=1e-3)


def test_a_validation_set_of_one_language_is_logged_under_its_name(tiny_pair):
    task = make_task(tiny_pair)
    model, criterion = make_model(task), MLM(None, task)
    _, _, log = task.valid_step(make_batch(task, "valid_xx"), model, criterion)
    with metrics.aggregate() as logged:
        task.reduce_metrics([log], criterion)
    assert "loss_xx" in logged.get_smoothed_values()
    assert "loss_en" not in logged.get_smoothed_values()


def test_instances_longer_than_the_positions_are_refused(tiny_pair):
    task = make_task(tiny_pair, tokens_per_sample=64)
    make_model(task, max_positions=64)
    task.load_dataset("valid")
    make_model(task, max_positions=63)
    with pytest.raises(InputError, match=r"an instance has 64 tokens, the model positions for 63; give --tokens-per-s"):
        task.load_dataset("valid")


def test_fine_tuning_data_longer_than_the_positions_are_refused(tiny_pair, tmp_path, write_binarized):
    for name, symbols in (("tokens", [f"w{i}" for i in range(40)]), ("labels", ["NOUN"])):
        write_binarized(tmp_path / name / "valid", [[4] * 8, [4] * 20], 50)
        (tmp_path / name / "dict.txt").write_text("".join(f"{symbol} 1\n" for symbol in symbols))
    settings = {"data": str(tmp_path), "batch_size": 4, "seed": 1}
    task = XtremeTagging.setup_task(XtremeTaggingConfig(**settings))
    make_model(task, max_positions=22)
    task.load_dataset("valid")  # shorter than the default --max-length
    make_model(task, max_positions=21)
    with pytest.raises(InputError, match="22 tokens, the model positions for 21; give --max-length 21"):
        task.load_dataset("valid")
    task = XtremeTagging.setup_task(XtremeTaggingConfig(max_length=21, **settings))
    make_model(task, max_positions=21)
    task.load_dataset("valid")
    with pytest.raises(InputError, match="--max-length 3 is not at least 4"):
        XtremeTagging.setup_task(XtremeTaggingConfig(max_length=3, **settings))


def test_a_look_ahead_of_nothing_is_refused_and_one_is_passed_on(tiny_pair):
    with pytest.raises(InputError, match="--packing-look-ahead 0 is not at least 1"):
        make_task(tiny_pair, packing_look_ahead=0)
    counts = []
    for look_ahead in (1, 64):
        task = make_task(tiny_pair, tokens_per_sample=32, packing_look_ahead=look_ahead)
        TLM(TLMConfig(tlm_ratio=1.0), task)
        batch = make_batch(task, "train", count=10**6)
        counts.append([(batch["part"] == number).sum().item() for number in range(3)])
    assert all(fewer < more for more, fewer in zip(*counts, strict=True))


def test_a_checkpoint_keeps_the_languages_though_they_were_not_named(tiny_pair):
    state = {"task_state": make_task(tiny_pair).state_dict(), "cfg": {"task": {"languages": None}}}
    assert language_names(state) == ("en", "xx")
