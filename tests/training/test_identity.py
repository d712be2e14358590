"""What belongs to other data, or would do nothing, is refused before a number comes of it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from omegaconf import OmegaConf

from fairseq_alignmlm.criterions.dict_mlm import DictMLM, DictMLMConfig
from fairseq_alignmlm.criterions.tlm import TLM, TLMConfig
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import identity_of, read_state
from fairseq_alignmlm.identity import FILE_NAME, Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.tasks.multilingual_mlm import MultilingualMLM, MultilingualMLMConfig

SIZES = {"encoder_layers": 1, "encoder_embed_dim": 16, "encoder_ffn_embed_dim": 16, "encoder_attention_heads": 2}
MLM = ("--criterion", "masked_lm", "--batch-size", "8", "--max-update", "2", "--disable-validation")


def make_task(data, **settings):
    return MultilingualMLM.setup_task(
        MultilingualMLMConfig(data=str(data), **({"tokens_per_sample": 32, "seed": 1} | settings))
    )


@pytest.fixture
def data(tiny_pair, tmp_path):
    """A copy of the pair: `xx` is derived from `en`, so `en` and `xx` are also their order by name."""
    shutil.copytree(tiny_pair, tmp_path / "copy")
    return tmp_path / "copy" / "bin"


@pytest.fixture
def reversed_data(data):
    """The same, but the derived language comes first by name, as `de` does before `en`."""
    (data / "xx").rename(data / "aa")
    return data


def shuffle_symbols(data):
    """Another vocabulary of the same size."""
    lines = (data / "dict.txt").read_text().splitlines(keepends=True)
    (data / "dict.txt").write_text("".join([*lines[::-1]]))


def test_without_languages_those_of_the_data_come_in_their_order(reversed_data):
    assert make_task(reversed_data).languages == ["aa", "en"]
    own = Identity.of_dict(reversed_data / "dict.txt")
    Identity(own.symbols, own.counts, languages=("en", "aa")).write(reversed_data / FILE_NAME)
    assert make_task(reversed_data).languages == ["en", "aa"]
    assert make_task(reversed_data, languages="aa,en").languages == ["aa", "en"]


@pytest.mark.parametrize("told", [False, True])
def test_dict_mlm_refuses_a_dictionary_the_other_way_round(reversed_data, told):
    dictionary = reversed_data.parent / "dictionary.25.tsv"
    if told:
        identity = Identity(Identity.of_dict(reversed_data / "dict.txt").symbols, languages=("en", "aa"))
        dictionary.write_text(f"# {identity.comment()}\n" + dictionary.read_text())
    with pytest.raises(InputError, match="goes from en to aa"):
        DictMLM(DictMLMConfig(dictionary=str(dictionary)), make_task(reversed_data))
    task = make_task(reversed_data, languages="en,aa")
    assert len(DictMLM(DictMLMConfig(dictionary=str(dictionary)), task).table.translation) == 20


def test_dict_mlm_that_would_translate_nothing_is_refused(data):
    text = "".join(f"w{number}\txx:w{number}\n" for number in (38, 39))
    (data.parent / "d.tsv").write_text(text + "w1 w2\txx:w1 xx:w2\n")
    task = make_task(data)
    counts = {name: task.token_counts(name).copy() for name in task.languages}
    for each in counts.values():
        each[[4 + 38, 4 + 39, 44 + 38, 44 + 39]] = 0
    task._token_counts = counts
    with pytest.raises(InputError, match="no token of the text is in an entry of single pieces"):
        DictMLM(DictMLMConfig(dictionary=str(data.parent / "d.tsv")), task)


def test_xlm_needs_two_languages(data):
    with pytest.raises(InputError, match="--criterion tlm needs two languages or more, there is en"):
        TLM(TLMConfig(), make_task(data, languages="en"))


@pytest.mark.parametrize("split", ["train", "valid"])
def test_criterions_that_change_the_instances_refuse_data_that_are_loaded(data, split):
    task = make_task(data)
    task.load_dataset(split)
    for make in (
        lambda: TLM(TLMConfig(), task),
        lambda: DictMLM(DictMLMConfig(dictionary=str(data.parent / "dictionary.25.tsv")), task),
    ):
        with pytest.raises(InputError, match=f"{split}: loaded before the criterion, which decides its instances"):
            make()


def test_a_second_criterion_does_not_count_the_parts_twice(data):
    task = make_task(data)
    TLM(TLMConfig(), task)
    TLM(TLMConfig(), task)
    assert task._part_names == ["en", "xx", "tlm_en-xx"]


def tlm_pairs(task):
    task.load_dataset("train")
    return len(task.dataset("train")._parts[2]._instances.packing.kept)


def test_the_ratio_of_sentence_pairs_is_relative_to_l1_also_with_parallel_text_of_its_own(
    data, write_binarized, tmp_path, caplog
):
    rng = np.random.default_rng(0)
    for split, count in (("train", 40), ("valid", 10)):  # a third of the 120 sentences of L1
        for language, first in (("en", 4), ("xx", 44)):
            sentences = [(first + rng.integers(0, 40, 5)).tolist() for _ in range(count)]
            write_binarized(tmp_path / "parallel" / f"{split}.en-xx.{language}", sentences, 100)
    found = {}
    for ratio in (0.1, 0.25, 0.5):
        task = make_task(data)
        TLM(TLMConfig(tlm_ratio=ratio, tlm_parallel=str(tmp_path / "parallel")), task)
        with caplog.at_level("INFO"):
            found[ratio] = tlm_pairs(task)
    assert found == {0.1: 12, 0.25: 30, 0.5: 40}
    assert "wanted were 60 pairs (0.5 of L1's 120 sentences), these are all" in caplog.text
    Identity(symbols="other").write(tmp_path / "parallel" / FILE_NAME)
    with pytest.raises(InputError, match=r"parallel: is of another vocabulary \(other\) than dict.txt"):
        tlm_pairs(task)


def test_text_that_was_binarized_with_another_dict_txt_is_refused(data):
    Identity.of_dict(data / "dict.txt").write(data / "en" / FILE_NAME)
    make_task(data)
    shuffle_symbols(data)
    with pytest.raises(InputError, match=r"bin/en: is of another vocabulary .* than dict.txt .*; binarize the data"):
        make_task(data)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("mask_prob", float("nan"), "--mask-prob nan is not above 0 and up to 1"),
        ("random_token_prob", float("nan"), "--random-token-prob nan is not between 0 and 1"),
        ("sampling_alpha", float("nan"), "--sampling-alpha nan is not at least 0"),
        ("sampling_alpha", -1.0, "--sampling-alpha -1 is not at least 0"),
        ("sampling_alpha", float("inf"), "--sampling-alpha inf is not at least 0"),
    ],
)
def test_numbers_that_are_none_are_refused(data, setting, value, message):
    with pytest.raises(InputError, match=message):
        make_task(data, **{setting: value})


def checkpoint_settings(folder, **more):
    return {"save_dir": str(folder), "restore_file": "checkpoint_last.pt", "finetune_from_model": None} | more


def build(data, folder, languages, **settings):
    task = make_task(data, languages=languages, **checkpoint_settings(folder))
    cfg = MultilingualRobertaConfig(_name="multilingual_roberta", max_positions=64, **(SIZES | settings))
    return task.build_model(OmegaConf.structured(cfg))


def test_a_checkpoint_keeps_the_identity_of_its_data(data):
    task = make_task(data, languages="xx,en")
    state = json.loads(json.dumps(task.state_dict()))
    assert identity_of({"task_state": state}) == task.identity
    assert task.identity.languages == ("xx", "en")
    task.load_state_dict(state)
    shuffle_symbols(data)
    with pytest.raises(InputError, match=r"dict.txt: is of another vocabulary .* than the checkpoint"):
        make_task(data).load_state_dict(state)


@pytest.fixture
def trained(training):
    """The folder of a run of two updates with language embeddings."""
    done = training.run(*MLM, "--languages", "en,xx", "--language-embeddings", "--save-dir", "run")
    assert done.returncode == 0, done.stderr[-3000:]
    return training.folder / "run"


def error_of(done) -> str:
    assert done.returncode == 2, done.stdout[-2000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.slow
def test_a_run_does_not_go_on_with_other_languages_vocabulary_or_text(training, trained, data):
    more = (*MLM, "--language-embeddings", "--max-update", "4", "--save-dir", "run")
    error = error_of(training.run(*more, "--languages", "xx,en"))
    assert "checkpoint_last.pt: is of other languages (en,xx) than --languages (xx,en); give --languages as" in error
    text = (data / "dict.txt").read_text()
    (data / "dict.txt").write_text(text.replace("w3 1\n", "w3 2\n"))
    assert "checkpoint_last.pt: is of another dict.txt" in error_of(
        training.run(*more, "--languages", "en,xx", data=data)
    )
    shuffle_symbols(data)
    error = error_of(training.run(*more, "--languages", "en,xx", data=data))
    assert "checkpoint_last.pt: is of another vocabulary" in error
    done = training.run(*more, "--languages", "en,xx")
    assert done.returncode == 0, done.stderr[-3000:]
    assert identity_of(read_state(trained / "checkpoint_last.pt")).languages == ("en", "xx")


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--restore-file", "--finetune-from-model"])
def test_a_run_does_not_start_from_a_checkpoint_of_another_vocabulary(training, trained, data, option):
    more = (*MLM, "--language-embeddings", "--save-dir", "next", option, str(trained / "checkpoint_last.pt"))
    reset = ("--reset-optimizer", "--reset-dataloader") if option == "--restore-file" else ()
    assert "other languages (en,xx)" in error_of(training.run(*more, *reset, "--languages", "xx,en"))
    shuffle_symbols(data)
    error = error_of(training.run(*more, *reset, "--languages", "en,xx", data=data))
    assert "checkpoint_last.pt: is of another vocabulary" in error
    done = training.run(*more, *reset, "--languages", "en,xx")
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_two_workers_say_the_same_in_one_line_each(training, trained):
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    options = (*MLM, "--language-embeddings", "--save-dir", "run", "--languages", "xx,en", "--max-update", "4")
    done = training.run(*options, "--distributed-backend", "gloo", "--ddp-backend", "legacy_ddp", launcher=launcher)
    assert done.returncode != 0
    assert done.stderr.count("error: ") >= 1
    assert "is of other languages (en,xx) than --languages (xx,en)" in done.stderr
