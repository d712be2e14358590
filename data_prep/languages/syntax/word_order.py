"""A word order to translate into: ordering models of noun and verb nodes, and what to do with labels they lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_prep.languages.syntax.bag_orders import CACHE_BYTES, BagOrders
from data_prep.languages.syntax.ordering_model import (
    NOUN_CLASS,
    VERB_CLASS,
    OrderingModel,
    head_symbol,
    mix,
    read_model,
    slot_symbol,
)
from fairseq_alignmlm.errors import InputError

SUBSTRATE_SHARE = 0.05
CLASSES = {"N": "noun", "V": "verb"}
_RELATED = {"list": "conj", "parataxis": "conj", "neg": "advmod"}
PARTICLE = "compound:prt"
PARTICLE_LANGUAGES = frozenset({"en"})
"""Languages whose particles stand right after their verbs; elsewhere they may end the clause, or be prefixes."""


class Slots(dict[tuple[str, str], str | None]):
    """The slot that a dependent takes, by its UPOS and label; None for a particle that stays right after its verb."""

    def __init__(self, superstrate: OrderingModel, language: str) -> None:
        """Know the labels of the model whose order is taken."""
        super().__init__()
        self._superstrate = superstrate
        self._language = language

    def __missing__(self, key: tuple[str, str]) -> str | None:
        self[key] = slot = back_off(self._superstrate, *key, self._language)
        return slot


@dataclass(frozen=True)
class NodeOrders:
    """Orders of one class of nodes.

    Attributes:
        orders: distributions under the mixed model.
        slots: the slot of a dependent by UPOS and label.
        heads: symbol of the head by UPOS; a class of nodes is its keys.
        has_marks: whether the superstrate was trained with punctuation marks as slots.
    """

    orders: BagOrders
    slots: Slots
    heads: dict[str, str]
    has_marks: bool


def back_off(superstrate: OrderingModel, upos: str, label: str, language: str = "en") -> str | None:
    """Return the slot of a dependent under a model that may lack its label.

    An English particle the model lacks stays right after its verb (None); other labels lose their subtype; list and
    parataxis become conj, neg becomes det or advmod.
    """
    known = superstrate.labels
    if label not in known:
        if label == PARTICLE and language in PARTICLE_LANGUAGES:
            return None
        label = label.partition(":")[0]
        if label not in known:
            label = "det" if (upos, label) == ("DET", "neg") else _RELATED.get(label, label)
    return slot_symbol(upos, label)


class WordOrder:
    """What reordering needs: a class of nodes for every UPOS that has one, and the version of its labels."""

    def __init__(
        self,
        superstrate: Sequence[OrderingModel],
        substrate: Sequence[OrderingModel] = (),
        share: float = SUBSTRATE_SHARE,
        cache_bytes: int = CACHE_BYTES,
        language: str = "en",
    ) -> None:
        """Mix ``share`` of the substrate into the superstrate.

        Args:
            superstrate: the models of noun and of verb nodes.
            substrate: likewise, or nothing.
            share: weight of the substrate, 0 to 1.
            cache_bytes: bound on the memory of distributions.
            language: of the trees; rules made for English apply to no other.

        Raises:
            InputError: the models know labels of different versions of Universal Dependencies.
        """
        versions = {model.version for model in [*superstrate, *substrate]} - {None}
        if len(versions) > 1:
            raise InputError(
                "these ordering models know labels of Universal Dependencies 1 and of 2; take models of one version"
            )
        self.version = versions.pop() if versions else 2
        self.language = language
        self.known = superstrate[0].labels | superstrate[1].labels
        self.classes: dict[str, NodeOrders] = {}
        for number, tags in enumerate((NOUN_CLASS, VERB_CLASS)):
            model = superstrate[number]
            mixed = mix(model, substrate[number], share) if substrate else model
            node_orders = NodeOrders(
                BagOrders(mixed, cache_bytes // 2),
                Slots(model, language),
                {tag: head_symbol(tag) for tag in tags},
                bool(model.labels & {"PUNCT", "punct"}),
            )
            for tag in tags:
                self.classes[tag] = node_orders

    @property
    def mixed(self) -> tuple[OrderingModel, OrderingModel]:
        """The mixed models of noun and of verb nodes."""
        return self.classes["NOUN"].orders.model, self.classes["VERB"].orders.model

    @property
    def computed(self) -> int:
        """How many distributions over orders have been computed."""
        return sum(node_orders.orders.computed for node_orders in self._distinct())

    @property
    def cached(self) -> int:
        """How many distributions over orders are kept."""
        return sum(len(node_orders.orders) for node_orders in self._distinct())

    def _distinct(self) -> list[NodeOrders]:
        return list({id(node_orders): node_orders for node_orders in self.classes.values()}.values())


def find_model(folder: Path, language: str, node: str) -> Path:
    """Return the path of ``<language>@<node>.orm`` in a folder or in its sub-folders.

    Args:
        folder: where the models are.
        language: a code such as ``fr``, or the path of an ``.orm`` file.
        node: ``N`` or ``V``.

    Raises:
        InputError: there is no such model.
    """
    if language.endswith(".orm"):
        return Path(language)
    name = f"{language}@{node}.orm"
    found = sorted([*folder.glob(name), *folder.glob(f"[!.]*/{name}")])
    if not found:
        models = sorted(
            {path.name.partition("@")[0] for path in [*folder.glob("[!.]*@*.orm"), *folder.glob("[!.]*/[!.]*@*.orm")]}
        )
        known = f"languages there: {', '.join(models)}" if models else "there are no .orm files"
        raise InputError.at(folder, None, f"no {CLASSES[node]} ordering model of {language!r}", known)
    return found[0]


def model_paths(folder: Path, noun: str, verb: str, substrate: str | None) -> list[Path]:
    """Return the paths of noun and verb model, then of the substrate's, if any (see :func:`find_model`)."""
    paths = [find_model(folder, noun, "N"), find_model(folder, verb, "V")]
    if substrate is not None:
        paths += [find_model(folder, substrate, node) for node in CLASSES]
    return paths


def read_word_order(
    paths: list[Path], share: float = SUBSTRATE_SHARE, cache_bytes: int = CACHE_BYTES, language: str = "en"
) -> WordOrder:
    """Read the models of :func:`model_paths`.

    Raises:
        InputError: a file is missing or not a model, or versions differ.
    """
    models = [read_model(path) for path in paths]
    return WordOrder(models[:2], models[2:], share, cache_bytes, language)
