"""Sentence retrieval (Tatoeba in XTREME): the nearest sentence of another language, by mean-pooled hidden states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from fairseq.data import Dictionary
from torch import Tensor

from fairseq_alignmlm.checksums import verify
from fairseq_alignmlm.data.binarized import load_binarized
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.architecture import architecture
from fairseq_alignmlm.evaluation.checkpoint import identity_of, language_names, read_state
from fairseq_alignmlm.evaluation.nearest import check_finite, nearest_neighbours
from fairseq_alignmlm.evaluation.predictions import numbered_lines
from fairseq_alignmlm.evaluation.verification import verify_sentences, verify_vocabulary
from fairseq_alignmlm.exchange.extra import require_extra
from fairseq_alignmlm.exchange.tokenizer import beside_checkpoint
from fairseq_alignmlm.exchange.tokenizer_file import NAME as TOKENIZER
from fairseq_alignmlm.identity import Identity
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary

Rows = Callable[[list[str]], list[list[int]]]  # lines to the rows of their pieces
MEAN, FIRST = "mean", "first"  # how the states of a sentence become one vector


class SentenceVectors:
    """A pre-trained encoder that turns sentences into vectors."""

    def __init__(
        self,
        model: MultilingualRoberta,
        dictionary: Dictionary,
        languages: Sequence[str] = (),
        identity: Identity | None = None,
    ) -> None:
        self._model, self._dictionary, self._languages = model.eval(), dictionary, list(languages)
        self._identity = identity or Identity()
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
        identity = verify_vocabulary(identity_of(state), checkpoint, dictionary)
        settings = architecture(state, checkpoint)
        names = language_names(state)
        task = SimpleNamespace(source_dictionary=vocabulary, languages=names)
        model = MultilingualRoberta.build_model(MultilingualRobertaConfig(**settings), task)  # type: ignore[arg-type]
        weights = {key: value for key, value in state["model"].items() if not key.startswith("classification_heads.")}
        model.load_state_dict(weights)
        return cls(model, vocabulary, names, identity)

    @property
    def model(self) -> MultilingualRoberta:
        """The encoder, in evaluation mode."""
        return self._model

    @property
    def dictionary(self) -> Dictionary:
        """Its vocabulary, ``<mask>`` included."""
        return self._dictionary

    @property
    def languages(self) -> list[str]:
        """The languages of the run in order; none when the checkpoint does not say them."""
        return self._languages

    @property
    def identity(self) -> Identity:
        """What the checkpoint and its dict.txt know of the data."""
        return self._identity

    @property
    def layers(self) -> int:
        """The number of layers: layer 0 is the embeddings, this one the last."""
        return len(self._model.encoder.sentence_encoder.layers)

    def read(self, path: Path, sentencepiece: Path | None, language: str | None = None) -> list[Tensor]:
        """Read sentences: binarized ones (``path`` is a prefix), or text.

        Args:
            path: the prefix or the text.
            sentencepiece: what cuts text into pieces, see `encode`.
            language: what the sentences are said to be in.

        Returns:
            For each sentence its pieces' indices, without special symbols.

        Raises:
            InputError: when a file is missing, is not what it should be, or is of another vocabulary or language.
        """
        verify_sentences(self._identity, path, sentencepiece, language)
        if Path(f"{path}.idx").is_file():
            data = load_binarized(path)
            return [data[index][:-1].long() for index in range(len(data))]
        if sentencepiece is None:
            what = "no binarized data, so text"
            raise InputError.at(
                path, None, what, "give --sentencepiece, the model of its pieces, or its tokenizer.json"
            )
        return self.encode(_sentences(path), path, sentencepiece)

    def encode(self, sentences: Iterable[str], path: Path, sentencepiece: Path) -> list[Tensor]:
        """Cut sentences into pieces.

        Args:
            sentences: text.
            path: where it stands, for messages.
            sentencepiece: a SentencePiece model, or the ``tokenizer.json`` of an imported model.

        Returns:
            For each sentence its pieces' indices, without special symbols.

        Raises:
            InputError: the file is missing, broken or of another vocabulary.
        """
        cut = self._imported if sentencepiece.name == TOKENIZER else self._own
        rows = cut(sentencepiece)(list(sentences))
        found = [torch.tensor(row, dtype=torch.long) for row in rows]
        pieces = sum(map(len, found))
        unknown = sum(int(sentence.eq(self._dictionary.unk()).sum()) for sentence in found)
        if 2 * unknown > pieces:
            what = f"{unknown:,} of {pieces:,} pieces are not in dict.txt"
            raise InputError.at(path, None, what, "give the SentencePiece model of the vocabulary")
        return found

    def _own(self, path: Path) -> Rows:
        index, cut = self._dictionary.index, _processor(path).encode
        return lambda lines: [[index(piece) for piece in pieces] for pieces in cut(lines, out_type=str)]

    def _imported(self, path: Path) -> Rows:
        require_extra("tokenizers", "safetensors")
        tokenizer = beside_checkpoint(path.parent)
        if tokenizer.symbols != self._dictionary.symbols:
            raise InputError.at(path, None, "is not that of dict.txt", "give the files of one imported model")
        return tokenizer.encode_lines

    @torch.no_grad()
    def vectors(
        self,
        sentences: Sequence[Tensor],
        layer: int,
        language: str | None = None,
        batch_size: int = 64,
        pool: str = MEAN,
    ) -> Tensor:
        """Return the mean hidden state of every sentence, ``<s>`` and ``</s>`` included as in XTREME.

        Args:
            sentences: indices of the pieces, each ``(T,)``; what exceeds the model's positions is cut.
            layer: 0 for the embeddings, 1 for the first layer, ..., `layers` for the last, before a final layer norm.
            language: of the sentences, for models with language embeddings.
            batch_size: sentences at a time.
            pool: `MEAN`, or `FIRST` for the state of ``<s>``, as XTREME has it in BUCC.

        Returns:
            ``(N, H)``, float32.

        Raises:
            InputError: for a layer or language that the model has not.
            FloatingPointError: when the vector of a sentence holds NaN or infinity.
        """
        if not 0 <= layer <= self.layers:
            raise InputError(f"--layer {layer}: the model has the embeddings (0) and layers 1 to {self.layers}")
        found = torch.empty(len(sentences), self._model.word_embeddings.size(1))
        for rows, present, states in self._encoded(sentences, language, batch_size):
            chosen = present if pool == MEAN else present.cumsum(1).eq(1)
            found[rows] = _mean(states[layer], chosen)
        return found

    @torch.no_grad()
    def layer_vectors(
        self, sentences: Sequence[Tensor], language: str | None = None, specials: bool = True, batch_size: int = 64
    ) -> Tensor:
        """Return the mean hidden state of every sentence in every layer.

        Args:
            sentences: as for `vectors`.
            language: of the sentences, for models that want to know.
            specials: whether ``<s>`` and ``</s>`` count; without them the vector of a lone piece is its own state.
            batch_size: sentences at a time.

        Returns:
            ``(layers + 1, N, H)``, float32, the embeddings first.

        Raises:
            InputError: for a language that the model has not.
            FloatingPointError: as `vectors`.
        """
        found = torch.empty(self.layers + 1, len(sentences), self._model.word_embeddings.size(1))
        for rows, present, states in self._encoded(sentences, language, batch_size):
            if not specials:
                present = present.clone()
                present.scatter_(1, present.sum(1, keepdim=True) - 1, False)
                present[:, 0] = False
            for layer, state in enumerate(states):
                found[layer, rows] = _mean(state, present)
        return found

    def _encoded(
        self, sentences: Sequence[Tensor], language: str | None, batch_size: int
    ) -> Iterator[tuple[list[int], Tensor, list[Tensor]]]:
        """Yield, for batches of similar lengths, the sentences' numbers, where tokens are, and all hidden states."""
        number = self._language_number(language)
        dictionary, device = self._dictionary, self._model.word_embeddings.device
        room = self._model.max_positions() - 2
        rows = [
            torch.cat((torch.tensor([dictionary.bos()]), sentence[:room], torch.tensor([dictionary.eos()])))
            for sentence in sentences
        ]
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        parts = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        for part in track(parts, "encode", len(parts), "batches"):
            tokens = torch.nn.utils.rnn.pad_sequence(
                [rows[row] for row in part], batch_first=True, padding_value=dictionary.pad()
            ).to(device)
            present = tokens.ne(dictionary.pad())
            ids = None if number is None else number * present.long()
            extra = self._model(tokens, language_ids=ids, features_only=True, return_all_hiddens=True)[1]
            yield part, present, extra["inner_states"]

    def _language_number(self, language: str | None) -> int | None:
        if not self._model.wants_language_ids:
            return None
        if language not in self._languages:
            known = ", ".join(self._languages) or "none that it names"
            raise InputError(f"the model has language embeddings ({known}): name both with --languages")
        return self._languages.index(language) + 1


