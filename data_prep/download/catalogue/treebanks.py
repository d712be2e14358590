"""Dependency trees: Universal Dependencies, and the ordering models of Galactic Dependencies."""

from __future__ import annotations

from ..dataset import Dataset, RemoteFile
from .github import pinned

_LINDAT = "https://lindat.mff.cuni.cz/repository/xmlui/bitstream/handle/11234"
_GALACTIC = ("princeton-nlp/align-mlm", "711fdda142f79f906bbf8d05f358f85e83102893")
_GALACTIC_MODELS = "preprocessing/dependency_parsing/gdtreebank/models"
_EWT = ("UniversalDependencies/UD_English-EWT", "15d613d8447b3478787d4c278730a1e48a945efb")
_EWT_1_2 = ("UniversalDependencies/UD_English-EWT", "17a19823d04bf078e8a9be532118fe0ff1011934")
_SEQUOIA = ("UniversalDependencies/UD_French-Sequoia", "f5b049600c89d2cf15ebbec860f75d703884d32b")


def _release(version: str, handle: str, year: int, title: str, sha256: str = "", size: int = 0) -> Dataset:
    file = f"ud-treebanks-v{version}.tgz"
    return Dataset(
        name=f"ud-{version}",
        title=f"Universal Dependencies {version}, all treebanks{title}",
        licence="one per treebank, some non-commercial: see its folder",
        citation=f"Universal Dependencies {version}, {year}, http://hdl.handle.net/11234/{handle}",
        homepage="https://universaldependencies.org",
        files=(RemoteFile(file, (f"{_LINDAT}/{handle}/{file}",), sha256, size, unpack=True),),
    )


