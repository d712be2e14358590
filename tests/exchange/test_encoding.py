"""Text for an imported model is cut by its own tokenizer: text, parallel text, dictionaries and labelled data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs the extra [hf]")

import torch
import transformers

from fairseq_alignmlm.command_line import main
from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.sentence_retrieval import SentenceVectors
from fairseq_alignmlm.exchange.importing import import_folder
from fairseq_alignmlm.exchange.tokenizer import beside_checkpoint
from fairseq_alignmlm.lexicon.vocabulary import read_vocabulary
from tests.exchange.trained_tokenizers import write_model

ENGLISH = [
    "The cat sat on the mat, didn't it?",
    "A dog saw   the cat: £3.50 (half-price)!",
    "Zoë’s naïve façade — “quoted” text … and ½",
    "</s> <mask> [SEP] are only text here",
]
OTHERS = [
    "Le chat s'est assis sur le tapis, n'est-ce pas ?",
    "Der Hund sah die Katze; Straßenbahnhaltestelle!",
    "Собака увидела кошку на коврике.",
    "猫はマットの上に座った。",
    "고양이가 매트 위에 앉았다.",
    "قط جلس على الحصيرة، أليس كذلك؟",
    "बिल्ली चटाई पर बैठ गई।",
    "Η γάτα κάθισε στο χαλί.",
    "Kedi paspasın üzerine oturdu, ığdır İSTANBUL.",
    "แมวนั่งบนเสื่อ",
    "Con mèo ngồi trên tấm thảm 🐈‍⬛.",
    "החתול ישב על השטיח.",
]
TEXT = ENGLISH + OTHERS
KINDS = ("xlm-roberta", "bert", "roberta")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """An imported random model of each kind, its tokenizer trained on half of the lines."""
    root = tmp_path_factory.mktemp("kinds")
    for kind in KINDS:
        write_model(root / kind, kind, TEXT[::2] * 3, 400)
        import_folder(root / kind, root / kind / "imported" / "model.pt")
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_lines_have_the_ids_of_the_source_tokenizer(models, kind):
    source = transformers.AutoTokenizer.from_pretrained(models / kind)
    tokenizer = beside_checkpoint(models / kind / "imported")
    lines = [line for line in TEXT if "</s>" not in line]
    rows = tokenizer.encode_lines(lines)
    ids = [[tokenizer.order.ids[row] for row in line] for line in rows]
    assert ids == [line[1:-1] for line in source(lines)["input_ids"]]
    assert sum(row == 3 for line in rows for row in line) < sum(map(len, rows)) / 2
    # what a text spells is text, not the end of a sentence
    assert not {0, 1, 2, len(tokenizer) - 1} & set(tokenizer.encode_lines([ENGLISH[3]])[0])


def test_unigram_pieces_are_those_of_sentencepiece_itself(models, tmp_path):
    import io

    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT[::2] * 3),
        model_writer=model,
        model_type="unigram",
        vocab_size=400,
        character_coverage=0.9995,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokenizer = beside_checkpoint(models / "xlm-roberta" / "imported")
    for line, rows in zip(TEXT, tokenizer.encode_lines(TEXT), strict=True):
        # XLM-R: the id of SentencePiece + 1, but 3 for what is unknown
        assert rows == [number + 1 if number else 3 for number in processor.encode(line)]


@pytest.mark.parametrize("kind", KINDS)
def test_words_have_the_ids_of_the_source_tokenizer(models, kind):
    options = {"add_prefix_space": True} if kind == "roberta" else {}
    source = transformers.AutoTokenizer.from_pretrained(models / kind, **options)
    tokenizer = beside_checkpoint(models / kind / "imported")
    for line in ENGLISH[:3] + OTHERS:
        words = line.split()
        rows = tokenizer.encode_words(words)
        ids = [tokenizer.order.ids[row] for word in rows for row in word]
        assert ids == source(words, is_split_into_words=True)["input_ids"][1:-1]
        assert len(rows) == len(words)


@pytest.mark.parametrize("kind", KINDS)
def test_retrieve_cuts_raw_text_with_the_models_own_tokenizer(models, tmp_path, kind):
    folder = models / kind / "imported"
    lines = TEXT[::2]  # the other half may be all unknown, and so alike
    for name, side in (("a", lines), ("b", lines[::-1])):
        (tmp_path / f"{name}.txt").write_text("\n".join(side) + "\n", encoding="utf-8")
    command = ["retrieve", "--checkpoint", str(folder / "model.pt"), "--vocab", str(folder / "dict.txt")]
    command += ["--source", str(tmp_path / "a.txt"), "--target", str(tmp_path / "b.txt"), "--layer", "1"]
    assert main("fairseq_alignmlm", "", [*command, "--output", str(tmp_path / "out.tsv")]) == 0
    assert [int(row) for row in (tmp_path / "out.tsv").read_text().split()] == [*range(len(lines))][::-1]
    # and the vectors are those of transformers with its own tokenizer
    batch = transformers.AutoTokenizer.from_pretrained(models / kind)(lines, padding=True, return_tensors="pt")
    model = transformers.AutoModel.from_pretrained(models / kind).eval()
    with torch.no_grad():
        states = model(**batch, output_hidden_states=True).hidden_states[1]
    present = batch["attention_mask"].unsqueeze(-1)
    expected = (states * present).sum(1) / present.sum(1)
    encoder = SentenceVectors.load(folder / "model.pt", folder / "dict.txt")
    rows = encoder.read(tmp_path / "a.txt", folder / "tokenizer.json")
    torch.testing.assert_close(encoder.vectors(rows, 1), expected, atol=1e-5, rtol=0)


def test_retrieve_refuses_the_tokenizer_of_another_model(models, tmp_path, capsys):
    one, other = (models / kind / "imported" for kind in ("bert", "roberta"))
    (tmp_path / "a.txt").write_text("the cat\n")
    command = ["retrieve", "--checkpoint", str(one / "model.pt"), "--vocab", str(one / "dict.txt"), "--aligned"]
    command += ["--source", str(tmp_path / "a.txt"), "--target", str(tmp_path / "a.txt")]
    assert main("fairseq_alignmlm", "", [*command, "--sentencepiece", str(other / "tokenizer.json")]) == 2
    assert "is of another SentencePiece model" in capsys.readouterr().err
    encoder = SentenceVectors.load(one / "model.pt", one / "dict.txt")
    with pytest.raises(InputError, match=r"tokenizer\.json: is not that of dict\.txt"):
        encoder.encode(["the cat"], tmp_path / "a.txt", other / "tokenizer.json")


def test_a_word_of_nothing_is_unknown(models):
    assert beside_checkpoint(models / "bert" / "imported").encode_words(["\u0000", "cat"])[0] == [3]


@pytest.fixture(scope="module", params=KINDS)
def pair(models, tmp_path_factory, request):
    """Text, parallel text, a dictionary and labelled data of two languages for a model of each kind."""
    kind = request.param
    root = tmp_path_factory.mktemp("pair")
    english, french = ENGLISH[:3] * 4, [OTHERS[0], OTHERS[1], OTHERS[2]] * 4
    (root / "en.txt").write_text("\n\n".join(english) + "\n", encoding="utf-8")
    (root / "fr.txt").write_text("\n\n".join(french) + "\n", encoding="utf-8")
    (root / "a.txt").write_text("\n".join(english) + "\n", encoding="utf-8")
    (root / "b.txt").write_text("\n".join(french) + "\n", encoding="utf-8")
    (root / "en-fr.txt").write_text("cat chat\nmat tapis\ndog Hund\ntext Katze\n", encoding="utf-8")
    (root / "tags.tsv").write_text("The\tDET\ncat\tNOUN\nsat\tVERB\n\nA\tDET\ndog\tNOUN\n", encoding="utf-8")
    (root / "nli.tsv").write_text("the cat sat\ta dog\tneutral\nthe cat\tthe dog sat\tcontradiction\n")
    work = root / "work"
    common = ["--pair", str(work)]
    options = ["--tokeniser", "none"]
    for command in (
        ["sentences", *common, "--language", "en", "--format", "lines", *options, str(root / "en.txt")],
        ["sentences", *common, "--language", "fr", "--format", "lines", *options, str(root / "fr.txt")],
        ["vocabulary", *common, "--from-checkpoint", str(models / kind / "imported")],
        ["encode", *common, "--languages", "en,fr"],
        ["binarize", *common, "--with", "direct"],
        ["bitext", *common, "--languages", "en,fr", "--input", str(root / "a.txt"), str(root / "b.txt"), *options],
        [
            *("translations", "--input", str(root / "en-fr.txt"), "--model", str(work / "tokenizer.json")),
            *("--dict", str(work / "bin" / "dict.txt"), "--output", str(work / "dictionary.tsv"), "--max-pieces", "9"),
        ],
        ["xtreme", *common, "--task", "udpos", "--language", "en", "--train", str(root / "tags.tsv")],
        ["xtreme", *common, "--task", "xnli", "--language", "en", "--train", str(root / "nli.tsv"), *options],
    ):
        assert main("data_prep", "", command) == 0
    return kind, models / kind, work


def test_every_kind_of_data_is_cut_by_the_models_own_tokenizer(pair):
    _, model, work = pair
    tokenizer = beside_checkpoint(model / "imported")
    vocabulary = read_vocabulary(work / "bin" / "dict.txt")
    assert list(vocabulary.index) == list(read_vocabulary(model / "imported" / "dict.txt").index)
    for language in ("en", "fr"):
        lines = [line for line in (work / "text" / language / "train.txt").read_text().split("\n") if line]
        data = load_binarized(work / "bin" / language / "train")
        rows = [data[number].tolist() for number in range(len(data))]
        assert [row[:-1] for row in rows if len(row) > 1] == tokenizer.encode_lines(lines)
    parallel = load_binarized(work / "parallel" / "train.en-fr.fr")
    known = {tuple(row) for row in tokenizer.encode_lines([" ".join(line.split()) for line in OTHERS[:3]])}
    assert {tuple(parallel[number][:-1].tolist()) for number in range(len(parallel))} <= known
    sides = [
        line.split("\t") for line in (work / "dictionary.tsv").read_text().splitlines() if not line.startswith("#")
    ]
    cat = [vocabulary.index[piece] for piece in dict(sides)[" ".join(sides[0][0].split())].split(" ")]
    assert cat == tokenizer.encode_words(["chat"])[0]
    tokens = load_binarized(work / "xtreme" / "udpos" / "en" / "bin" / "tokens" / "train")
    words = tokenizer.encode_words(["The", "cat", "sat"])
    assert tokens[0][:-1].tolist() == [row for word in words for row in word]
    labels = load_binarized(work / "xtreme" / "udpos" / "en" / "bin" / "labels" / "train")
    assert np.count_nonzero(labels[0][:-1].numpy() != 1) == 3  # one a word, the rest padding
    first = load_binarized(work / "xtreme" / "xnli" / "en" / "bin" / "input0" / "train")
    assert first[0][:-1].tolist() == tokenizer.encode_lines(["the cat sat"])[0]


def test_a_pair_with_a_vocabulary_of_its_own_takes_no_other(models, tmp_path):
    (tmp_path / "spm.model").write_bytes(b"")
    with pytest.raises(InputError, match="the pair has a vocabulary of its own already"):
        from data_prep.commands.vocabulary import _adopt
        from data_prep.pair import Pair

        _adopt(Pair(tmp_path), models / "bert" / "imported")
