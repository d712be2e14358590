"""Signatures: what a number must carry so that another person can tell what it measures."""

from __future__ import annotations

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError

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
        ValueError: for an unknown field.
        InputError: for a value that would break the format, such as a name with a blank.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"unknown signature fields: {', '.join(sorted(unknown))}")
    parts = [(name, str(fields[name])) for name in FIELDS if fields.get(name) is not None]
    for name, value in parts:
        if not value or any(character in value for character in "|\n\t "):
            what = "without blanks and |" if value else "that is not empty"
            raise InputError(f"{value!r} cannot stand in a score's signature ({name}); give a name {what}")
    return "|".join(f"{name}:{value}" for name, value in [*parts, ("v", __version__)])


def short_hash(digest: str) -> str:
    """Cut a sha256 to the digits that signatures show."""
    return digest[:HASH_DIGITS]