DATASETS = (
    _release(
        "2.5",
        "1-3105",
        2019,
        ": part-of-speech tags of XTREME",
        "5ff973e44345a5f69b94cc1427158e14e851c967d58773cc2ac5a1d3adaca409",
        355_216_681,
    ),
    _release(
        "2.16",
        "1-5901",
        2025,
        "",
        "87710204b6441736a8a9fed779585aa88b6eeafe231fa2ed9282c0cd9e30960b",
    ),
    _release("1.2", "1-1548", 2015, ": the labels of Galactic Dependencies"),
    Dataset(
        name="ud-english-ewt",
        title="English Web Treebank, UD 2.16: train, dev, test",
        licence="CC BY-SA 4.0",
        citation="Silveira et al.: A Gold Standard Dependency Corpus for English. LREC 2014",
        homepage="https://github.com/UniversalDependencies/UD_English-EWT",
        files=(
            pinned(
                *_EWT,
                "en_ewt-ud-train.conllu",
                14_203_025,
                "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
            ),
            pinned(
                *_EWT,
                "en_ewt-ud-dev.conllu",
                1_805_545,
                "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
            ),
            pinned(
                *_EWT,
                "en_ewt-ud-test.conllu",
                1_804_515,
                "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
            ),
        ),
    ),
    Dataset(
        name="ud-english-1.2",
        title="English Web Treebank with UD v1 labels: dev, test",
        licence="CC BY-SA 4.0",
        citation="Silveira et al.: A Gold Standard Dependency Corpus for English. LREC 2014",
        homepage="https://github.com/UniversalDependencies/UD_English-EWT",
        files=(
            pinned(
                *_EWT_1_2,
                "en-ud-dev.conllu",
                1_231_944,
                "679dcc500e4a8a5cf13853928d5185580d087d4266a96069a1ee89c6116cfa27",
            ),
            pinned(
                *_EWT_1_2,
                "en-ud-test.conllu",
                1_224_220,
                "369f2b77ce7f625251aeedd7e362e1aa503f14b956fa5ece9cb1b51036394919",
            ),
        ),
    ),
    Dataset(
        name="ud-french-sequoia",
        title="French Sequoia treebank: train",
        licence="LGPL-LR",
        citation="Candito, Seddah: Le corpus Sequoia. TALN 2012",
        homepage="https://github.com/UniversalDependencies/UD_French-Sequoia",
        files=(
            pinned(
                *_SEQUOIA,
                "fr_sequoia-ud-train.conllu",
                3_246_253,
                "56424954edf9d20a4d1184e37bfe931fb7c64da82bf2a587b4f35b828d79d767",
            ),
        ),
    ),
    Dataset(
        name="ud-pud",
        title="Parallel treebanks (PUD) of English, French, Arabic, Hindi: 1,000 sentences each",
        licence="CC BY-SA 3.0",
        citation="Zeman et al.: CoNLL 2017 Shared Task. CoNLL 2017",
        homepage="https://universaldependencies.org/conll17",
        files=(
            pinned(
                "UniversalDependencies/UD_English-PUD",
                "f16eba4ae7f3d161870ed320676c5088b8fa476c",
                "en_pud-ud-test.conllu",
                1_386_858,
                "c80584f2bc2b31d5bada78a1136f9feec7ac49e5e18898db02dea434b5b8f0aa",
            ),
            pinned(
                "UniversalDependencies/UD_French-PUD",
                "c245786cfb3020d43bcfc96215ae531a1b07bcbc",
                "fr_pud-ud-test.conllu",
                1_820_910,
                "793540702db111d2bfe04f846edddb23e7a2a432294fe17cb612dd795fb0301f",
            ),
            pinned(
                "UniversalDependencies/UD_Arabic-PUD",
                "be733f45d21f42d506c62930f806ed2182a5ee3d",
                "ar_pud-ud-test.conllu",
                2_339_267,
                "a6d574a46815f6d6e7fa2e92944a2bbde0acaad5013010d92a99f1ef711ce17b",
            ),
            pinned(
                "UniversalDependencies/UD_Hindi-PUD",
                "8bc630f73e0737ce5ed9eaa97abf11f172ecc9bd",
                "hi_pud-ud-test.conllu",
                3_043_589,
                "3562b7f49420912acad70a45a483f683dcb44624ea92f82e21b29f2ee41a9dff",
            ),
        ),
    ),
    Dataset(
        name="galactic-dependencies",
        title="Ordering models of Galactic Dependencies 1.0 for English, French, Hindi (UD 1.2 labels)",
        licence="as the UD 1.2 treebank each was trained on; the tool is GPL-3.0",
        citation="Wang, Eisner: The Galactic Dependencies Treebanks. TACL 4, 2016",
        homepage="https://github.com/gdtreebank/gdtreebank",
        files=tuple(
            pinned(*_GALACTIC, f"{_GALACTIC_MODELS}/{path}", size, sha256)
            for path, size, sha256 in (
                (
                    "GD_English/en@N.orm",
                    1_191_946,
                    "6cc9bdac4f95c286955159bf91eaf2c0493d7dcb29f80c27e3eedecb91cb3438",
                ),
                (
                    "GD_English/en@V.orm",
                    1_281_880,
                    "3a0e5cee9ecaac0b0aa23cb62c76f22a27d2f0f0125290d940caab9c0b0f38af",
                ),
                (
                    "GD_French/fr@N.orm",
                    1_060_135,
                    "eb53ab364ed4306e6c58857207477bd9d8f91ac898608bb2ee929bfb685c8ba6",
                ),
                (
                    "GD_French/fr@V.orm",
                    1_006_427,
                    "ca660009f46199c5a69a7bcc27083b13e0c0dfb56503e0b0c86170a6be67297a",
                ),
                (
                    "GD_Hindi/hi@N.orm",
                    466_218,
                    "243d281a8c7f3410113530748cdaf22cbe56f7d9d8539085a96a8cecbf14dab7",
                ),
                (
                    "GD_Hindi/hi@V.orm",
                    778_240,
                    "a7eaf23ab68ec64784331417206c98dd5eb9128171da49d37701e3413d2731e2",
                ),
            )
        ),
    ),
)
