"""Every function that reads a file, with good files to begin from."""

from __future__ import annotations

import io
import json
import shutil
import struct
import tarfile
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Parser:
    """A reader.

    Attributes:
        name: for the report.
        file: the name that the input has in its folder; readers look at the ending.
        seeds: good files.
        read: called with the path.
        slow: read takes milliseconds: fewer inputs.
    """

    name: str
    file: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path], Any]
    slow: bool = False


def _all(items: Iterable[Any]) -> None:
    deque(items, maxlen=0)


def _text(*seeds: str) -> tuple[bytes, ...]:
    return tuple(seed.encode() for seed in seeds)


CONLLU = (
    "# sent_id = 1\n1\tdogs\tdog\tNOUN\tNNS\t_\t2\tnsubj\t_\t_\n2\tbark\tbark\tVERB\tVBP\t_\t0\troot\t_\t_\n"
    "3-4\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n3\tdo\tdo\tAUX\t_\t_\t2\taux\t_\t_\n4\tn't\tnot\tPART\t_\t_\t2\tadvmod\t_\t_\n\n"
)
RESULT = json.dumps(
    {
        "objective": "mlm",
        "pair": "en-en_trans",
        "transformation": "trans",
        "scale": "toy",
        "seed": 1,
        "alignment": {"all": 0.5, "frequent": 0.25},
        "transfer": {"pos": {"en": {"f1": 90.5}, "zs": {"f1": 10.0}, "delta": {"f1": 80.5}}},
        "curve": {"updates": [1.0, 2.0], "loss": [9.5, 8.5]},
        "settings": {"alpha": 10.0},
        "updates": 100,
        "train_seconds": 12.5,
    }
)
SQUAD = json.dumps({"data": [{"paragraphs": [{"qas": [{"id": "q1", "answers": [{"text": "a dog"}]}]}]}]})
LOG = (
    "2026-01-01 | INFO | train_inner | epoch 001:  10 / 20 loss=9.5, mlm_loss=9.4, ppl=700, num_updates=10, lr=0.001\n"
    "2026-01-01 | INFO | train_inner | epoch 001:  20 / 20 loss=8.5, mlm_loss=8.4, ppl=400, num_updates=20, lr=0.002\n"
)


def _checkpoint(folder: Path) -> bytes:
    from tests.chaos.hostile_checkpoints import OWN, benign

    buffer = io.BytesIO()
    torch.save(benign(folder, OWN), buffer)
    return buffer.getvalue()


def _archives() -> dict[str, bytes]:
    zipped, tarred, gzipped = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/a.txt", "some text\n" * 20)
    for buffer, mode in ((tarred, "w"), (gzipped, "w:gz")):
        with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
            info = tarfile.TarInfo("folder/a.txt")
            info.size = 200
            archive.addfile(info, io.BytesIO(b"some text\n" * 20))
    return {"a.zip": zipped.getvalue(), "a.tar": tarred.getvalue(), "a.tar.gz": gzipped.getvalue()}


def _sentencepiece() -> bytes:
    from data_prep.vocabulary.bpe import train

    words = ["the dog barks at the cat", "a cat sleeps in the house", "dogs and cats run"] * 40
    return train(words, 60, 1.0)


def _safetensors() -> bytes:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(16)


TOKENIZER = json.dumps(
    {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {
            "type": "WordLevel",
            "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "w": 4, "<mask>": 5},
            "unk_token": "<unk>",
        },
    }
)
CONFIG = json.dumps(
    {
        "model_type": "roberta",
        "architectures": ["RobertaForMaskedLM"],
        "vocab_size": 6,
        "hidden_size": 4,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "intermediate_size": 4,
        "max_position_embeddings": 10,
        "type_vocab_size": 1,
        "pad_token_id": 1,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
    }
)


