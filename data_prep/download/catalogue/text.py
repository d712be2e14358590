"""Raw text for pre-training."""

from __future__ import annotations

from ..dataset import Dataset, RemoteFile
from .github import pinned


def _wikitext(name: str, title: str, file: str, size: int, sha256: str) -> Dataset:
    urls = (
        f"https://wikitext.smerity.com/{file}",
        f"https://s3.amazonaws.com/research.metamind.io/wikitext/{file}",
    )
    return Dataset(
        name=name,
        title=title,
        licence="CC BY-SA 4.0",
        citation="Merity, Xiong, Bradbury, Socher: Pointer Sentinel Mixture Models. ICLR 2017",
        homepage="https://arxiv.org/abs/1609.07843",
        files=(RemoteFile(file, urls, sha256, size, unpack=True),),
    )


DATASETS = (
    _wikitext(
        "wikitext-103",
        "English Wikipedia, good and featured articles, raw, 103 M words",
        "wikitext-103-raw-v1.zip",
        191_984_949,
        "91c00ae287f0d699e18605c84afc9e45c192bc6b7797ff8837e5474655a33794",
    ),
    _wikitext(
        "wikitext-2",
        "the same, raw, 2 M words",
        "wikitext-2-raw-v1.zip",
        4_721_645,
        "ef7edb566e3e2b2d31b29c1fdb0c89a4cc683597484c3dc2517919c615435a11",
    ),
    Dataset(
        name="wikineural-fr",
        title="French Wikipedia sentences, tokenised, with named entities (validation part), 0.3 M words",
        licence="CC BY-NC-SA 4.0",
        citation="Tedeschi, Maiorca, Campolungo, Cecconi, Navigli: WikiNEuRal. Findings of EMNLP 2021",
        homepage="https://github.com/Babelscape/wikineural",
        files=(
            pinned(
                "Babelscape/wikineural",
                "d2e28c770cba2b285e742529ae18ed849e336c65",
                "data/wikineural/fr/val.conllu",
                3_372_590,
                "0a75e421dd2e48940632d90f1a1899c814e4f7c85f5914f6dee28a20205f0b5f",
            ),
        ),
    ),
)
