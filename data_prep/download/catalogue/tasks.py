"""Labelled data of the XTREME tasks, and English training data for them."""

from __future__ import annotations

from ..dataset import Dataset, RemoteFile
from .github import pinned

_FACEBOOK = "https://dl.fbaipublicfiles.com"
_LASER = ("facebookresearch/LASER", "fec5c7d63daa2bea9d127e8252b10e87278586c0")
# fmt: off
_TATOEBA_LANGUAGES = (
    "afr", "ara", "ben", "bul", "cmn", "deu", "ell", "est", "eus", "fin", "fra", "heb",
    "hin", "hun", "ind", "ita", "jav", "jpn", "kat", "kaz", "kor", "mal", "mar", "nld",
    "pes", "por", "rus", "spa", "swh", "tam", "tel", "tgl", "tha", "tur", "urd", "vie",
)
# fmt: on
_CAD = ("acmi-lab/counterfactually-augmented-data", "6f232a1d2a11462a30ce08fb4825b734ab30828e")
_XQUAD = (
    ("ar", 1_582_988, "abdabd7afed5c635d99cca0f3f0d0c9d9ed0bc77451e963c2e4e0638c29e486d"),
    ("de", 669_810, "990b5d746746ed65ed4702ea5f35f99ffa4e2f1c390c07d003642acd937916f9"),
    ("el", 1_918_889, "821cf0f88e73fa258fd2f548b19b6ec39f7025059e16f6f9fc8cd797c9c3663e"),
    ("en", 609_383, "e4c57d1c9143aaa1c5d265ba5987a65f4e69528d2a98f29d6e75019b10344f29"),
    ("es", 684_322, "dcbae93ec3a9f4b9e78fd834a171d6f96c1a875e10e15b7530b7e4ef4971e37e"),
    ("hi", 1_680_538, "df2cce3532b37e9beb8979704b5c9a4bf874358f105395a298b89427b43b9d24"),
    ("ru", 1_896_368, "208d5b1aa154c52b1b5c5eda16281e455e8fd198cdb9af3f469f0d6037d973bf"),
    ("th", 1_809_143, "5cdda11d0e1e075f7872abf4e6ae830388ce7f617964d542308e9ae4257e0f43"),
    ("tr", 729_506, "92179a564774b7696100d144c1e10870d0a966b6fccbdd254a65b9d2ab1971cc"),
    ("vi", 911_401, "f619a1eb11fb42d3ab0834259e488a65f585447ef6154437bfb7199d85161a04"),
    ("zh", 808_652, "691d0b3359bc6b8faa8de931dfdfe21d50a65861ae348e32a0d1a0190b0c8835"),
)
_PANX_BY_HAND = (
    "it is shared from a web page only: follow PAN-X on https://github.com/google-research/xtreme "
    "and save AmazonPhotos.zip, or get the repacked panx_dataset.zip that the wikiann data set card names"
)