def _library(folder: Path) -> list[Parser]:
    from fairseq_alignmlm.analysis.paper import read_tables, runs_of_tables
    from fairseq_alignmlm.analysis.results import read_run
    from fairseq_alignmlm.evaluation.answers import read_answers, read_gold_answers
    from fairseq_alignmlm.evaluation.architecture import architecture_options
    from fairseq_alignmlm.evaluation.checkpoint import read_checkpoint_embeddings
    from fairseq_alignmlm.evaluation.predictions import read_labels, read_pairs, read_tags
    from fairseq_alignmlm.evaluation.training_log import read_curve
    from fairseq_alignmlm.identity import Identity
    from fairseq_alignmlm.lexicon.counterparts import read_counterparts
    from fairseq_alignmlm.lexicon.dictionary import BilingualDictionary
    from fairseq_alignmlm.lexicon.vocabulary import read_vocabulary
    from fairseq_alignmlm.run.configuration import build
    from fairseq_alignmlm.run.settings_file import read_settings_file
    from fairseq_alignmlm.tasks.vocabulary import load_labels, load_vocabulary
    from tests.chaos.hostile_checkpoints import make_data

    data = make_data(folder)
    words = _text("".join(f"w{i} {i}\n" for i in range(20)))
    tags = _text("NOUN\nVERB\n\nNOUN\n")
    entries = _text("# one\na b\tc\nd\te f\n")
    tables = Path("fairseq_alignmlm/analysis/paper_results.json").read_bytes()

    scale = next(Path("fairseq_alignmlm/run/scales").glob("toy.*")).read_bytes()

    def settings(path: Path) -> None:
        build(read_settings_file(path), [], path)

    def built(path: Path) -> None:
        import fairseq.checkpoint_utils

        fairseq.checkpoint_utils.load_model_ensemble([str(path)])

    return [
        Parser("dict.txt", "dict.txt", words, read_vocabulary),
        Parser("dict.txt of fairseq", "dict.txt", words, load_vocabulary),
        Parser("labels", "dict.txt", _text("NOUN 3\nVERB 2\n"), load_labels),
        Parser("counterparts", "c.tsv", _text("a\tb\nc\td\n"), read_counterparts),
        Parser("dictionary", "d.tsv", entries, lambda path: BilingualDictionary.load(path).to_indices("abcdef".find)),
        Parser("identity", "identity.json", _text('{"symbols": "ab", "languages": ["en", "de"]}'), Identity.read),
        Parser("identity in a header", "d.tsv", _text('# identity: {"symbols": "ab"}\na\tb\n'), Identity.of_header),
        Parser("index", "train.idx", ((data / "en" / "train.idx").read_bytes(),), _binarized(data, "idx")),
        Parser("binarized text", "train.bin", ((data / "en" / "train.bin").read_bytes(),), _binarized(data, "bin")),
        Parser("counts of symbols", "train.counts.npy", (_counts(),), _written_counts(data)),
        Parser("result.json", "result.json", _text(RESULT), read_run),
        Parser("paper tables", "tables.json", (tables,), lambda path: runs_of_tables(read_tables(path)), slow=True),
        Parser("answers", "a.json", _text('{"q1": "a dog", "q2": ""}'), read_answers),
        Parser("gold answers", "a.json", _text(SQUAD), read_gold_answers),
        Parser("tags", "p.tsv", tags, read_tags),
        Parser("labels of predictions", "p.tsv", _text("neutral\nentailment\n"), read_labels),
        Parser("pairs of predictions", "p.tsv", _text("de-1\ten-1\nde-2\ten-2\n"), read_pairs),
        Parser("train.log", "train.log", _text(LOG), read_curve),
        Parser("checkpoint", "c.pt", (_checkpoint(folder),), read_checkpoint_embeddings, slow=True),
        Parser("checkpoint, architecture", "c.pt", (_checkpoint(folder),), architecture_options, slow=True),
        Parser("checkpoint, built", "c.pt", (_checkpoint(folder),), built, slow=True),
        Parser("scale", "scale.yaml", (scale,), settings),
        *_prediction_checks(folder),
        *_exchange(folder),
    ]


def _binarized(data: Path, changed: str) -> Callable[[Path], None]:
    other = "bin" if changed == "idx" else "idx"
    good = (data / "en" / f"train.{other}").read_bytes()

    def read(path: Path) -> None:
        from fairseq_alignmlm.data.binarized import load_binarized, token_counts

        path.with_suffix(f".{other}").write_bytes(good)
        token_counts(load_binarized(path.with_suffix("")), 25)

    return read


