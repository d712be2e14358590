"""Change the bytes of a good file as disks, editors, other programs and enemies do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

TEXTS = (
    "\0",
    "\ufeff",
    "\u2028",
    "\x85",
    "\r",
    "\r\n",
    "\t\t",
    "\n\n",
    " ",
    "\u00a0",
    "²",
    "٣",
    "½",
    "NaN",
    "-inf",
    "1e999",
    "1" + "0" * 400,
    "1" * 5000,
    "-1",
    "0x10",
    "1_000",
    "9223372036854775808",
    "true",
    "null",
    "[]",
    "{}",
    '"',
    "\\",
    "\\ud800",
    "$\\frac{",
    "%s%n",
    "<doc ",
    "]]>",
    "&#x110000;",
    "../../x",
    "/dev/zero",
    "\u202e",
    "e\u0301" * 40,
    "<mask>",
    "<s>",
    "#",
    "▁",
    "-",
    "_" * 50,
    "= = ",
    "@-@",
    "'" * 30,
)
NASTY = (
    *(text.encode() for text in TEXTS),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x80" * 9, bytes(64), b"\xff" * 8),
)
DEEP = (b"[", b'{"a":', b"(", b"<", b'[{"a":', b"- ")
_NUMBER = re.compile(rb"\d+")

Change = Callable[[bytearray, random.Random], None]


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _replace(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _insert(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(data) + 1)
    data[place:place] = chance.choice(NASTY)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    nasty = chance.choice(NASTY)
    place = chance.randrange(len(data) + 1)
    data[place : place + len(nasty)] = nasty


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _drop(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(data) + 1)
    del data[place : place + chance.choice((1, 2, 8, 64))]


def _repeat(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(data) + 1)
    part = data[place : place + chance.choice((1, 4, 40, 400))]
    data[place:place] = part * chance.choice((1, 2, 10, 300))


def _swap_lines(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    data[:] = b"\n".join(lines)


def _number(data: bytearray, chance: random.Random) -> None:
    found = list(_NUMBER.finditer(data))
    if found:
        match = chance.choice(found)
        nasty = (b"-1", b"0", b"1e999", b"NaN", b"9" * 20, b"1" + b"0" * 400, "²".encode(), b"1.5", b"", b"true")
        data[match.start() : match.end()] = chance.choice(nasty)


def _nest(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(data) + 1)
    data[place:place] = chance.choice(DEEP) * chance.choice((10, 1000, 20_000))


def _integer(data: bytearray, chance: random.Random) -> None:
    width = chance.choice((1, 2, 4, 8))
    if len(data) >= width:
        place = chance.randrange(len(data) - width + 1)
        value = chance.choice((0, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**64 - 1, 255, 65535))
        data[place : place + width] = (value % (1 << 8 * width)).to_bytes(width, chance.choice(("little", "big")))


CHANGES: tuple[Change, ...] = (
    *(_flip, _flip, _replace, _insert, _insert, _overwrite, _cut, _drop, _repeat),
    *(_swap_lines, _number, _number, _nest, _integer, _integer),
)


def mutate(seed: bytes, chance: random.Random) -> bytes:
    """Return a seed with one to five changes; the same for the same state of ``chance``."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        chance.choice(CHANGES)(data, chance)
    return bytes(data[: 1 << 20])