def _mean(states_BTH: Tensor, chosen_BT: Tensor) -> Tensor:
    """Average the hidden states of the chosen positions, ``(B, H)`` float32."""
    means = ((states_BTH.float() * chosen_BT.unsqueeze(-1)).sum(1) / chosen_BT.sum(1, keepdim=True)).cpu()
    check_finite(means, "sentence vectors")
    return means


def default_layer(layers: int) -> int:
    """Return the layer whose states are compared unless one is named.

    XTREME's scripts take the eighth of 12 layers and the fourteenth of 24. For other depths it is two thirds of up to
    12 layers, rounded, and half of them plus two beyond that, a rule that gives both.

    Args:
        layers: of the model, 1 or more.
    """
    return (2 * layers + 1) // 3 if layers <= 12 else layers // 2 + 2


def retrieve(source: Tensor, target: Tensor) -> Tensor:
    """Return for every source sentence the index of the target sentence with the largest cosine, from 0.

    Args:
        source: ``(N, H)``.
        target: ``(M, H)``.
    """
    return nearest_neighbours(source, target)


def _processor(sentencepiece: Path) -> Any:
    import sentencepiece as library

    verify(sentencepiece)
    try:
        return library.SentencePieceProcessor(model_file=str(sentencepiece))
    except (OSError, RuntimeError):
        raise InputError.at(sentencepiece, None, "no such SentencePiece model", "correct --sentencepiece") from None


def _sentences(path: Path) -> Iterator[str]:
    for line in numbered_lines(path):
        if not line.text.strip():
            raise InputError.at(path, line.number, "an empty line is no sentence", "take it out on both sides")
        yield line.text.strip()
