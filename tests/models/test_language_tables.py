"""Positions and special symbols of each language's own, against a model of that language alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from fairseq.data import Dictionary

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.architecture import architecture
from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta

POSITIONS = 20
SIZES = {"encoder_layers": 1, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 24, "encoder_attention_heads": 2}
SPECIALS = [0, 2, 3, 54]  # <s> </s> <unk> <mask>


def make_model(languages=("en", "xx", "yy"), **settings):
    dictionary = Dictionary()
    for number in range(50):
        dictionary.add_symbol(f"w{number}")
    dictionary.add_symbol("<mask>")
    task = SimpleNamespace(source_dictionary=dictionary, languages=list(languages))
    torch.manual_seed(1)
    cfg = MultilingualRobertaConfig(max_positions=POSITIONS, **SIZES, **settings)
    return MultilingualRoberta.build_model(cfg, task).eval()


def batch():
    tokens = torch.randint(4, 54, (3, 12), generator=torch.manual_seed(0))
    tokens[:, 0], tokens[:, 5], tokens[:, 7] = 0, 54, 3
    tokens[:, 11] = 2
    tokens[1, 7:] = 1
    return tokens


def alone(model, language):
    """Build a model without the options that has the tables of one language of ``model``."""
    plain, encoder = make_model(), model.encoder.sentence_encoder
    own = plain.encoder.sentence_encoder
    plain.load_state_dict({key: value for key, value in model.state_dict().items() if "embed_language_" not in key})
    if language > 1 and encoder.embed_language_positions is not None:
        table = encoder.embed_language_positions.weight.view(2, POSITIONS, -1)[language - 2]
        own.embed_positions.weight.data[2:] = table
    if language > 1 and encoder.embed_language_specials is not None:
        own.embed_tokens.weight.data[SPECIALS] = encoder.embed_language_specials.weight.view(2, 4, -1)[language - 2]
    return plain


@pytest.mark.parametrize("settings", [{"language_positions": True}, {"language_specials": True}])
@pytest.mark.parametrize("init", ["normal", "sinusoidal"])
def test_text_of_each_language_is_encoded_as_by_a_model_of_its_own(settings, init):
    model, tokens = make_model(position_init=init, **settings), batch()
    found = []
    for language in (1, 2, 3):
        ids = language * tokens.ne(1).long()
        found.append(model(tokens, language_ids=ids, features_only=True)[0][tokens.ne(1)])
        expected = alone(model, language)(tokens, features_only=True)[0]
        torch.testing.assert_close(found[-1], expected[tokens.ne(1)])
        # Without padding positions come as one row for all.
        torch.testing.assert_close(
            model(tokens[:1], language_ids=ids[:1], features_only=True)[0],
            alone(model, language)(tokens[:1], features_only=True)[0],
        )
    assert (found[0] - found[1]).abs().max() > 1e-3 < (found[1] - found[2]).abs().max()


def test_only_the_tables_that_were_used_get_a_gradient():
    model, tokens = make_model(language_positions=True, language_specials=True), batch()
    model(tokens, language_ids=3 * tokens.ne(1).long())[0].sum().backward()
    encoder = model.encoder.sentence_encoder
    for table in (encoder.embed_language_positions, encoder.embed_language_specials):
        second, third = table.weight.grad.abs().sum(1).chunk(2)
        assert second.sum() == 0 < third.sum()
    assert encoder.embed_positions.weight.grad.abs().sum() == 0  # rows of the first language, and of padding


def test_a_checkpoint_says_what_it_has_and_is_encoded_by_language(tmp_path):
    model = make_model(("en", "xx"), language_positions=True, language_specials=True)
    languages = {"languages": ["en", "xx"]}
    path, vocabulary = tmp_path / "model.pt", tmp_path / "dict.txt"
    torch.save({"model": model.state_dict(), "task_state": languages, "cfg": {"model": dict(SIZES)}}, path)
    vocabulary.write_text("".join(f"w{number} 1\n" for number in range(50)))
    found = architecture(torch.load(path), path)
    assert (found["language_positions"], found["language_specials"], found["max_positions"]) == (True, True, POSITIONS)
    encoder, sentence = SentenceVectors.load(path, vocabulary), [torch.tensor([7, 8, 9])]
    assert not torch.equal(encoder.vectors(sentence, 1, "en"), encoder.vectors(sentence, 1, "xx"))
    with pytest.raises(InputError, match="--languages"):
        encoder.vectors(sentence, 1)


def test_one_language_has_nothing_to_keep_apart():
    with pytest.raises(InputError, match="need several languages"):
        make_model(("en",), language_positions=True)
