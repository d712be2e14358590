"""Bilingual dictionaries of real languages."""

from __future__ import annotations

from ..dataset import Dataset, RemoteFile
from .github import pinned

_MUSE = "https://dl.fbaipublicfiles.com/arrival/dictionaries"
_MUSE_PARTS = ("", ".0-5000", ".5000-6500")  # all of it, the training part, the test part
_ANNOTATED = ("coastalcph/MUSE_dicos", "630a6fa1e8e983bd233390c964569e4433062864")
_XLING = ("codogogo/xling-eval", "008a643439707ff64a95e282cc10613124dffce1")
_WIKTIONARY = ("open-dsl-dict/wiktionary-dict", "74c2c11f3398606ef334dd6d0d3ecb9555a44faf")


def _muse(language: str, name: str) -> Dataset:
    files = [f"en-{language}{part}.txt" for part in _MUSE_PARTS]
    return Dataset(
        name=f"muse-en-{language}",
        title=f"MUSE dictionary, English to {name}: all, train, test",
        licence="CC BY-NC 4.0",
        citation="Conneau, Lample, Ranzato, Denoyer, Jégou: Word Translation Without Parallel Data. ICLR 2018",
        homepage="https://github.com/facebookresearch/MUSE",
        files=tuple(RemoteFile(file, (f"{_MUSE}/{file}",)) for file in files),
    )


DATASETS = (
    _muse("fr", "French"),
    _muse("ar", "Arabic"),
    _muse("hi", "Hindi"),
    Dataset(
        name="muse-annotated",
        title="MUSE test dictionaries, English to Arabic and Hindi, nouns, verbs, adjectives checked by hand",
        licence="CC BY-NC 4.0",
        citation="Kementchedjhieva, Hartmann, Søgaard: Lost in Evaluation. EMNLP 2019",
        homepage="https://github.com/coastalcph/MUSE_dicos",
        files=tuple(
            pinned(*_ANNOTATED, path, size, sha256)
            for path, size, sha256 in (
                (
                    "en-ar.5000-6500.a.txt",
                    5_021,
                    "3ce8f4ffcd2507e14a5ce242696da7e9519d513e1d68abce9b7f1cb9b3b1d8d5",
                ),
                (
                    "en-ar.5000-6500.n.txt",
                    32_676,
                    "7387bc42b0c96b9eedcd58cc674c6452272218623f64ed0c501eea3784d9b733",
                ),
                (
                    "en-ar.5000-6500.v.txt",
                    5_684,
                    "19b496397c5a96d62bfb15670c8a07b73e3fde4e92985466a68eb17ecff3d531",
                ),
                (
                    "en-hi.5000-6500.a.txt",
                    6_039,
                    "5c8a5d321a6745c3245e7d11f108f01f657ea8f779aee653d6c70cc274c10ca2",
                ),
                (
                    "en-hi.5000-6500.n.txt",
                    29_814,
                    "a5ffb8e392a2a500f47218bf9bffab99c3098392937abe9ba44f093610ab59e8",
                ),
                (
                    "en-hi.5000-6500.v.txt",
                    4_893,
                    "b217b230ab59f51a7e09d5b660ce4a11cb6bf26734a4c264c2a02675f4bf0350",
                ),
            )
        ),
    ),
    Dataset(
        name="xling-eval-en-fr",
        title="XLing-Eval dictionary, English to French: 5,000 training and 2,000 test pairs",
        licence="none stated",
        citation="Glavaš, Litschko, Ruder, Vulić: How to (Properly) Evaluate Cross-Lingual Word Embeddings. ACL 2019",
        homepage="https://github.com/codogogo/xling-eval",
        files=(
            pinned(
                *_XLING,
                "bli_datasets/en-fr/yacle.train.freq.5k.en-fr.tsv",
                81_806,
                "308766ea894ddf7cfb2d1643b5ab7b8a497fd09530a03dfe49ace19bdbad1b84",
            ),
            pinned(
                *_XLING,
                "bli_datasets/en-fr/yacle.test.freq.2k.en-fr.tsv",
                35_197,
                "c8dba512791b1f4342ffeb38e48ac1b25222c008f712d2130fdc66f799901681",
            ),
        ),
    ),
    Dataset(
        name="wiktionary",
        title="Dictionaries from the English Wiktionary of 2015: English to Arabic and Hindi, French to English",
        licence="CC BY-SA 3.0",
        citation="Buchmeier: dictionaries extracted from Wiktionary, 2015",
        homepage="https://en.wiktionary.org/wiki/User:Matthias_Buchmeier",
        files=(
            pinned(
                *_WIKTIONARY,
                "src/fr-en-enwiktionary.txt",
                2_517_979,
                "8204c6edc0a5f9966c7a74d1e3a33242bde26e172b834db3c6cd39203ec43f67",
            ),
            pinned(
                *_WIKTIONARY,
                "src/en-arb-enwiktionary.txt",
                1_102_363,
                "6852029e470a4dfe77e01fa68140738c17faa04a2af98c1e47fc99f276bf9288",
            ),
            pinned(
                *_WIKTIONARY,
                "src/en-hi-enwiktionary.txt",
                516_413,
                "c5f435715b9235cf36e3bde9d97789d104ddf1e2a997bc80c0cfb336d91f43e6",
            ),
        ),
    ),
)
