"""Our MLM against fairseq's own `masked_lm`, and batches with flat indices against batches without."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from fairseq.criterions.masked_lm import MaskedLmConfig, MaskedLmLoss
from fairseq.data import Dictionary
from fairseq.dataclass import FairseqDataclass

from fairseq_alignmlm.criterions.mlm import MLM
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta


def make_task():
    dictionary = Dictionary()
    for i in range(30):
        dictionary.add_symbol(f"w{i}")
    return SimpleNamespace(source_dictionary=dictionary, target_dictionary=dictionary, languages=["en", "xx"])


def gradients(criterion, model, sample):
    model.zero_grad()
    loss, size, log = criterion(model, sample)
    loss.backward()
    return loss.detach(), int(size), log, {name: p.grad.clone() for name, p in model.named_parameters()}


def test_loss_size_and_gradients_are_those_of_masked_lm():
    task = make_task()
    torch.manual_seed(1)
    cfg = MultilingualRobertaConfig(
        encoder_layers=2, encoder_embed_dim=16, encoder_ffn_embed_dim=32, encoder_attention_heads=2, max_positions=12
    )
    model = MultilingualRoberta.build_model(cfg, task).eval()  # without dropout
    tokens = torch.randint(4, 34, (3, 12))
    target = torch.where(torch.rand(3, 12) < 0.4, tokens, 1)
    sample = {"net_input": {"src_tokens": tokens}, "target": target, "ntokens": 36, "nsentences": 3}
    stock_task = SimpleNamespace(**vars(task), cfg=None)
    expected = gradients(MaskedLmLoss(MaskedLmConfig(tpu=False), stock_task), model, sample)
    flat = target.ne(1).flatten().nonzero()[:, 0]
    for batch in (sample, sample | {"selected": flat}):
        found = gradients(MLM(FairseqDataclass(), task), model, batch)
        torch.testing.assert_close(found[0], expected[0])
        assert found[1] == expected[1]
        assert found[2].keys() == expected[2].keys()
        for name, gradient in expected[3].items():
            torch.testing.assert_close(found[3][name], gradient, msg=lambda text, name=name: f"{name}: {text}")
