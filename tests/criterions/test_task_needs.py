"""A criterion under a task that is not its own is refused in one line."""

from __future__ import annotations

import pytest
from fairseq.criterions import CRITERION_REGISTRY
from fairseq.data import Dictionary
from fairseq.tasks.masked_lm import MaskedLMConfig, MaskedLMTask

import fairseq_alignmlm  # noqa: F401  (registers the criterions)
from fairseq_alignmlm.errors import InputError

OWN = ["align_mlm", "answer_span", "dict_mlm", "sentence_classification", "sentence_contrast", "tlm", "token_tagging"]


@pytest.mark.parametrize("name", OWN)
def test_a_stock_task_is_refused(name):
    criterion = CRITERION_REGISTRY[name]
    settings = criterion.__dataclass() if hasattr(criterion, "__dataclass") else MaskedLMConfig()
    task = MaskedLMTask(MaskedLMConfig(data="nowhere"), Dictionary())
    with pytest.raises(InputError, match=f"the criterion {criterion.__name__} needs --task .*MaskedLMTask"):
        criterion(settings, task)
