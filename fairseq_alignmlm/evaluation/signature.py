"""Signatures: what a number must carry so that another person can tell what it measures."""

from __future__ import annotations

from fairseq_alignmlm import __version__

FIELDS = ("task", "dir", "profile", "metric", "rule", "split", "n", "seed", "model", "dict")
HASH_DIGITS = 12


def signature(**fields: str | int | None) -> str:
    """Join what identifies a score, in a fixed order, ending in the version of this package.

    Args:
        fields: any of `FIELDS`; None leaves a field out. ``dir`` is ``trained>tested`` language, ``n``
            the number of sentences or examples, ``model`` and ``dict`` the first digits of a sha256.

    Returns:
        For example ``task:udpos|dir:en>en_trans_inv|profile:paper|metric:span-f1|rule:seqeval-1.2.2|n:2001|v:0.1.0``.

    Raises:
        ValueError: for an unknown field, or a value that would break the format.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"unknown signature fields: {', '.join(sorted(unknown))}")
    parts = [(name, str(fields[name])) for name in FIELDS if fields.get(name) is not None]
    for name, value in parts:
        if not value or any(character in value for character in "|\n\t "):
            raise ValueError(f"{name}:{value!r} cannot stand in a signature")
    return "|".join(f"{name}:{value}" for name, value in [*parts, ("v", __version__)])


def read_signature(text: str) -> dict[str, str]:
    """Return the fields of a signature.

    Raises:
        ValueError: when ``text`` is not a signature.
    """
    pairs = [part.partition(":") for part in text.split("|")]
    if not all(separator and name in (*FIELDS, "v") for name, separator, _ in pairs):
        raise ValueError(f"not a signature: {text!r}")
    return {name: value for name, _, value in pairs}


def short_hash(digest: str) -> str:
    """Cut a sha256 to the digits that signatures show."""
    return digest[:HASH_DIGITS]
