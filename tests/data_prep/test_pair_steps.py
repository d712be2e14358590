"""Sentences, vocabulary, derived text, pieces, dictionary: files that fit each other, for any number of workers."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from data_prep.commands.dictionary import draw
from data_prep.languages.transliteration import counterparts_of
from data_prep.pair import Pair
from data_prep.text.line_blocks import read_blocks
from data_prep.vocabulary.bpe import chosen_sentences, count_sentences, train
from data_prep.vocabulary.pieces import WordPieces
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.lexicon.counterparts import read_counterparts
from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary

DERIVED = "en_trans_inv"


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def results(pair: Path) -> dict[str, bytes]:
    files = (path for path in pair.rglob("*") if path.is_file() and "manifest" not in path.name)
    return {path.relative_to(pair).as_posix(): path.read_bytes() for path in files}


def test_one_and_three_workers_write_identical_bytes(tmp_path, corpus, encoded_pair, prepare, monkeypatch):
    monkeypatch.setattr("data_prep.text.sentences.BATCH_CHARACTERS", 2000)  # many batches from a small corpus
    monkeypatch.setattr(read_blocks, "__defaults__", (5000,))
    common = ("--pair", tmp_path, "--workers", 3)
    assert prepare("sentences", corpus, *common, "--valid-every", 10) == 0
    assert prepare("vocabulary", "--pair", tmp_path, "--size", 60) == 0
    assert prepare("derive", *common, "--derived", DERIVED, "--transform", "inv") == 0
    assert prepare("encode", *common, "--derived", DERIVED) == 0
    assert prepare("dictionary", "--pair", tmp_path) == 0
    assert results(tmp_path) == results(encoded_pair)


def test_steps_that_are_up_to_date_are_skipped_and_changed_ones_redone(encoded_pair, corpus, prepare, capsys):
    again = ("encode", "--pair", encoded_pair, "--derived", DERIVED, "--workers", 1)
    assert prepare(*again) == 0
    assert capsys.readouterr().out.count("up to date") == 4
    assert prepare("sentences", corpus, "--pair", encoded_pair, "--valid-every", 10) == 0
    assert "up to date" in capsys.readouterr().out


def test_sentences_are_words_with_final_marks_apart_and_documents_with_blank_lines_between(encoded_pair):
    for split in ("train", "valid"):
        lines = lines_of(encoded_pair / "text" / "en" / f"{split}.txt")
        assert lines[0]
        assert lines[-1]
        assert "" in lines
        assert not any(a == b == "" for a, b in pairwise(lines))
        assert all(line.split(" ")[-1] in list(".!?") and " ".join(line.split()) == line for line in lines if line)
    record = json.loads((encoded_pair / "text" / "en" / "manifest.json").read_text())
    assert record["counts"]["train documents"] + record["counts"]["valid documents"] == 300
    assert record["counts"]["valid documents"] == 30


def test_line_i_of_both_languages_is_the_same_sentence(encoded_pair):
    for split in ("train", "valid"):
        original = lines_of(encoded_pair / "text" / "en" / f"{split}.txt")
        derived = lines_of(encoded_pair / "text" / DERIVED / f"{split}.txt")
        assert len(original) == len(derived)
        for before, after in zip(original, derived, strict=True):
            expected: list[str] = []
            clause: list[str] = []
            for word in before.split():
                if word in list(".!?"):
                    expected += [*reversed(clause), word]
                    clause = []
                else:
                    clause.append(word)
            assert after.split() == expected + clause[::-1]


def test_pieces_give_the_words_back_line_by_line(encoded_pair):
    back = {target: source for source, target in read_counterparts(encoded_pair / "counterparts.tsv")}
    for language in ("en", DERIVED):
        text = lines_of(encoded_pair / "text" / language / "train.txt")
        pieces = lines_of(encoded_pair / "pieces" / language / "train.txt")
        if language == DERIVED:
            pieces = [" ".join(back[piece] for piece in line.split()) for line in pieces]
        assert ["".join(line.split()).replace("▁", " ").lstrip() for line in pieces] == text


def test_pieces_of_words_are_the_pieces_of_sentences(encoded_pair):
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(encoded_pair / "spm.model"))
    text = [line for line in lines_of(encoded_pair / "text" / "en" / "train.txt") if line]
    word_pieces = WordPieces(encoded_pair / "spm.model")
    assert [word_pieces.encode(line.split()).split() for line in text] == processor.encode(text, out_type=str)


def test_every_word_has_a_piece_and_unknown_characters_are_unk(encoded_pair):
    word_pieces = WordPieces(encoded_pair / "spm.model")
    assert word_pieces["\u200b"] == "<unk>"
    assert word_pieces["犬"] == "▁ <unk>"
    assert "▁" not in word_pieces["a▁a"][1:].replace(" ", "")  # a literal U+2581 starts no second word


def test_symbols_are_both_vocabularies_in_order_with_their_counts_in_the_text(encoded_pair):
    model = lines_of(encoded_pair / "spm.vocab")
    pieces = [line.split("\t")[0] for line in model][5:]
    assert len(pieces) == 60
    rows = [line.rpartition(" ") for line in lines_of(encoded_pair / "bin" / "dict.txt")]
    assert [symbol for symbol, _, _ in rows] == pieces + [f"{DERIVED}:{piece}" for piece in pieces]
    text = (encoded_pair / "pieces" / "en" / "train.txt").read_text().split()
    text += (encoded_pair / "pieces" / DERIVED / "train.txt").read_text().split()
    counts = Counter(text)
    assert {symbol: int(count) for symbol, _, count in rows} == {symbol: counts[symbol] for symbol, _, _ in rows}
    assert read_counterparts(encoded_pair / "counterparts.tsv") == [(p, f"{DERIVED}:{p}") for p in pieces]


def test_lines_over_a_mebibyte_are_cut_between_words_and_longer_words_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("data_prep.vocabulary.bpe.LONGEST_LINE", 40)
    path = tmp_path / "train.txt"
    long = " ".join(f"wörd{number}" for number in range(30))
    path.write_text(f"short line\n{long}\n\n{'x' * 41} end\n{'y' * 40}\n")
    dropped = Counter()
    number = count_sentences(path, dropped)
    sentences = list(chosen_sentences(path, number, number))
    assert number == len(sentences) and dropped == {"words over 1 MiB": 1}
    assert sentences[0] == "short line" and sentences[-2:] == ["end", "y" * 40]
    assert " ".join(sentences[1:-2]) == long and max(len(sentence.encode()) for sentence in sentences) <= 40


def test_text_that_spells_special_symbols_never_yields_them():
    import sentencepiece

    marks = ["<s>", "</s>", "<pad>", "<mask>", "<unk>"]
    words = [f"{before}{mark}{after}" for mark in marks for before in ("", "x", "yy") for after in ("", "z", "zx")]
    lines = [f"{chr(97 + i % 26)}{i % 17} < s > unk" for i in range(200)] + [" ".join(words)] * 20
    processor = sentencepiece.SentencePieceProcessor(model_proto=train(lines, 80, 1.0))
    assert not {1, 2, 3, 4} & set(processor.encode(" ".join(words)))
    assert not set(marks) & {processor.id_to_piece(i) for i in range(5, len(processor))}


def test_the_vocabulary_is_a_function_of_its_sentences_and_sentences_are_sampled_evenly(tmp_path):
    lines = [f"word{i % 7} and{i % 11} more{i % 13}" for i in range(300)]
    assert train(lines, 40, 1.0) == train(lines, 40, 1.0)
    path = tmp_path / "text"
    path.write_text("\n".join(lines))
    chosen = list(chosen_sentences(path, 300, 30))
    assert len(chosen) == 30
    assert [lines.index(line) % 10 for line in chosen[:1]] == [9]
    assert list(chosen_sentences(path, 300, 300)) == lines
    with pytest.raises(InputError, match=r"too little text for 5,000 pieces; give --size \d+ or less"):
        train(lines, 5000, 1.0)


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 1.0])
def test_overlap_keeps_exactly_that_share_nested_and_seeded(overlap):
    pieces = [f"p{i}" for i in range(400)]
    pairs = counterparts_of(pieces, "xx", overlap, seed=3)
    kept = {source for source, target in pairs if source == target}
    assert [source for source, _ in pairs] == pieces
    assert len(kept) == overlap * 400
    assert all(target in (source, f"xx:{source}") for source, target in pairs)
    assert kept <= {source for source, target in counterparts_of(pieces, "xx", 1.0, seed=3) if source == target}
    assert kept <= {s for s, t in counterparts_of(pieces, "xx", min(1, overlap + 0.25), seed=3) if s == t}
    if 0 < overlap < 1:
        other = {source for source, target in counterparts_of(pieces, "xx", overlap, seed=4) if source == target}
        assert other != kept


def test_a_dictionary_is_a_seeded_nested_sample_without_tokens_that_keep_their_script():
    pairs = counterparts_of([f"p{i}" for i in range(200)], "xx", 0.5, seed=1)
    small, kept = draw(pairs, 10, seed=1)
    large, _ = draw(pairs, 25, seed=1)
    assert (len(small), len(large), kept) == (20, 50, 100)
    assert set(small) < set(large) < set(pairs)
    assert all(source != target for source, target in large)
    assert draw(pairs, 10, seed=2)[0] != small
    assert len(draw(pairs, 90, seed=1)[0]) == 100


def test_the_dictionary_is_named_by_its_percent_however_the_number_is_written(tmp_path):
    names = {text: Pair(tmp_path).dictionary(float(text)).name for text in ("25", "25.0", "2.5", "2.50", "100")}
    assert [*names.values()] == [f"dictionary.{percent}.tsv" for percent in ("25", "25", "2.5", "2.5", "100")]


def test_the_dictionary_file_fits_the_symbols(encoded_pair):
    symbols = [line.rpartition(" ")[0] for line in lines_of(encoded_pair / "bin" / "dict.txt")]
    index = {symbol: i for i, symbol in enumerate(symbols)}
    indices = BilingualDictionary.load(encoded_pair / "dictionary.25.tsv").to_indices(index.get)
    assert indices.source.shape == indices.target.shape == (15, 1)
    assert (indices.target - indices.source == 60).all()
    assert indices.weight.sum() == 15


def test_trees_reach_the_transformation_line_by_line(tmp_path, encoded_pair, prepare, monkeypatch, capsys):
    """A transformation that needs trees puts the root first: only the right tree gives the right word."""
    import sys
    import types

    from data_prep.languages import transforms
    from fairseq_alignmlm import plugins

    module = types.ModuleType("root_first")

    def order(words, context):
        root = next(i for i, line in enumerate(context.trees[0].lines) if line.split("\t")[6] == "0")
        if root == 0:
            context.report("root is first")
        return [root, *(i for i in range(len(words)) if i != root)]

    module.SUMMARY, module.OPTIONS = "", {}
    module.create = lambda options: transforms.Transformation(order, needs_trees=True)
    monkeypatch.setitem(sys.modules, "data_prep.languages.transforms.root_first", module)
    names = plugins.names
    monkeypatch.setattr(plugins, "names", lambda package: [*names(package), "root_first"])
    monkeypatch.setattr(plugins, "summaries", lambda package: "")

    text = tmp_path / "text" / "en"
    trees = tmp_path / "trees" / "en"
    text.mkdir(parents=True)
    trees.mkdir(parents=True)
    sentences = [["a", "b", "a"], ["b"], ["c", "a", "b", "c"]]
    roots = [2, 0, 1]
    for split in ("train", "valid"):
        text.joinpath(f"{split}.txt").write_text("a b a\n\nb\nc a b c\n")
        blocks = [
            "".join(
                f"{i + 1}\t{word}\t_\tX\t_\t_\t{0 if i == root else root + 1}\tdep\t_\t_\n"
                for i, word in enumerate(words)
            )
            for words, root in zip(sentences, roots, strict=True)
        ]
        trees.joinpath(f"{split}.conllu").write_text("\n".join(blocks) + "\n")
    derive = ("derive", "--pair", tmp_path, "--derived", "xx", "--transform", "root_first", "--workers", 1)
    assert prepare(*derive) == 0
    assert (tmp_path / "text" / "xx" / "train.txt").read_text() == "a a b\n\nb\na c b c\n"
    assert "not transformed (root is first 1)" in capsys.readouterr().out

    good = trees.joinpath("train.conllu").read_text()
    for broken, message in [
        (good.replace("\tb\t", "\tB\t", 1), "train.conllu:2: word 'B', but the text has 'b'"),
        (good.split("\n\n")[0] + "\n", "no tree for line 3 of"),
        (good + good, "more trees than"),
    ]:
        trees.joinpath("train.conllu").write_text(broken)
        assert prepare(*derive) == 2
        assert message in capsys.readouterr().err
    assert prepare(*derive[:-4], "--transform", "inv", "--transform", "root_first") == 2
    assert "has to be given first" in capsys.readouterr().err
