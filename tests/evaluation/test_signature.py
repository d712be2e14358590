"""Signatures: fixed order, readable again, never ambiguous."""

from __future__ import annotations

import pytest

from fairseq_alignmlm import __version__
from fairseq_alignmlm.evaluation.signature import read_signature, signature


def test_signature_is_in_fixed_order_and_readable_again() -> None:
    text = signature(seed=1, n=2001, task="udpos", dir="en>en_trans_inv", model="3f2a", rule=None)
    assert text == f"task:udpos|dir:en>en_trans_inv|n:2001|seed:1|model:3f2a|v:{__version__}"
    assert read_signature(text)["dir"] == "en>en_trans_inv"


@pytest.mark.parametrize("fields", [{"colour": "red"}, {"task": "a|b"}, {"task": ""}, {"dir": "en > fr"}])
def test_what_would_be_ambiguous_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"signature"):
        signature(**fields)


def test_other_text_is_no_signature() -> None:
    with pytest.raises(ValueError, match="not a signature"):
        read_signature("BLEU = 12.0")
