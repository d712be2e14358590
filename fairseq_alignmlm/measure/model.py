"""A model to measure, whatever it came as: a checkpoint of this package or a Hugging Face folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.checkpoint import identity_of, language_names, read_state, settings_of
from fairseq_alignmlm.evaluation.nearest import check_finite
from fairseq_alignmlm.exchange.own_model import build_own
from fairseq_alignmlm.exchange.tokenizer_file import build
from fairseq_alignmlm.exchange.vocabulary_folder import ImportedVocabulary, OwnVocabulary, find_vocabulary
from fairseq_alignmlm.identity import Identity, hash_symbols
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.storage import sha256_of

BOS, PAD, EOS, UNKNOWN = 0, 1, 2, 3
BATCH = 32


class MeasuredModel:
    """An encoder with its vocabulary.

    Attributes:
        name: of the checkpoint or folder.
        digest: sha256 of its weights.
        languages: of the language embeddings, or of the run.
        identity: of its vocabulary.
    """

    def __init__(self, state: dict[str, Any], path: Path, vocabulary: Path | None) -> None:
        """Build the model of a checkpoint.

        Args:
            state: what `read_state` returns.
            path: of the checkpoint.
            vocabulary: the folder of its vocabulary, if it is not found by itself.

        Raises:
            InputError: when the vocabulary is missing, or another one.
        """
        from fairseq_alignmlm.models.state import rename_stock_keys

        rename_stock_keys(state["model"], "")
        self.name, self.digest = path.name, sha256_of(path)
        self.languages = list(language_names(state))
        data = settings_of(state, "task").get("data")
        self._vocabulary = find_vocabulary(path, data, vocabulary)
        self._model = build_own(state, path)
        found = self._vocabulary
        symbols = found.tokenizer.symbols if isinstance(found, ImportedVocabulary) else list(found.rows)
        if len(symbols) != len(self._model.word_embeddings):
            what = f"has {len(self._model.word_embeddings):,} rows, the vocabulary {len(symbols):,} symbols"
            raise InputError.at(path, None, what, "give --vocabulary, that of the checkpoint")
        own, self.identity = identity_of(state), Identity(hash_symbols(symbols[4:-1]))
        own.require(self.identity, path, "the vocabulary", "give --vocabulary, its own")
        self._pieces: dict[str, Any] = {}

    @classmethod
    def load(cls, path: Path, vocabulary: Path | None = None) -> MeasuredModel:
        """Load a checkpoint, or a Hugging Face folder by importing it for the time being.

        Raises:
            InputError: when it is neither, or broken.
        """
        if not path.is_dir():
            return cls(read_state(path), path, vocabulary)
        from fairseq_alignmlm.exchange.importing import import_folder

        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"{path.name}.pt"
            import_folder(path, target, fresh_lm_head=True)
            return cls(read_state(target), target, None)

    @property
    def layers(self) -> int:
        """The number of layers; layer 0 is the embeddings, this one the last, before a final layer norm."""
        return len(self._model.encoder.sentence_encoder.layers)

    @property
    def embeddings(self) -> Tensor:
        """The input word embeddings ``(V, H)``."""
        return self._model.word_embeddings.detach()

    def encode_words(self, words: Sequence[str], language: str) -> list[list[int]]:
        """Return the rows of the pieces of words, each cut by itself; at least one for each word."""
        if isinstance(self._vocabulary, ImportedVocabulary):
            return self._vocabulary.tokenizer.encode_words(words)
        return [rows or [UNKNOWN] for rows in self._encoded(words, language)]

    def encode_lines(self, lines: Sequence[str], language: str) -> list[list[int]]:
        """Return the rows of the pieces of lines of text."""
        if isinstance(self._vocabulary, ImportedVocabulary):
            return self._vocabulary.tokenizer.encode_lines(lines)
        return self._encoded(lines, language)

    def _encoded(self, texts: Sequence[str], language: str) -> list[list[int]]:
        assert isinstance(self._vocabulary, OwnVocabulary)
        if language not in self._pieces:
            if self.languages and language not in self.languages:
                raise InputError(f"language {language!r} is not one of the model's: {', '.join(self.languages)}")
            first = (self.languages or [language])[0]
            content = self._vocabulary.tokenizer_json(language, first, 0)
            self._pieces[language] = build(content, self._vocabulary.root)
        found = self._pieces[language].encode_batch(list(texts), add_special_tokens=False)
        return [list(each.ids) for each in found]

    def language_number(self, language: str) -> int | None:
        """Return the number of a language, None for a model that does not want to know.

        Raises:
            InputError: when the model wants to know and does not know this one.
        """
        if not self._model.encoder.sentence_encoder.wants_language_ids:
            return None
        if language not in self.languages:
            raise InputError(f"the model has embeddings of the languages {', '.join(self.languages)}, not {language}")
        return self.languages.index(language) + 1

    @torch.no_grad()
    def states(self, rows: Sequence[Sequence[int]], language: str, what: str) -> Iterator[tuple[int, Tensor]]:
        """Yield ``(number, states)`` of each sequence, in an order of its own.

        Args:
            rows: of the pieces of each, without special symbols; what exceeds the model's positions is cut.
            language: of the text.
            what: for the progress bar.

        Yields:
            The number of the sequence, and its hidden states ``(layers + 1, T + 2, H)``, special symbols included.

        Raises:
            FloatingPointError: when a state holds NaN or infinity.
        """
        number, room = self.language_number(language), self._model.max_positions() - 2
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        parts = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        for part in track(parts, what, len(parts), "batches"):
            cut = [[BOS, *rows[index][:room], EOS] for index in part]
            tokens = torch.full((len(part), max(map(len, cut))), PAD)
            for row, sequence in zip(tokens, cut, strict=True):
                row[: len(sequence)] = torch.tensor(sequence)
            ids = None if number is None else number * tokens.ne(PAD).long()
            extra = self._model(tokens, language_ids=ids, features_only=True, return_all_hiddens=True)[1]
            hidden = torch.stack(extra["inner_states"]).float()
            check_finite(hidden[-1].flatten(0, 1), "hidden states")
            for place, index in enumerate(part):
                yield index, hidden[:, place, : len(cut[place])]

    def sentence_vectors(self, rows: Sequence[Sequence[int]], language: str) -> Tensor:
        """Return the mean state of every sentence in every layer, special symbols included: ``(layers + 1, N, H)``."""
        found = torch.empty(self.layers + 1, len(rows), self.embeddings.size(1))
        for index, states in self.states(rows, language, f"sentences of {language}"):
            found[:, index] = states.mean(1)
        return found

    def word_vectors(self, sentences: Sequence[Sequence[Sequence[int]]], language: str) -> list[Tensor]:
        """Return the mean state of the pieces of every word in its sentence, in every layer.

        Args:
            sentences: for each sentence, for each word, the rows of its pieces.
            language: of the text.

        Returns:
            For each sentence ``(layers + 1, words, H)``; words beyond the model's positions are zero.
        """
        rows = [[row for word in sentence for row in word] for sentence in sentences]
        found: list[Tensor] = [torch.empty(0)] * len(sentences)
        for index, states in self.states(rows, language, f"words of {language}"):
            inner = states[:, 1:-1]
            lengths = [len(word) for word in sentences[index]]
            owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))[: inner.size(1)]
            total = torch.zeros(inner.size(0), len(lengths), inner.size(2)).index_add_(1, owner, inner)
            found[index] = total / torch.bincount(owner, minlength=len(lengths)).clamp(min=1)[:, None]
        return found
