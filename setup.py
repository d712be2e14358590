"""Metadata, and the one thing a declarative build cannot say: where the start-up file goes."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


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


def version() -> str:
    """Read the version without importing the package."""
    text = (HERE / "fairseq_alignmlm" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    assert match, "fairseq_alignmlm/__init__.py states no version"
    return match.group(1)


setup(
    name="fairseq-alignmlm",
    version=version(),
    description="Multilingual pre-training with explicit word-embedding alignment (ALIGN-MLM) for stock fairseq",
    license="MIT",
    python_requires=">=3.10",
    packages=find_packages(include=["fairseq_alignmlm*", "data_prep*", "fairseq_startup*"]),
    cmdclass={"build_py": BuildWithStartUpFile},
    install_requires=[
        "torch>=2.6",
        "numpy",
        "hydra-core>=1.3.2,<1.4",
        "omegaconf>=2.3.0,<2.4",
        "tqdm",
        "bitarray",
        "sacrebleu",
        "regex",
        "sentencepiece",
        "scipy",
    ],
)
