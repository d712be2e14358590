"""XTREME's protocol for a pre-trained checkpoint: from labelled data of several languages to checked scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm.exchange.tokenizer import SOURCE
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.run.data_steps import copy_step
from fairseq_alignmlm.run.steps import Records, Step
from fairseq_alignmlm.run.transfer import TransferRun

ENGLISH = "en"


@dataclass(frozen=True)
class XtremeRun:
    """A checkpoint with its vocabulary, and the run on it.

    Attributes:
        vocabulary: the checkpoint's dict.txt.
        sentencepiece: its model of pieces, or the tokenizer.json of an imported model.
        run: fine-tuning and tests; its data have a folder of their own for the vocabulary.
    """

    vocabulary: Path
    sentencepiece: Path
    run: TransferRun

    def identity(self, records: Records) -> dict[str, Any]:
        """Return what later calls must agree with."""
        run = self.run
        given = [run.checkpoint, self.vocabulary, self.sentencepiece, run.data.train, run.data.dev]
        return {
            "settings": {name: value for name, value in run.settings.items() if name != "device_batch"},
            "data": [digest for path in given for digest in records.digest([path]).values()],
            "fairseq": list(run.fairseq),
        }

    def vocabulary_identity(self, records: Records) -> dict[str, Any]:
        """Return what other runs in the same ``work`` must agree with."""
        return {"vocabulary": list(records.digest([self.vocabulary, self.sentencepiece]).values())}

    def data_steps(self) -> list[Step]:
        """Return the steps that bring the vocabulary and the labelled data of every language into its pieces."""
        root, imported = self.run.data.root, self.sentencepiece.name == TOKENIZER
        pieces, symbols = root / (TOKENIZER if imported else "spm.model"), root / "bin" / "dict.txt"
        found = [copy_step("sentencepiece", self.sentencepiece, pieces), copy_step("dict", self.vocabulary, symbols)]
        if imported:  # what says which tokens are special
            found.append(copy_step("source", self.sentencepiece.with_name(SOURCE), root / SOURCE))
        return [*found, self.run.data.step([pieces, symbols])]
