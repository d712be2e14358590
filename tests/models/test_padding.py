"""Taking the padding out of a batch and putting it back, and a model that never sees it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary

from fairseq_alignmlm.models import attention
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.models.padding import Unpadding

PRESENT = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 0, 1]]).bool()  # padding may lie between, as in TLM's halves


def test_tokens_are_taken_and_put_back_with_their_gradients():
    unpadding = Unpadding(PRESENT)
    padded = torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    tokens = unpadding.take(padded)
    assert tokens.equal(padded[PRESENT])
    assert unpadding.put(tokens).equal(padded * PRESENT[..., None])
    assert unpadding.take_numbers(PRESENT.cumsum(1)).tolist() == [1, 2, 3, 1, 1, 2, 3]
    assert torch.autograd.gradcheck(unpadding.take, padded)
    assert torch.autograd.gradcheck(unpadding.put, tokens.detach().requires_grad_())
    known = Unpadding(PRESENT, PRESENT.flatten().nonzero()[:, 0])
    assert known.take(padded).equal(tokens)


@pytest.mark.parametrize("in_blocks", [True, False])
@pytest.mark.parametrize("settings", [{}, {"checkpoint_activations": True}, {"encoder_normalize_before": True}])
def test_every_row_of_a_padded_batch_has_the_states_and_gradients_that_it_has_alone(monkeypatch, in_blocks, settings):
    monkeypatch.setattr(attention, "suits_blocks", lambda *_: in_blocks)
    dictionary = Dictionary()
    for number in range(30):
        dictionary.add_symbol(f"w{number}")
    dictionary.add_symbol("<mask>")
    sizes = {"encoder_layers": 2, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_attention_heads": 2}
    cfg = MultilingualRobertaConfig(
        max_positions=9, dropout=0.0, attention_dropout=0.0, language_embeddings=True, **sizes, **settings
    )
    torch.manual_seed(1)
    model = MultilingualRoberta.build_model(cfg, SimpleNamespace(source_dictionary=dictionary, languages=["a", "b"]))
    model = model.double()
    random = torch.Generator().manual_seed(2)
    rows = [torch.randint(4, 34, (length,), generator=random) for length in (9, 4, 1, 6)]
    tokens = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)
    present = tokens.ne(1)
    ids = torch.tensor([[1], [2], [1], [2]]) * present
    loss, _ = model(tokens, language_ids=ids, masked_tokens=present, masked_targets=tokens)
    loss.backward()
    together = [parameter.grad.clone() for parameter in model.parameters()]
    features, extra = model(tokens, language_ids=ids, features_only=True, return_all_hiddens=True)
    model.zero_grad()
    total = 0.0
    for number, row in enumerate(rows):
        alone = row[None]
        own = torch.full_like(alone, 1 + number % 2)
        one, _ = model(alone, language_ids=own, masked_tokens=alone.ge(0), masked_targets=alone)
        one.backward()
        total += one.item()
        expected, states = model(alone, language_ids=own, features_only=True, return_all_hiddens=True)
        torch.testing.assert_close(features[number, : len(row)], expected[0])
        for ours, theirs in zip(extra["inner_states"], states["inner_states"], strict=True):
            torch.testing.assert_close(ours[number, : len(row)], theirs[0])
    assert loss.item() == pytest.approx(total)
    for ours, parameter in zip(together, model.parameters(), strict=True):
        torch.testing.assert_close(ours, parameter.grad)
