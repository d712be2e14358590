"""A criterion under a task that is not its own is refused in one line."""

from __future__ import annotations

from importlib import import_module

import pytest
from fairseq.criterions import CRITERION_REGISTRY
from fairseq.data import Dictionary
from fairseq.tasks.masked_lm import MaskedLMConfig, MaskedLMTask

from fairseq_alignmlm.errors import InputError

OWN = ["align_mlm", "answer_span", "dict_mlm", "sentence_classification", "sentence_contrast", "tlm", "token_tagging"]


@pytest.mark.parametrize("name", OWN)
def test_a_stock_task_is_refused(name):
    import_module(f"fairseq_alignmlm.criterions.{name}")  # which registers it
    criterion = CRITERION_REGISTRY[name]
    settings = criterion.__dataclass() if hasattr(criterion, "__dataclass") else MaskedLMConfig()
    task = MaskedLMTask(MaskedLMConfig(data="nowhere"), Dictionary())
    with pytest.raises(InputError, match=f"the criterion {criterion.__name__} needs --task .*MaskedLMTask"):
        criterion(settings, task)
