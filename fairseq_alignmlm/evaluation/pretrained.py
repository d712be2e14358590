"""A pre-trained model with its vocabulary: features of sentences, and words for masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import torch
from fairseq.data import Dictionary
from torch import Tensor

from fairseq_alignmlm.checksums import verify
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.architecture import architecture
from fairseq_alignmlm.evaluation.checkpoint import identity_of, language_names, read_state
from fairseq_alignmlm.evaluation.verification import direction_of, verify_sentences, verify_vocabulary
from fairseq_alignmlm.lexicon.counterparts import read_counterparts
from fairseq_alignmlm.models.config import MultilingualRobertaConfig
from fairseq_alignmlm.models.multilingual_roberta import MultilingualRoberta
from fairseq_alignmlm.tasks.vocabulary import load_vocabulary

MASK = "<mask>"
WORD_START = "▁"


@dataclass(frozen=True)
class Filling:
    """One word piece for a mask.

    Attributes:
        piece: the symbol of dict.txt.
        probability: 0 to 1.
        sentence: the sentence with it.
    """

    piece: str
    probability: float
    sentence: str


class PretrainedEncoder:
    """A model of this package, of stock RoBERTa or of XLM-R, ready to be asked; `load` makes one.

    The methods are named as those of stock fairseq's RoBERTa.

    Attributes:
        model: the model, in evaluation mode.
        dictionary: fairseq's vocabulary.
        languages: of the pre-training, in its order.
    """

    def __init__(
        self,
        model: MultilingualRoberta,
        dictionary: Dictionary,
        languages: tuple[str, ...] = (),
        segment: Callable[[str], list[str]] | None = None,
        counterparts: dict[str, str] | None = None,
    ) -> None:
        self.model, self.dictionary, self.languages = model.eval(), dictionary, languages
        self._segment = segment or str.split
        self._counterparts = counterparts or {}
        self._pieces = {symbol: piece for piece, symbol in self._counterparts.items()}

    @classmethod
    def load(
        cls, checkpoint: Path, vocabulary: Path, sentencepiece: Path | None = None, counterparts: Path | None = None
    ) -> PretrainedEncoder:
        """Load a checkpoint; the arguments are those of `fairseq_alignmlm.from_pretrained`.

        Raises:
            InputError: a file is missing, or two of them do not belong together.
        """
        state = read_state(checkpoint)
        dictionary = load_vocabulary(vocabulary)
        names = language_names(state)
        identity = verify_vocabulary(identity_of(state), checkpoint, vocabulary)
        if sentencepiece:
            verify_sentences(identity, Path(), sentencepiece, None)
        if counterparts:
            direction_of(counterparts, identity, None, names)
        settings = architecture(state, checkpoint)
        task = SimpleNamespace(source_dictionary=dictionary, languages=names)
        model = MultilingualRoberta.build_model(MultilingualRobertaConfig(**settings), task)  # type: ignore[arg-type]
        weights = {key: value for key, value in state["model"].items() if not key.startswith("classification_heads.")}
        model.load_state_dict(weights)
        segment = _segmenter(sentencepiece, dictionary) if sentencepiece else None
        table = dict(read_counterparts(counterparts)) if counterparts else None
        return cls(model, dictionary, tuple(names), segment, table)

    @property
    def word_embeddings(self) -> Tensor:
        """The input word embeddings ``(V, H)``, without a gradient."""
        return self.model.word_embeddings.detach()

    def counterpart_embeddings(self) -> tuple[Tensor, Tensor]:
        """Return the word embeddings of L1's pieces and of their counterparts, row by row, each ``(N, H)``.

        Language embeddings are added where the model has them, as the alignment score does.

        Raises:
            InputError: the model was loaded without counterparts, or they belong to another vocabulary.
        """
        if not self._counterparts:
            raise InputError("the model was loaded without counterparts.tsv; give `pair` or `counterparts`")
        unknown = self.dictionary.unk()
        sides = []
        for number, symbols in enumerate((list(self._counterparts), list(self._counterparts.values())), 1):
            rows = [self.dictionary.index(symbol) for symbol in symbols]
            if unknown in rows:
                raise InputError(
                    f"counterparts.tsv belongs to another vocabulary: dict.txt lacks {rows.count(unknown)}"
                )
            table = self.word_embeddings[torch.tensor(rows)]
            languages = self.model.encoder.sentence_encoder.embed_languages
            sides.append(table if languages is None else table + languages.weight[number].detach())
        return sides[0], sides[1]

    def encode(self, sentence: str, language: str | None = None) -> Tensor:
        """Return the indices ``(T,)`` of a sentence between ``<s>`` and ``</s>``.

        Args:
            sentence: text; or pieces with spaces between them where no SentencePiece model was given. ``<mask>``
                stands for a masked piece.
            language: of the sentence. In a derived language the words are written as in L1, in the derived order.

        Raises:
            InputError: the language is unknown.
        """
        derived = self._is_derived(language)
        pieces: list[str] = []
        for number, part in enumerate(sentence.split(MASK)):
            pieces += [MASK] if number else []
            found = self._segment(part.strip()) if part.strip() else []
            pieces += [self._counterparts.get(piece, piece) for piece in found] if derived else found
        indices = [self.dictionary.index(piece) for piece in pieces]
        return torch.tensor([self.dictionary.bos(), *indices, self.dictionary.eos()])

    def decode(self, tokens: Tensor) -> str:
        """Return the text of indices ``(T,)``, symbols of a derived language written as their counterparts in L1."""
        special = {self.dictionary.bos(), self.dictionary.eos(), self.dictionary.pad()}
        symbols = [self.dictionary[index] for index in tokens.tolist() if index not in special]
        text = "".join(f"{WORD_START}{MASK}" if s == MASK else self._pieces.get(s, s) for s in symbols)
        return text.replace(WORD_START, " ").strip()

    @torch.no_grad()
    def extract_features(
        self, tokens: Tensor, language: str | None = None, return_all_hiddens: bool = False
    ) -> Tensor | list[Tensor]:
        """Return hidden states.

        Args:
            tokens: ``(T,)`` or ``(B, T)``, padded on the right.
            language: of the tokens; needed exactly when the model has language embeddings.
            return_all_hiddens: return the embeddings and every layer's output instead of the last one's.

        Returns:
            ``(B, T, H)``, or a list of these.

        Raises:
            InputError: the language is unknown, or there are more tokens than positions.
        """
        batch, ids = self._batch(tokens, language)
        features, extra = self.model(batch, language_ids=ids, features_only=True, return_all_hiddens=return_all_hiddens)
        return list(extra["inner_states"]) if return_all_hiddens else features

    @torch.no_grad()
    def fill_mask(self, sentence: str, topk: int = 5, language: str | None = None) -> list[Filling]:
        """Return the likeliest pieces for the one ``<mask>`` of a sentence, best first.

        Raises:
            InputError: the sentence has no mask or several, or the language is unknown.
        """
        tokens = self.encode(sentence, language)
        places = tokens.eq(self.dictionary.index(MASK)).nonzero()[:, 0]
        if len(places) != 1:
            raise InputError(f"fill_mask: {sentence!r} has {len(places)} times {MASK}; give exactly one")
        batch, ids = self._batch(tokens, language)
        logits = self.model(batch, language_ids=ids)[0][0, places[0]].float()
        best = logits.softmax(-1).topk(min(topk, len(self.dictionary)))
        found = []
        for probability, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            filled = tokens.clone()
            filled[places[0]] = index
            found.append(Filling(self.dictionary[index], probability, self.decode(filled)))
        return found

    def _batch(self, tokens: Tensor, language: str | None) -> tuple[Tensor, Tensor | None]:
        batch = tokens[None] if tokens.dim() == 1 else tokens
        if batch.size(1) > self.model.max_positions():
            raise InputError(f"{batch.size(1)} tokens, the model has positions for {self.model.max_positions()}")
        self._is_derived(language)
        if not self.model.has_language_embeddings:
            return batch, None
        if language is None:
            raise InputError(
                f"the model has language embeddings: name the language, one of {', '.join(self.languages)}"
            )
        return batch, (self.languages.index(language) + 1) * batch.ne(self.dictionary.pad()).long()

    def _is_derived(self, language: str | None) -> bool:
        if language is not None and language not in self.languages:
            raise InputError(f"unknown language {language!r}; the model knows {', '.join(self.languages) or 'none'}")
        return language is not None and language != self.languages[0]


def _segmenter(path: Path, dictionary: Dictionary) -> Callable[[str], list[str]]:
    """Return the function from text to pieces, after a look whether the model belongs to the vocabulary."""
    import sentencepiece as library

    verify(path)
    try:
        processor = library.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError):
        raise InputError.at(path, None, "no such SentencePiece model", "correct `sentencepiece`") from None
    pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size()) if not processor.is_control(i)]
    known = sum(dictionary.index(piece) != dictionary.unk() for piece in pieces)
    if known < len(pieces) // 2:
        what = f"dict.txt knows {known:,} of its {len(pieces):,} pieces, so it belongs to another vocabulary"
        raise InputError.at(path, None, what, "give the SentencePiece model of the pre-training")
    return lambda text: processor.encode(text, out_type=str)
