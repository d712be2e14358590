"""Sentence retrieval (Tatoeba in XTREME): the nearest sentence of another language, by mean-pooled hidden states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import torch
from fairseq.data import Dictionary
from torch import Tensor

from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.architecture import architecture
from fairseq_alignmlm.evaluation.checkpoint import language_names, read_state
from fairseq_alignmlm.evaluation.nearest import nearest_neighbours
from fairseq_alignmlm.evaluation.predictions import numbered_lines
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary


class SentenceVectors:
    """A pre-trained encoder that turns sentences into vectors."""

    def __init__(self, model: MultilingualRoberta, dictionary: Dictionary, languages: Sequence[str] = ()) -> None:
        self._model, self._dictionary, self._languages = model.eval(), dictionary, list(languages)
        if torch.cuda.is_available():
            self._model.cuda()

    @classmethod
    def load(cls, checkpoint: Path, dictionary: Path) -> SentenceVectors:
        """Load a checkpoint of this package, of RoBERTa or of XLM-R.

        Args:
            checkpoint: the model; pre-trained or fine-tuned.
            dictionary: fairseq's ``dict.txt``.

        Raises:
            InputError: when one is missing, or the two do not fit.
        """
        state = read_state(checkpoint)
        vocabulary = load_vocabulary(dictionary)
        settings = architecture(state, checkpoint)
        names = language_names(state)
        task = SimpleNamespace(source_dictionary=vocabulary, languages=names)
        model = MultilingualRoberta.build_model(MultilingualRobertaConfig(**settings), task)  # type: ignore[arg-type]
        weights = {key: value for key, value in state["model"].items() if not key.startswith("classification_heads.")}
        model.load_state_dict(weights)
        return cls(model, vocabulary, names)

    @property
    def layers(self) -> int:
        """The number of layers: layer 0 is the embeddings, this one the last."""
        return len(self._model.encoder.sentence_encoder.layers)

    def read(self, path: Path, sentencepiece: Path | None) -> list[Tensor]:
        """Read sentences: binarized ones (``path`` is a prefix), or text that a SentencePiece model cuts into pieces.

        Returns:
            For each sentence its pieces' indices, without special symbols.

        Raises:
            InputError: when a file is missing or is not what it should be.
        """
        if Path(f"{path}.idx").is_file():
            data = load_binarized(path)
            return [data[index][:-1].long() for index in range(len(data))]
        if sentencepiece is None:
            raise InputError.at(
                path, None, "no binarized data, so text", "give --sentencepiece, the model of its pieces"
            )
        return [self._indices(pieces) for pieces in _pieces(path, sentencepiece)]

    def _indices(self, pieces: Sequence[str]) -> Tensor:
        return torch.tensor([self._dictionary.index(piece) for piece in pieces], dtype=torch.long)

    @torch.no_grad()
    def vectors(
        self, sentences: Sequence[Tensor], layer: int, language: str | None = None, batch_size: int = 64
    ) -> Tensor:
        """Return the mean hidden state of every sentence, ``<s>`` and ``</s>`` included as in XTREME.

        Args:
            sentences: indices of the pieces, each ``(T,)``; what exceeds the model's positions is cut.
            layer: 0 for the embeddings, 1 for the first layer, ..., `layers` for the last, before a final layer norm.
            language: of the sentences, for models with language embeddings.
            batch_size: sentences at a time.

        Returns:
            ``(N, H)``, float32.

        Raises:
            InputError: for a layer or language that the model has not.
        """
        if not 0 <= layer <= self.layers:
            raise InputError(f"--layer {layer}: the model has the embeddings (0) and layers 1 to {self.layers}")
        number = self._language_number(language)
        dictionary, device = self._dictionary, self._model.word_embeddings.device
        room = self._model.max_positions() - 2
        rows = [
            torch.cat((torch.tensor([dictionary.bos()]), sentence[:room], torch.tensor([dictionary.eos()])))
            for sentence in sentences
        ]
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        found = torch.empty(len(rows), self._model.word_embeddings.size(1))
        parts = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        for part in track(parts, "encode", len(parts), "batches"):
            tokens = torch.nn.utils.rnn.pad_sequence(
                [rows[row] for row in part], batch_first=True, padding_value=dictionary.pad()
            ).to(device)
            present = tokens.ne(dictionary.pad())
            ids = None if number is None else number * present.long()
            hiddens = self._model(tokens, language_ids=ids, features_only=True, return_all_hiddens=True)[1]
            states = hiddens["inner_states"][layer].float() * present.unsqueeze(-1)
            found[part] = (states.sum(dim=1) / present.sum(dim=1, keepdim=True)).cpu()
        return found

    def _language_number(self, language: str | None) -> int | None:
        if not self._model.wants_language_ids:
            return None
        if language not in self._languages:
            known = ", ".join(self._languages) or "none that it names"
            raise InputError(f"the model has language embeddings ({known}): name both with --languages")
        return self._languages.index(language) + 1


def retrieve(source: Tensor, target: Tensor) -> Tensor:
    """Return for every source sentence the index of the target sentence with the largest cosine, from 0.

    Args:
        source: ``(N, H)``.
        target: ``(M, H)``.
    """
    return nearest_neighbours(source, target)


def _pieces(path: Path, sentencepiece: Path) -> Iterator[list[str]]:
    import sentencepiece as library

    try:
        processor = library.SentencePieceProcessor(model_file=str(sentencepiece))
    except (OSError, RuntimeError):
        raise InputError.at(sentencepiece, None, "no such SentencePiece model", "correct --sentencepiece") from None
    for line in numbered_lines(path):
        if not line.text.strip():
            raise InputError.at(path, line.number, "an empty line is no sentence", "take it out on both sides")
        yield processor.encode(line.text.strip(), out_type=str)
