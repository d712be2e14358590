"""What kinds of verbs there are, and which nouns they go with."""

from __future__ import annotations

from dataclasses import dataclass

from data_prep.toy.classes import PERSONS, PLACES
from data_prep.toy.tables import weights

GROUPS = {
    "people": dict.fromkeys(PERSONS, 1.0),
    "agents": dict.fromkeys(PERSONS, 1.0) | {"group": 1.5},
    "things": dict.fromkeys(("tool", "device", "garment", "vehicle", "document", "food"), 0.5),
    "places": PLACES,
}

# name, lemmas, weight, frame (what follows the verb: see clauses.py), noun classes of the subject, noun classes of the
# object or of the prepositional complement, prepositions. A noun class may carry a weight; the default is 1.
TABLE = """
say     | 35 |   5 | statement | agents document | - | -
think   | 30 |   3 | statement | agents | - | -
intend  | 30 |   4 | intention | agents animal:0.3 | - | -
make    | 80 |   6 | object | agents device:0.5 | things building:1.5 | -
write   | 35 |   4 | object | people group | document idea:0.2 | -
eat     | 35 |   3 | object | people animal:4 | food:3 plant | -
go      | 70 |   6 | motion | people animal:3 vehicle:4 | places | to into through from across toward
carry   | 50 |   4 | transport | agents vehicle:2.5 | material food tool worker:0.5 | to from into across
give    | 40 |   4 | transfer | agents | document tool:0.8 food garment:0.7 idea:0.3 | -
fight   | 50 |   4 | object | agents animal:0.5 | agents | -
see     | 40 |   5 | object | agents animal:1.5 | people:0.5 things animal landscape event plant | -
feel    | 40 |   3 | object | people animal:0.4 | feeling:2 idea event:0.6 | -
break   | 60 |   4 | object | agents event weather:2 | tool building device vehicle:0.8 material:0.6 body:0.4 | -
happen  | 40 |   4 | occurrence | event:3 weather:3 illness idea feeling:1.5 | places | in near across
rule    | 50 |   4 | object | official:3 group:2 | group landscape:0.7 event document:0.7 | -
help    | 40 |   3 | object | agents document:0.4 | people group | -
discuss | 50 |   4 | object | official:2 artist group:2 document:1.5 | idea:2 event:1.5 document:0.6 | -
rely    | 50 |   3 | oblique | agents idea device event:0.6 | idea event:0.8 worker:0.3 group:0.5 | on for with about
wear    | 25 | 1.5 | object | people | garment | -
heal    | 30 |   2 | object | illness:3 worker:0.7 food:0.4 | people body:2 animal:1.5 | -
use     | 35 |   3 | object | agents | tool:2 device:2 material:0.7 | -
grow    | 35 | 2.5 | occurrence | plant:6 animal:1.5 body:2 food:2 material:1.5 | landscape room:0.3 | in on near
cause   | 35 |   3 | object | event:2 idea:2 illness:2 weather:2 material device | event feeling illness:0.5 | -
stand   | 30 |   3 | occurrence | building:2 landscape:2 room:2 tool:2 garment:2 food | places | in near under behind
take    | 60 |   4 | particle | agents animal:0.4 vehicle:0.6 | tool garment:0.8 food:0.7 device:0.8 document:0.7 | -
rise    | 25 |   2 | particle_only | people animal vehicle:1.5 device weather tool | - | -
"""


@dataclass(frozen=True)
class VerbClass:
    """A class of verbs: number of lemmas, frequency, frame, and weights of its arguments' noun classes."""

    size: int
    weight: float
    frame: str
    subjects: dict[str, float]
    objects: dict[str, float]
    prepositions: tuple[str, ...]
    suffixes: str = "ate ize ify en"


def _weights(cell: str) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, scale in weights(cell.replace("-", "")).items():
        out |= {member: scale * own for member, own in GROUPS.get(name, {name: 1.0}).items()}
    return out


def _parse(table: str) -> dict[str, VerbClass]:
    classes = {}
    for line in table.strip().splitlines():
        name, size, weight, frame, subjects, objects, prepositions = (cell.strip() for cell in line.split("|"))
        classes[name] = VerbClass(
            int(size),
            float(weight),
            frame,
            _weights(subjects),
            _weights(objects),
            tuple(prepositions.replace("-", "").split()),
        )
    return classes


VERB_CLASSES = _parse(TABLE)
