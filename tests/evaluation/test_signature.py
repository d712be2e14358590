"""Signatures: fixed order, never ambiguous."""

from __future__ import annotations

import pytest

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.evaluation.signature import signature


def test_signature_is_in_fixed_order() -> None:
    text = signature(seed=1, n=2001, task="udpos", dir="en>en_trans_inv", model="3f2a", rule=None)
    assert text == f"task:udpos|dir:en>en_trans_inv|n:2001|seed:1|model:3f2a|v:{__version__}"


@pytest.mark.parametrize("fields", [{"task": "a|b"}, {"task": ""}, {"dir": "en > fr"}])
def test_what_would_be_ambiguous_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"cannot stand in a score's signature"):
        signature(**fields)


def test_an_unknown_field_is_no_bad_input() -> None:
    with pytest.raises(ValueError, match="unknown signature fields: colour") as caught:
        signature(colour="red")
    assert not isinstance(caught.value, InputError)