def _counts() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([0, 0, 3, 0, 3, 3, 2, 1, 1], dtype=np.int64))
    return buffer.getvalue()


def _written_counts(data: Path) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        from fairseq_alignmlm.data.binarized import load_binarized

        for ending in ("bin", "idx"):
            shutil.copyfile(data / "en" / f"train.{ending}", path.with_name(f"train.{ending}"))
        load_binarized(path.with_name("train")).written_counts()

    return read


def _prediction_checks(folder: Path) -> list[Parser]:
    from fairseq_alignmlm.evaluation.metrics import score_file
    from fairseq_alignmlm.evaluation.validity import check_file
    from fairseq_alignmlm.evaluation.xtreme_tasks import TASKS, Kind

    good = {
        Kind.LABELS: "neutral\nentailment\n",
        Kind.TAGS: "NOUN\nVERB\n\nNOUN\n",
        Kind.INDICES: "0\n1\n",
        Kind.PAIRS: "de-000000001\ten-000000001\n",
        Kind.ANSWERS: '{"q1": "a dog"}',
    }
    parsers = []
    for task in {task.kind: task for task in TASKS.values()}.values():
        gold = folder / f"gold.{task.name}.{task.suffix}"
        gold.write_text(SQUAD if task.kind is Kind.ANSWERS else good[task.kind])

        def check(path: Path, task: Any = task, gold: Path = gold) -> None:
            if not check_file(path, gold, task):
                score_file(path, gold, task, task.languages[0])

        def of_gold(path: Path, task: Any = task, good: str = good[task.kind]) -> None:
            predicted = path.with_name(f"predicted.{task.suffix}")
            predicted.write_text(good)
            if not check_file(predicted, path, task):
                score_file(predicted, path, task, task.languages[0])

        name = f"p.{task.suffix}"
        parsers.append(Parser(f"check of {task.name}", name, _text(good[task.kind]), check))
        parsers.append(Parser(f"gold of {task.name}", name, (gold.read_bytes(),), of_gold))
    return parsers


def _exchange(folder: Path) -> list[Parser]:
    try:
        import safetensors  # noqa: F401
        import tokenizers  # noqa: F401
    except ImportError:  # the extra [hf]
        return []
    from fairseq_alignmlm.exchange.source import Source
    from fairseq_alignmlm.exchange.tensors import TensorFolder

    def tensors(path: Path) -> None:
        found = TensorFolder(path.parent)
        _all(map(found.read, found.keys()))

    def source(beside: dict[str, str]) -> Callable[[Path], None]:
        def read(path: Path) -> None:
            for name, text in beside.items():
                (path.parent / name).write_text(text)
            Source.read(path.parent)

        return read

    return [
        Parser("model.safetensors", "model.safetensors", (_safetensors(),), tensors),
        Parser("tokenizer.json", "tokenizer.json", _text(TOKENIZER), source({"config.json": CONFIG})),
        Parser("config.json", "config.json", _text(CONFIG), source({"tokenizer.json": TOKENIZER})),
    ]


