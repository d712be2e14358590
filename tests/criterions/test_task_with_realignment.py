"""Fine-tuning and realignment in one update: both losses and gradients, freezing, the batch of an update, the log."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary

from fairseq_alignmlm.criterions.task_with_realignment import TaskWithRealignment, TaskWithRealignmentConfig
from fairseq_alignmlm.data.linked_batches import LinkedBatches
from fairseq_alignmlm.data.linked_sentences import open_linked
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.freezing import frozen_names
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary
from tests.linked_data import reversed_pairs, write_linked

LAYERS, LABELS = 4, 3


@pytest.fixture
def setting(tmp_path):
    """A fine-tuning task in name, a model with a head, and a batch of tagged sentences."""
    (tmp_path / "dict.txt").write_text("".join(f"w{i} 1\n" for i in range(80)))
    write_linked(tmp_path / "links", tmp_path / "dict.txt", {"train": reversed_pairs(20, seed=3)})
    labels = Dictionary()
    for name in ("B-PER", "I-PER", "O"):
        labels.add_symbol(name)

    def open_links(folders, ending):
        return open_linked(folders, "train", Identity(), "x", bos=0, padding_index=1, seed=1, ending=ending)

    task = SimpleNamespace(
        head="xtreme_tagging",
        criterion_name="token_tagging",
        label_dictionary=labels,
        labels=labels.symbols[4:],
        target_dictionary=labels,
        width=16,
        layers=LAYERS,
        open_links=open_links,
        initial_model=lambda path: None,
        cfg=SimpleNamespace(
            save_dir=str(tmp_path / "out"), restore_file="checkpoint_last.pt", finetune_from_model=None
        ),
        languages=(),
        source_dictionary=load_vocabulary(tmp_path / "dict.txt"),
    )
    torch.manual_seed(0)
    cfg = MultilingualRobertaConfig(
        encoder_layers=LAYERS,
        encoder_embed_dim=16,
        encoder_ffn_embed_dim=32,
        encoder_attention_heads=2,
        max_positions=32,
        dropout=0.0,
        attention_dropout=0.0,
    )
    model = MultilingualRoberta.build_model(cfg, task)
    model.register_classification_head("xtreme_tagging", LABELS, per_token=True)
    tokens = torch.randint(4, 84, (5, 7))
    target = torch.where(torch.rand(5, 7) < 0.6, torch.randint(4, 4 + LABELS, (5, 7)), 1)
    sample = {"net_input": {"src_tokens": tokens}, "target": target, "ntokens": 35, "nsentences": 5, "update": 0}

    def make(**settings):
        settings = {"links": str(tmp_path / "links"), "update_freq": [1]} | settings
        torch.manual_seed(2)
        return TaskWithRealignment(TaskWithRealignmentConfig(**settings), task)

    return SimpleNamespace(model=model.train(), sample=sample, make=make, task=task)


def gradients(model, loss):
    model.zero_grad()
    loss.backward(retain_graph=True)
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def parts(criterion, setting, update=0):
    """Return both losses of an update, computed on their own: the mean over labels and over linked words."""
    task_loss, size, _ = criterion.task_criterion(setting.model, setting.sample)
    batch = criterion._batches.batch(update)
    realignment, _ = criterion.realignment(setting.model, batch)
    return task_loss / size, realignment / (2 * len(batch["links"]))


def test_loss_and_gradient_are_those_of_both_losses_together(setting):
    criterion = setting.make(realignment_weight=0.3)
    loss, size, log = criterion(setting.model, setting.sample)
    assert size == setting.sample["target"].ne(1).sum()
    task_loss, realignment = parts(criterion, setting)
    torch.testing.assert_close(loss / size, task_loss + 0.3 * realignment)
    both, one, other = (gradients(setting.model, each) for each in (loss / size, task_loss, realignment))
    for name, gradient in both.items():
        zero = torch.zeros_like(gradient)
        torch.testing.assert_close(gradient, one.get(name, zero) + 0.3 * other.get(name, zero))
    assert float(log["loss"]) == pytest.approx(float(task_loss * size))
    assert float(log["realignment_loss"]) == pytest.approx(float(realignment * log["linked_words"]))


@pytest.mark.parametrize("kind", ["sentence_classification", "answer_span"])
def test_other_tasks_get_the_loss_beside_their_own_too(setting, kind):
    setting.task.head, setting.task.criterion_name = kind, kind
    setting.model.register_classification_head(
        kind, LABELS if kind != "answer_span" else 2, per_token=kind == "answer_span"
    )
    target = (
        torch.tensor([4, 5, 6, 4, 5])
        if kind != "answer_span"
        else torch.tensor([[1, 2], [0, 0], [3, 3], [2, 6], [5, 6]])
    )
    setting.sample |= {"target": target, "answerable": torch.ones(5, 7, dtype=torch.bool)}
    criterion = setting.make()
    loss, size, log = criterion(setting.model, setting.sample)
    task_loss, realignment = parts(criterion, setting)
    assert size == 5 and "correct" in log
    torch.testing.assert_close(loss / size, task_loss + 0.1 * realignment)


@pytest.mark.parametrize("part", ["front", "back"])
def test_frozen_layers_get_the_gradient_of_the_task_alone(setting, part):
    criterion = setting.make(freeze=part, layer=LAYERS, realignment_weight=2.0)
    loss, size, _ = criterion(setting.model, setting.sample)
    both = gradients(setting.model, loss / size)
    alone = gradients(setting.model, parts(criterion, setting)[0])
    frozen = set(frozen_names(setting.model, part))
    for name in frozen:
        torch.testing.assert_close(both[name], alone[name], rtol=0, atol=0)
    changed = {name for name in alone if not torch.allclose(both[name], alone[name])}
    assert not changed & frozen
    assert {name for name in changed if ".layers." in name}


def test_alone_only_the_encoder_is_trained_and_the_head_stays(setting):
    criterion = setting.make(alone=True, freeze="back")
    criterion.prepare(setting.model)
    loss, size, log = criterion(setting.model, setting.sample)
    found = gradients(setting.model, loss)
    assert not [name for name in found if "classification_heads" in name]
    assert {int(name.split(".")[3]) for name in found if ".layers." in name} == {0, 1}
    assert size == log["linked_words"] == log["sample_size"]
    assert "correct" not in log


def test_validation_is_that_of_the_task(setting):
    criterion = setting.make()
    setting.model.eval()
    ours, plain = criterion(setting.model, setting.sample), criterion.task_criterion(setting.model, setting.sample)
    assert torch.equal(ours[0], plain[0])
    assert ours[2].keys() == plain[2].keys()


def test_gradients_in_the_log_are_norms_and_cosines_of_the_two_terms(setting):
    criterion = setting.make(gradient_interval=5, layer=LAYERS, realignment_weight=0.5)
    log = criterion(setting.model, setting.sample)[2]
    task_loss, realignment = parts(criterion, setting)
    one, other = gradients(setting.model, task_loss), gradients(setting.model, 0.5 * realignment)
    groups = {"embeddings": "embed", "lower": ".layers.[01].", "upper": ".layers.[23].", "head": "classification_heads"}

    for group, pattern in groups.items():
        names = [name for name, _ in setting.model.named_parameters() if re.search(pattern, name)]
        names = [name for name in names if "lm_head" not in name]

        def flat(found, names=names):
            shapes = dict(setting.model.named_parameters())
            return torch.cat([found.get(name, torch.zeros_like(shapes[name])).flatten() for name in names])

        a, b = flat(one), flat(other)
        assert float(log[f"gradient_{group}_task"]) == pytest.approx(float(a.norm()), rel=1e-4)
        assert float(log[f"gradient_{group}_realignment"]) == pytest.approx(float(b.norm()), rel=1e-4, abs=1e-7)
        expected = float(a @ b / a.norm() / b.norm()) if group != "head" else 0.0
        assert float(log[f"gradient_{group}_cosine"]) == pytest.approx(expected, abs=1e-4)
    setting.sample["update"] = 3
    assert not [key for key in criterion(setting.model, setting.sample)[2] if key.startswith("gradient")]


def test_workers_get_what_micro_batches_of_one_would_get(setting):
    sentences = setting.make()._batches._sentences
    one, two = LinkedBatches(sentences, 3, 2), [LinkedBatches(sentences, 3, 1) for _ in range(2)]
    for update in range(12):
        micro = [one.take(update)["id"].tolist() for _ in range(2)]
        assert micro == [batches.take(update, worker, 2)["id"].tolist() for worker, batches in enumerate(two)]


def test_the_batch_of_an_update_depends_on_nothing_but_its_number(setting):
    sentences = setting.make()._batches._sentences
    straight = LinkedBatches(sentences, 6)
    ids = [straight.take(update)["id"].tolist() for update in range(10)]
    again = LinkedBatches(sentences, 6)
    assert [again.take(update)["id"].tolist() for update in range(7, 10)] == ids[7:]
    epoch = [number for each in ids[:3] for number in each]
    assert len(set(epoch)) == 18  # 3 whole batches of 20 pairs are an epoch
    assert LinkedBatches(sentences, 64).take(5)["nsentences"] == 20


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"links": None}, "needs --links FOLDER"),
        ({"links": "/nothing"}, "no such folder of linked sentences"),
        ({"realignment_weight": 0.0}, "--realignment-weight 0 is not"),
        ({"realignment_batch": 0}, "--realignment-batch 0"),
        ({"contrast": "mse"}, "--anchor-model"),
    ],
)
def test_settings_that_make_no_sense_are_refused(setting, settings, message):
    with pytest.raises(InputError, match=message):
        setting.make(**settings)
