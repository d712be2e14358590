"""What a GPU computes against what a CPU computes: `pytest -m gpu` on a machine with one, skipped elsewhere.

The same comparison runs on a CPU in bfloat16, so that what a GPU will run is itself known to run.
"""

from __future__ import annotations

import pytest
import torch
from fairseq import utils
from omegaconf import OmegaConf

from fairseq_alignmlm.criterions.align_mlm import AlignMLM, AlignMLMConfig
from fairseq_alignmlm.criterions.dict_mlm import DictMLM, DictMLMConfig
from fairseq_alignmlm.criterions.mlm import MLM
from fairseq_alignmlm.criterions.tlm import TLM, TLMConfig
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.process_memory import prepare_training
from fairseq_alignmlm.tasks.multilingual_mlm import MultilingualMLM, MultilingualMLMConfig

OBJECTIVES = ["mlm", "align_mlm", "dict_mlm", "tlm"]
SIZES = {"encoder_layers": 2, "encoder_embed_dim": 64, "encoder_ffn_embed_dim": 128, "encoder_attention_heads": 2}
# Settings, and how far loss and gradients may be from those in float32 on a CPU, relative.
WAYS = {
    "float32": ({}, 1e-5, 1e-4),
    "tfloat32": ({"compute_dtype": "tfloat32"}, 1e-2, 2e-2),
    "bfloat16": ({"compute_dtype": "bfloat16"}, 2e-2, 4e-2),
    "float16": ({}, 1e-2, 2e-2),
    "checkpointing": ({"compute_dtype": "bfloat16", "checkpoint_activations": True}, 2e-2, 4e-2),
    "compile": ({"compile_layers": True}, 1e-4, 1e-3),
}
TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


def on_gpu(count=1):
    available = torch.cuda.is_available() and torch.cuda.device_count() >= count
    return [pytest.mark.gpu, pytest.mark.skipif(not available, reason=f"no CUDA device, or fewer than {count}")]


def make_criterion(objective, task, pair):
    dictionary = str(pair / "dictionary.25.tsv")
    if objective == "align_mlm":
        return AlignMLM(AlignMLMConfig(dictionary=dictionary), task)
    if objective == "dict_mlm":
        return DictMLM(DictMLMConfig(dictionary=dictionary), task)
    return TLM(TLMConfig(tlm_ratio=1.0), task) if objective == "tlm" else MLM(None, task)


def loss_and_gradients(pair, objective, device, half=False, **settings):
    """Return the loss and all gradients of one batch, float64 on the CPU."""
    cfg = MultilingualMLMConfig(data=str(pair / "bin"), languages="en,xx", tokens_per_sample=32, seed=1)
    task = MultilingualMLM.setup_task(cfg)
    torch.manual_seed(1)
    settings = {"max_positions": 64, "dropout": 0.0, "attention_dropout": 0.0, "init_std": 0.1} | SIZES | settings
    settings |= {"language_embeddings": objective in ("dict_mlm", "tlm")}
    model = task.build_model(OmegaConf.structured(MultilingualRobertaConfig(_name="multilingual_roberta", **settings)))
    criterion = make_criterion(objective, task, pair).to(device)
    task.load_dataset("train")
    dataset = task.dataset("train")
    batch = dataset.collater([dataset[index] for index in range(0, len(dataset), 2)])
    model = model.to(device).train()
    if device == "cuda":
        prepare_training(model)
        batch = utils.move_to_cuda(batch)
    with torch.autocast(device, torch.float16, enabled=half):
        loss, _, _ = criterion(model, batch)
    loss.backward()
    names = [name for name, _ in model.named_parameters()]
    gradients = [parameter.grad.double().cpu() for parameter in model.parameters()]
    return loss.item(), dict(zip(names, gradients, strict=True))


