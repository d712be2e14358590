"""Fine-tuning through fairseq-train and prediction through the command line, on data that a small model can learn."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from fairseq_alignmlm.identity import FILE_NAME, Identity

pytestmark = pytest.mark.slow

WORDS = 40  # of a language of `tiny_pair`
TAGS = ("ADJ", "NOUN", "VERB")
LABELS = ("contradiction", "entailment", "neutral")
FIRST_LABEL = 4  # after <s> <pad> </s> <unk>
PAD = 1


def tagged(write_binarized, folder, count=200):
    """Sentences of two-piece words whose tag is the first piece modulo 3; returns the gold tags of ``valid``."""
    rng = np.random.default_rng(5)
    gold = []
    for split in ("train", "valid"):
        tokens, labels = [], []
        for _ in range(count if split == "train" else 20):
            firsts = rng.integers(0, WORDS, rng.integers(2, 9))
            tokens.append([4 + piece for first in firsts for piece in (first, (first + 1) % WORDS)])
            labels.append([label for first in firsts for label in (FIRST_LABEL + first % 3, PAD)])
        write_binarized(folder / "tokens" / split, tokens, 100)
        write_binarized(folder / "labels" / split, labels, 10)
        gold = [[TAGS[label - FIRST_LABEL] for label in sentence[::2]] for sentence in labels]
    (folder / "labels" / "dict.txt").write_text("".join(f"{tag} 1\n" for tag in TAGS))
    return gold


@pytest.fixture
def pretrained(training):
    """A checkpoint with and one without language embeddings."""

    def make(*options):
        name = "xlm" if options else "mlm"
        arguments = ("--criterion", "masked_lm", "--batch-size", "8", "--max-update", "2", "--save-dir", name)
        done = training.run(*arguments, "--disable-validation", "--languages", "en,xx", *options)
        assert done.returncode == 0, done.stderr[-2000:]
        return training.folder / name / "checkpoint_last.pt"

    return make


def finetune(training, data, checkpoint, *options, task="xtreme_tagging", criterion="token_tagging", updates="150"):
    return training.run(
        *("--task", task, "--criterion", criterion, "--finetune-from-model", str(checkpoint)),
        *("--batch-size", "20", "--max-update", updates, "--lr", "0.01", "--dropout", "0", "--attention-dropout", "0"),
        *("--disable-validation", "--save-dir", "tuned", "--total-num-update", updates, *options),
        data=data,
    )


def predict(training, data, *options):
    output = training.folder / "test.tsv"
    command = [sys.executable, "-m", "fairseq_alignmlm", "predict", "--checkpoint", "tuned/checkpoint_last.pt"]
    done = subprocess.run(
        [*command, "--data", str(data), "--output", str(output), *options],
        cwd=training.folder,
        capture_output=True,
        text=True,
    )
    return done, output


def test_a_tagger_learns_and_writes_one_tag_per_word_in_file_order(training, pretrained, write_binarized):
    data = training.folder / "pos"
    gold = tagged(write_binarized, data)
    (data / "tokens" / "dict.txt").write_text((training.pair / "bin" / "dict.txt").read_text())
    assert finetune(training, data, pretrained()).returncode == 0
    done, output = predict(training, data)
    assert done.returncode == 0, done.stderr
    predicted = [block.split("\n") for block in output.read_text().removesuffix("\n").split("\n\n")]
    assert [len(sentence) for sentence in predicted] == [len(sentence) for sentence in gold]
    pairs = [(p, g) for ps, gs in zip(predicted, gold, strict=True) for p, g in zip(ps, gs, strict=True)]
    assert np.mean([p == g for p, g in pairs]) > 0.9


def test_words_beyond_the_maximum_length_get_the_tag_for_missing_words(training, pretrained, write_binarized):
    data = training.folder / "pos"
    gold = tagged(write_binarized, data)
    (data / "tokens" / "dict.txt").write_text((training.pair / "bin" / "dict.txt").read_text())
    assert finetune(training, data, pretrained(), "--max-length", "6", updates="2").returncode == 0
    done, output = predict(training, data)
    predicted = [block.split("\n") for block in output.read_text().removesuffix("\n").split("\n\n")]
    assert [len(sentence) for sentence in predicted] == [len(sentence) for sentence in gold]
    for sentence in predicted:
        assert sentence[2:] == ["X"] * (len(sentence) - 2)
    cut = sum(len(sentence) - 2 for sentence in gold)
    assert f"{cut} words beyond the maximum length got X" in done.stdout


def test_long_sentences_are_split_and_joined_again_and_the_best_epoch_is_chosen_by_f1(
    training, pretrained, write_binarized
):
    data = training.folder / "pos"
    gold = tagged(write_binarized, data)
    (data / "tokens" / "dict.txt").write_text((training.pair / "bin" / "dict.txt").read_text())
    checkpoint = pretrained()
    select = ("--best-checkpoint-metric", "f1", "--maximize-best-checkpoint-metric", "--no-epoch-checkpoints")
    done = training.run(
        *("--task", "xtreme_tagging", "--criterion", "token_tagging", "--finetune-from-model", str(checkpoint)),
        *("--batch-size", "20", "--max-epoch", "3", "--lr", "0.01", "--dropout", "0", "--attention-dropout", "0"),
        *("--save-dir", "tuned", "--total-num-update", "90", "--max-length", "8", "--long-sentences", "split", *select),
        data=data,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    validations = [float(found) for found in re.findall(r'"valid_f1": "([\d.]+)"', done.stdout + done.stderr)]
    assert len(validations) == 3
    assert f'"valid_best_f1": "{max(validations):g}"' in done.stdout + done.stderr
    done, output = predict(training, data)
    assert "; 0 words beyond the maximum length" in done.stdout
    predicted = [block.split("\n") for block in output.read_text().removesuffix("\n").split("\n\n")]
    assert [len(sentence) for sentence in predicted] == [len(sentence) for sentence in gold]


def test_a_classifier_learns_from_sentence_pairs_and_writes_one_label_per_line(training, pretrained, write_binarized):
    data = training.folder / "nli"
    rng = np.random.default_rng(6)
    for split, count in (("train", 300), ("valid", 60)):
        labels = rng.integers(0, 3, count)
        sides = [
            [[*(4 + rng.integers(0, 30, rng.integers(2, 6))).tolist(), 34 + 2 * label] for label in labels]
            for _ in range(2)
        ]
        write_binarized(data / "input0" / split, sides[0], 100)
        write_binarized(data / "input1" / split, sides[1], 100)
        write_binarized(data / "label" / split, [[FIRST_LABEL + label] for label in labels], 10)
    (data / "label" / "dict.txt").write_text("".join(f"{label} 1\n" for label in LABELS))
    (data / "input0" / "dict.txt").write_text((training.pair / "bin" / "dict.txt").read_text())
    kind = {"task": "xtreme_classification", "criterion": "sentence_classification"}
    done = finetune(training, data, pretrained(), "--max-length", "64", **kind)
    assert done.returncode == 0, done.stderr[-2000:]
    done, output = predict(training, data)
    assert done.returncode == 0, done.stderr
    predicted = output.read_text().split("\n")
    assert predicted.pop() == ""
    assert np.mean([p == LABELS[g] for p, g in zip(predicted, labels, strict=True)]) > 0.6  # chance is a third


def test_language_ids_are_neither_forgotten_nor_given_in_vain(training, pretrained, write_binarized):
    data = training.folder / "pos"
    tagged(write_binarized, data)
    (data / "tokens" / "dict.txt").write_text((training.pair / "bin" / "dict.txt").read_text())
    xlm = pretrained("--language-embeddings")
    forgotten = finetune(training, data, xlm, "--language-embeddings")
    assert forgotten.returncode != 0
    assert "the model has language embeddings: --language" in forgotten.stderr
    ids = ("--languages", "en,xx", "--language")
    unknown = finetune(training, data, xlm, "--language-embeddings", *ids, "zz")
    assert "--language 'zz' must be one of --languages 'en,xx'" in unknown.stderr
    in_vain = finetune(training, data, pretrained(), *ids, "en")
    assert "--language en: the model has no language embeddings" in in_vain.stderr
    assert finetune(training, data, xlm, "--language-embeddings", *ids, "en", updates="2").returncode == 0
    assert predict(training, data, "--language", "xx")[0].returncode == 0


def test_tokens_and_labels_that_do_not_match_are_refused(training, pretrained, write_binarized):
    data = training.folder / "pos"
    tagged(write_binarized, data)
    (data / "tokens" / "dict.txt").write_text((training.pair / "bin" / "dict.txt").read_text())
    write_binarized(data / "labels" / "train", [[FIRST_LABEL]], 10)
    assert "differ in length; run python -m data_prep xtreme again" in finetune(training, data, pretrained()).stderr


def test_labelled_data_of_another_vocabulary_transformation_or_labels_are_refused(
    training, pretrained, write_binarized
):
    def error_of(done):
        assert done.returncode == 2, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stderr.strip().splitlines()[-1]

    data = training.folder / "pos"
    tagged(write_binarized, data)
    dictionary, checkpoint = data / "tokens" / "dict.txt", pretrained()
    symbols = (training.pair / "bin" / "dict.txt").read_text()
    dictionary.write_text("".join(symbols.splitlines(keepends=True)[::-1]))
    assert "checkpoint_last.pt: is of another vocabulary" in error_of(finetune(training, data, checkpoint, updates="2"))
    dictionary.write_text(symbols)
    own = Identity.of_dict(dictionary)

    def tell(transformation):
        Identity(own.symbols, own.counts, transformation=transformation).write(data / "tokens" / FILE_NAME)

    tell("inv seed=1")
    assert finetune(training, data, checkpoint, updates="2").returncode == 0
    tell("perm seed=1")
    error = error_of(finetune(training, data, checkpoint, updates="4"))  # which would go on with tuned/
    assert "is of another transformation (inv seed=1) than" in error
    tell("inv seed=1")
    (data / "labels" / "dict.txt").write_text("".join(f"{tag} 1\n" for tag in TAGS[::-1]))
    error = error_of(finetune(training, data, checkpoint, updates="4"))
    assert "the labels are VERB NOUN ADJ, those of the checkpoint ADJ NOUN VERB" in error


def test_sentences_of_another_language_are_mixed_in(training, pretrained, write_binarized):
    rng = np.random.default_rng(2)
    sentences = [[(4 + rng.integers(0, WORDS, 5)).tolist() for _ in range(60)] for _ in range(2)]
    labels = [[FIRST_LABEL + int(number)] for number in rng.integers(0, 3, 60)]
    folders = {}
    for number, language in enumerate(("en", "xx")):
        folders[language] = folder = training.folder / language
        for name, lines in zip(("input0", "input1"), sentences, strict=True):
            for split in ("train", "valid"):
                shifted = [[token + number * WORDS for token in line] for line in lines]
                write_binarized(folder / name / split, shifted, 100)
                write_binarized(folder / "label" / split, labels, 10)
            (folder / name / "dict.txt").write_text((training.pair / "bin" / "dict.txt").read_text())
        (folder / "label" / "dict.txt").write_text("".join(f"{label} 1\n" for label in LABELS))
    classes = {"task": "xtreme_classification", "criterion": "sentence_classification", "updates": "4"}
    switched = ("--code-switch-data", str(folders["xx"]), "--code-switch-share")
    done = finetune(training, folders["en"], pretrained(), *switched, "1.0", **classes)
    assert done.returncode == 0, done.stderr[-2000:]
    write_binarized(folders["xx"] / "label" / "train", labels[::-1], 10)
    done = finetune(
        training, folders["en"], training.folder / "mlm" / "checkpoint_last.pt", *switched, "0.5", **classes
    )
    assert done.returncode != 0 and "others have other labels" in done.stderr.strip().split("\n")[-1]