def _data_preparation() -> list[Parser]:
    from data_prep.download.archive import extract
    from data_prep.labelled import pair_tables, sentence_pairs, tagged_sentences
    from data_prep.languages.syntax.conllu import read_sentences
    from data_prep.languages.syntax.ordering_model import read_model
    from data_prep.languages.word_order import read_trees
    from data_prep.manifest import read_record
    from data_prep.text import documents, readers
    from data_prep.vocabulary import bpe
    from data_prep.vocabulary.dictionaries import reading

    def corpus(form: str) -> Callable[[Path], None]:
        return lambda path: _all(documents.read_documents([(path, form)], Counter()))

    def dictionary(form: str) -> Callable[[Path], None]:
        return lambda path: _all(reading.read(path, form))

    def sentences(form: str) -> Callable[[Path], None]:
        from fairseq_alignmlm.lines import numbered_lines

        return lambda path: _all(readers.load(form).read((line.text for line in numbered_lines(path)), None))

    def unpack(path: Path) -> None:
        target = path.with_name("unpacked")
        shutil.rmtree(target, ignore_errors=True)
        extract(path, target, 1 << 22)

    def segment(path: Path) -> None:
        processor = bpe.load(path)
        bpe.pieces_of(processor)
        processor.encode("the dog", out_type=str)

    wiktionary = "dog {n} (animal) :: Hund {m}\ncat {n} :: Katze {f}\n"
    wiki = '<doc id="1" url="x" title="Dogs">\nDogs\n\nDogs bark. <b>Cats</b> sleep.\n</doc>\n'
    wikitext = " = Dogs = \n\n Dogs bark @-@ and @,@ run . \n\n = = Cats = = \n\n Cats sleep . \n"
    nli = "sentence1\tsentence2\tgold_label\nA dog.\tA cat.\tneutral\n"
    comma = 'premise,hypothesis,label\n"A ""dog"".",A cat.,neutral\n'
    parsers = [
        Parser("CoNLL-U", "a.conllu", _text(CONLLU), lambda path: _all(read_sentences(path))),
        Parser("trees", "a.conllu", _text(CONLLU), lambda path: _all(read_trees(path))),
        Parser(
            "ordering model",
            "a.orm",
            _text("BI_BOS_det 0.5\nHI_BOS_BOS_@NOUN&@ -1e-17\nPRE_NOUN&nmod:*_@ 3.0\n"),
            read_model,
        ),
        Parser("wikiextractor", "a.txt", _text(wiki), corpus("wikiextractor")),
        Parser("WikiText", "a.txt", _text(wikitext), corpus("wikitext")),
        Parser("plain text", "a.txt", _text("Dogs bark. Cats sleep.\n\nBirds sing.\n"), corpus("plain")),
        Parser("NLI table", "a.tsv", _text(nli, comma), lambda path: _all(pair_tables.read_pair_table(path))),
        Parser("sentence pairs", "a.tsv", _text("a b\tc d\tneutral\n"), lambda p: _all(sentence_pairs.read_pairs(p))),
        Parser("tags", "a.tsv", _text("Dogs\tNOUN\nbark\tVERB\n\n"), lambda p: _all(tagged_sentences.read_tagged(p))),
        Parser("treebank", "a.conllu", _text(CONLLU), lambda path: _all(tagged_sentences.read_tagged(path))),
        Parser("CoNLL sentences", "a.conll", _text("1\tDogs\tx\n2\tbark\ty\n\n"), sentences("conll")),
        Parser("TSV sentences", "a.tsv", _text("1\tDogs bark .\n"), sentences("tsv")),
        Parser("MUSE", "a.txt", _text("dog hund\ncat katze\n"), dictionary("muse")),
        Parser("TSV dictionary", "a.tsv", _text("dog\thund\n"), dictionary("tsv")),
        Parser(
            "Wiktionary",
            "a.txt",
            _text(wiktionary),
            dictionary("wiktionary"),
        ),
        Parser("any dictionary", "a.txt", _text("dog hund\n", "dog {n} :: Hund {m}\n"), dictionary("auto")),
        Parser("manifest", "a.tsv.manifest.json", _text('{"outputs": [{"path": "a.tsv", "sha256": "00"}]}'), _manifest),
        Parser("record", "a.manifest.json", _text('{"step": "x"}'), lambda path: read_record(path.with_name("a"))),
        Parser("SentencePiece model", "spm.model", (_sentencepiece(),), segment, slow=True),
    ]
    return parsers + [Parser(name, name, (data,), unpack) for name, data in _archives().items()]


def _manifest(path: Path) -> None:
    from fairseq_alignmlm.checksums import verify

    path.with_name("a.tsv").write_text("a\tb\n")
    verify(path.with_name("a.tsv"))


def all_parsers(folder: Path) -> list[Parser]:
    """Return every reader; ``folder`` gets what they need beside their input."""
    return [*_library(folder), *_data_preparation()]