def compare(pair, objective, way, device):
    settings, loss_error, gradient_error = WAYS[way]
    right, exact = loss_and_gradients(pair, objective, "cpu")
    loss, found = loss_and_gradients(pair, objective, device, half=way == "float16", **settings)
    assert loss == pytest.approx(right, rel=loss_error)
    distance = sum((found[name] - gradient).square().sum() for name, gradient in exact.items()).sqrt()
    assert distance < gradient_error * sum(gradient.square().sum() for gradient in exact.values()).sqrt()


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("way", [pytest.param(way, marks=on_gpu()) for way in WAYS])
def test_loss_and_gradients_are_those_of_a_cpu(tiny_pair, objective, way, monkeypatch):
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)  # and back afterwards
    compare(tiny_pair, objective, way, "cuda")


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("way", ["bfloat16", "checkpointing"])
def test_the_comparison_itself_on_a_cpu(tiny_pair, objective, way):
    compare(tiny_pair, objective, way, "cpu")


@pytest.mark.parametrize("half", [pytest.param(True, marks=on_gpu())])
def test_an_update_of_the_papers_model_stays_within_its_memory(half):
    """32 x 512 tokens, 80,005 symbols, bfloat16: 16 bytes a parameter and the activations, but never all logits."""
    from types import SimpleNamespace

    from fairseq.data import Dictionary

    from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

    dictionary = Dictionary()
    for number in range(80_000):
        dictionary.add_symbol(f"w{number}")
    dictionary.add_symbol("<mask>")
    task = SimpleNamespace(source_dictionary=dictionary, languages=["a", "b"])
    model = MultilingualRoberta.build_model(MultilingualRobertaConfig(compute_dtype="bfloat16"), task).cuda().train()
    tokens = torch.randint(4, 80_000, (32, 512), device="cuda")
    selected = torch.randperm(tokens.numel(), device="cuda")[: tokens.numel() * 15 // 100]
    torch.cuda.reset_peak_memory_stats()
    loss, _ = model(tokens, has_padding=False, masked_tokens=selected, masked_targets=tokens)
    loss.backward()
    assert torch.cuda.max_memory_allocated() < 12 * 2**30


def train(training, *options, launcher=()):
    """Train on the GPU: the options of the other tests without ``--cpu``."""
    command = training.command
    training.command = lambda *given, **rest: [each for each in command(*given, **rest) if each != "--cpu"]
    return training.logs(*options, launcher=launcher)


def losses(entries):
    return {int(each["num_updates"]): float(each["loss"]) for each in entries if "ups" in each}


COMMON = ("--criterion", "align_mlm", "--dropout", "0", "--attention-dropout", "0", "--curriculum", "1000")


@pytest.mark.parametrize("way", [pytest.param("one", marks=on_gpu()), pytest.param("two", marks=on_gpu(2))])
def test_updates_in_parts_and_on_two_gpus_are_those_in_one_go(training, way):
    common = (*COMMON, "--dictionary", str(training.pair / "dictionary.25.tsv"), "--max-update", "8")
    common = (*common, "--disable-validation", "--no-save")
    whole = losses(train(training, *common, "--batch-size", "8"))
    if way == "one":
        parts = train(training, *common, "--batch-size", "2", "--update-freq", "4")
    else:
        parts = train(training, *common, "--batch-size", "4", "--ddp-backend", "pytorch_ddp", launcher=TWO)
    assert losses(parts) == pytest.approx(whole, abs=2e-3)


@pytest.mark.parametrize("precision", [pytest.param(name, marks=on_gpu()) for name in ("float32", "bfloat16")])
def test_a_run_continues_where_it_stopped(training, precision):
    common = (*COMMON, "--dictionary", str(training.pair / "dictionary.25.tsv"), "--batch-size", "8")
    common = (
        *common,
        "--disable-validation",
        "--compute-dtype",
        precision,
        "--optimizer",
        "fused_adam",
        "--lr",
        "1e-3",
    )
    common = (*common, "--lr-scheduler", "fixed", "--no-epoch-checkpoints")
    whole = losses(train(training, *common, "--max-update", "20", "--save-dir", "whole"))
    train(training, *common, "--max-update", "10", "--save-dir", "parts")
    rest = losses(train(training, *common, "--max-update", "20", "--save-dir", "parts"))
    assert sorted(rest) == list(range(11, 21))
    assert rest == pytest.approx({number: whole[number] for number in rest}, rel=1e-3)
