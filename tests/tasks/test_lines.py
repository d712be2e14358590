"""One sentence, or one sentence pair, an instance: the batch against the binarized sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary
from fairseq.data.indexed_dataset import MMapIndexedDatasetBuilder

from fairseq_alignmlm.data.parallel import HALVES, PACKED, ParallelSettings
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.tasks.multilingual_mlm import MultilingualMLM, MultilingualMLMConfig

BOS, PAD, EOS = 0, 1, 2
FIRST = [[4, 5, 6], [7], [], [8, 9], [4] * 30]
SECOND = [[14, 15], [17, 18], [], [18, 19, 20, 21, 22], [14] * 30]


def write_data(folder: Path) -> Path:
    dictionary = Dictionary()
    for number in range(20):
        dictionary.add_symbol(f"w{number}")
    folder.mkdir()
    dictionary.save(str(folder / "dict.txt"))
    for language, sentences in (("en", FIRST), ("xx", SECOND)):
        (folder / language).mkdir()
        for split in ("train", "valid"):
            prefix = folder / language / split
            builder = MMapIndexedDatasetBuilder(f"{prefix}.bin", dtype=np.int32)
            for sentence in sentences:
                builder.add_item(torch.tensor([*sentence, EOS]))
            builder.finalize(f"{prefix}.idx")
    return folder


def batch_of(data, parallel=None, **settings):
    cfg = MultilingualMLMConfig(
        data=str(data),
        languages="en,xx",
        instances="lines",
        seed=1,
        **{"tokens_per_sample": 12, "mask_prob": 1e-12} | settings,
    )
    task = MultilingualMLM.setup_task(cfg)
    if parallel:
        task.use_sentence_instances(parallel)
    task.load_dataset("valid")
    dataset = task.dataset("valid")
    return dataset.collater([dataset[index] for index in range(len(dataset))])


def rows(batch):
    keys = ("src_tokens", "positions")
    columns = [batch["net_input"][key].tolist() for key in keys] + [batch["language_ids"].tolist()]
    for tokens, positions, ids in zip(*columns, strict=True):
        length = sum(token != PAD for token in tokens)
        assert tokens[length:] == [PAD] * (len(tokens) - length)
        yield tokens[:length], positions[:length], ids[:length]


def test_every_line_is_an_instance_whose_positions_begin_with_it(tmp_path):
    found = list(rows(batch_of(write_data(tmp_path / "bin"))))
    kept = [(1, line) for line in FIRST if 0 < len(line) < 20] + [(2, line) for line in SECOND if 0 < len(line) < 20]
    assert found == [
        ([BOS, *line, EOS], list(range(2, 4 + len(line))), [number] * (2 + len(line))) for number, line in kept
    ]


@pytest.mark.parametrize("layout", [HALVES, PACKED])
def test_both_sentences_of_a_pair_are_one_instance_and_their_positions_begin_with_each(tmp_path, layout):
    parallel = ParallelSettings(1.0, layout, None, (("en", "xx"),))
    found = list(rows(batch_of(write_data(tmp_path / "bin"), parallel)))[6:]
    expected = []
    for first, second in zip(FIRST, SECOND, strict=True):
        if 0 < len(first) < 20:
            sides = [BOS, *first, EOS], [BOS, *second, EOS]
            positions = [place + 2 for side in sides for place in range(len(side))]
            expected.append((sides[0] + sides[1], positions, [1] * len(sides[0]) + [2] * len(sides[1])))
    # The last pair has 2 + 5 words: together 11 tokens, which fit into 12 though one side exceeds half.
    assert sorted(found) == sorted(expected)


def test_a_limit_that_no_line_keeps_is_named(tmp_path):
    with pytest.raises(InputError, match="every sentence exceeds --tokens-per-sample 2"):
        batch_of(write_data(tmp_path / "bin"), tokens_per_sample=2)


def test_random_tokens_can_be_left_out(tmp_path):
    batch = batch_of(write_data(tmp_path / "bin"), mask_prob=1.0, random_token_prob=0.0, leave_unmasked_prob=0.2)
    source, target = batch["net_input"]["src_tokens"].flatten(), batch["target"].flatten()
    chosen = target.ne(PAD)
    mask = 24
    assert chosen.sum() == 15
    assert (source[chosen].eq(mask) | source[chosen].eq(target[chosen])).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mask_prob_last": 0.15}, "belong together"),
        ({"mask_prob_last": 0.15, "mask_prob_epochs": 1}, "--mask-prob-epochs 1 is not"),
        ({"mask_prob_last": 0.0, "mask_prob_epochs": 3}, "--mask-prob-last 0 is not"),
        ({"short_first": True, "curriculum": 0}, "--curriculum N"),
        ({"ddp_backend": "fully_sharded"}, "give pytorch_ddp"),
    ],
)
def test_halves_of_settings_are_refused(tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        batch_of(write_data(tmp_path / "bin"), mask_prob=0.3, **settings)