DATASETS = (
    Dataset(
        name="xnli",
        title="XNLI: development and test pairs in 15 languages",
        licence="CC BY-NC 4.0",
        citation="Conneau et al.: XNLI: Evaluating Cross-lingual Sentence Representations. EMNLP 2018",
        homepage="https://github.com/facebookresearch/XNLI",
        files=(
            RemoteFile(
                "XNLI-1.0.zip",
                (f"{_FACEBOOK}/XNLI/XNLI-1.0.zip", "https://cims.nyu.edu/~sbowman/xnli/XNLI-1.0.zip"),
                "4ba1d5e1afdb7161f0f23c66dc787802ccfa8a25a3ddd3b165a35e50df346ab1",
                17_865_352,
                unpack=True,
            ),
        ),
    ),
    Dataset(
        name="xnli-mt",
        title="XNLI: MultiNLI training pairs translated by machine into 15 languages",
        licence="CC BY-NC 4.0",
        citation="Conneau et al.: XNLI: Evaluating Cross-lingual Sentence Representations. EMNLP 2018",
        homepage="https://github.com/facebookresearch/XNLI",
        files=(
            RemoteFile(
                "XNLI-MT-1.0.zip",
                (f"{_FACEBOOK}/XNLI/XNLI-MT-1.0.zip",),
                "f732517ba2fb1d550e9f3c2aabaef6017c91ee2dcec90e878f138764d224db05",
                466_098_360,
                unpack=True,
            ),
        ),
    ),
    Dataset(
        name="multinli",
        title="MultiNLI: 393 k English pairs",
        licence="OANC, CC BY 3.0, CC BY-SA 3.0, by genre",
        citation="Williams, Nangia, Bowman: A Broad-Coverage Challenge Corpus for Sentence Understanding. NAACL 2018",
        homepage="https://cims.nyu.edu/~sbowman/multinli",
        files=(
            RemoteFile(
                "multinli_1.0.zip",
                ("https://cims.nyu.edu/~sbowman/multinli/multinli_1.0.zip",),
                "049f507b9e36b1fcb756cfd5aeb3b7a0cfcb84bf023793652987f7e7e0957822",
                226_850_426,
                unpack=True,
            ),
        ),
    ),
    Dataset(
        name="taxinli",
        title="TaxiNLI: 10,071 MultiNLI pairs with categories",
        licence="C-UDA",
        citation="Joshi, Aditya, Sathe, Choudhury: TaxiNLI: Taking a Ride up the NLU Hill. CoNLL 2020",
        homepage="https://github.com/microsoft/TaxiNLI",
        files=(
            pinned(
                "microsoft/TaxiNLI",
                "60d89b03293c47b99288e24853a4cd3426bea437",
                "taxinli10k.tsv",
                2_636_312,
                "941fe241f5bc673a5248a86511f6e6368658a9b6c61a0ea8068411b8561521b2",
            ),
        ),
    ),
    Dataset(
        name="cad-nli",
        title="SNLI pairs with counterfactual edits: 8,330 train, 1,000 dev, 2,000 test",
        licence="Apache-2.0",
        citation="Kaushik, Hovy, Lipton: Learning the Difference that Makes a Difference. ICLR 2020",
        homepage="https://github.com/acmi-lab/counterfactually-augmented-data",
        files=(
            pinned(
                *_CAD,
                "NLI/all_combined/train.tsv",
                989_626,
                "b04c0e249b71949345afc20f8c31c355533a705a68805492f21cddc49d27234f",
            ),
            pinned(
                *_CAD,
                "NLI/all_combined/dev.tsv",
                123_605,
                "35c585cef5fc68e3713ee4bac83242aa7c4bfc6b51f16e9745b674c358ebd500",
            ),
            pinned(
                *_CAD,
                "NLI/all_combined/test.tsv",
                249_539,
                "585ea3630ed64f6976d5ce1fd8c519c46c102659a012b7e9cbe48ec03503d977",
            ),
        ),
    ),
    Dataset(
        name="pawsx",
        title="PAWS-X: paraphrase pairs in 7 languages",
        licence="free for any purpose, acknowledge Google LLC",
        citation="Yang, Zhang, Tar, Baldridge: PAWS-X. EMNLP 2019",
        homepage="https://github.com/google-research-datasets/paws/tree/master/pawsx",
        files=(
            RemoteFile(
                "x-final.tar.gz",
                ("https://storage.googleapis.com/paws/pawsx/x-final.tar.gz",),
                "4146db499101d66e68ae4c8ed3cf9dadecd625f44b7d8cf3d4a0fe93afc4fd9f",
                30_282_057,
                unpack=True,
            ),
        ),
    ),
    Dataset(
        name="panx",
        title="PAN-X (WikiANN): named entities in 176 languages, balanced splits",
        licence="none stated (text: Wikipedia, CC BY-SA)",
        citation="Pan et al.: Cross-lingual Name Tagging and Linking for 282 Languages. ACL 2017; "
        "Rahimi, Li, Cohn: Massively Multilingual Transfer for NER. ACL 2019",
        homepage="https://github.com/afshinrahimi/mmner",
        files=(
            RemoteFile("AmazonPhotos.zip", (), unpack=True),
            RemoteFile(
                "panx_dataset.zip",
                (),
                "164814b64f749ad000988b5ab45050b5116913b3db466ab173008955ddf649a4",
                234_008_884,
                unpack=True,
            ),
        ),
        by_hand=_PANX_BY_HAND,
        nested=True,
    ),
    Dataset(
        name="tatoeba",
        title="Tatoeba: 1,000 (or fewer) sentence pairs with English in 36 languages, for retrieval",
        licence="CC BY 2.0 FR",
        citation="Artetxe, Schwenk: Massively Multilingual Sentence Embeddings. TACL 7, 2019",
        homepage="https://github.com/facebookresearch/LASER/tree/main/data/tatoeba/v1",
        files=tuple(
            pinned(*_LASER, f"data/tatoeba/v1/tatoeba.{language}-eng.{side}")
            for language in _TATOEBA_LANGUAGES
            for side in (language, "eng")
        ),
    ),
    Dataset(
        name="bucc2018",
        title="BUCC 2018: comparable sentences of English with Chinese, Russian, German, French",
        licence="research",
        citation="Zweigenbaum, Sharoff, Rapp: Overview of the Third BUCC Shared Task. BUCC 2018",
        homepage="https://comparable.limsi.fr/bucc2018",
        files=tuple(
            RemoteFile(name, (f"https://comparable.limsi.fr/bucc2018/{name}",), unpack=True)
            for language in ("zh", "ru", "de", "fr")
            for part in ("training", "sample")
            for name in (f"bucc2018-{language}-en.{part}-gold.tar.bz2",)
        ),
    ),
    Dataset(
        name="squad",
        title="SQuAD 1.1: English questions, train and dev",
        licence="CC BY-SA 4.0",
        citation="Rajpurkar, Zhang, Lopyrev, Liang: SQuAD. EMNLP 2016",
        homepage="https://rajpurkar.github.io/SQuAD-explorer",
        files=(
            RemoteFile(
                "train-v1.1.json",
                ("https://rajpurkar.github.io/SQuAD-explorer/dataset/train-v1.1.json",),
                "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955",
                30_288_272,
            ),
            RemoteFile(
                "dev-v1.1.json",
                ("https://rajpurkar.github.io/SQuAD-explorer/dataset/dev-v1.1.json",),
                "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9",
                4_854_279,
            ),
        ),
    ),
    Dataset(
        name="xquad",
        title="XQuAD: 1,190 questions in the 11 languages of XTREME",
        licence="CC BY-SA 4.0",
        citation="Artetxe, Ruder, Yogatama: On the Cross-lingual Transferability. ACL 2020",
        homepage="https://github.com/google-deepmind/xquad",
        files=tuple(
            pinned(
                "google-deepmind/xquad",
                "7d30520c717524000f0d9d2f9c10a069acd9d285",
                f"xquad.{language}.json",
                size,
                sha256,
            )
            for language, size, sha256 in _XQUAD
        ),
    ),
    Dataset(
        name="mlqa",
        title="MLQA: questions in 7 languages",
        licence="CC BY-SA 3.0",
        citation="Lewis, Oğuz, Rinott, Riedel, Schwenk: MLQA. ACL 2020",
        homepage="https://github.com/facebookresearch/MLQA",
        files=(RemoteFile("MLQA_V1.zip", (f"{_FACEBOOK}/MLQA/MLQA_V1.zip",), size=75_719_050, unpack=True),),
    ),
    Dataset(
        name="tydiqa-goldp",
        title="TyDi QA, gold passage task: train and dev in 9 languages",
        licence="Apache-2.0",
        citation="Clark et al.: TyDi QA. TACL 8, 2020",
        homepage="https://github.com/google-research-datasets/tydiqa",
        files=(
            RemoteFile(
                "tydiqa-goldp-v1.1-train.json",
                ("https://storage.googleapis.com/tydiqa/v1.1/tydiqa-goldp-v1.1-train.json",),
                "cefc8e09ff2548d9b10a678d3a6bbbe5bc036be543f92418819ea676c97be23b",
                58_004_076,
            ),
            RemoteFile(
                "tydiqa-goldp-v1.1-dev.json",
                ("https://storage.googleapis.com/tydiqa/v1.1/tydiqa-goldp-v1.1-dev.json",),
                "b286e0f34bc7f52259359989716f369b160565bd12ad8f3a3e311f9b0dbad1c0",
                5_617_409,
            ),
        ),
    ),
)
