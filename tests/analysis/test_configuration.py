"""The report lists every setting of the configuration, what runs share once and what differs by run."""

from __future__ import annotations

from pathlib import Path

from fairseq_alignmlm.analysis.configuration import runs_table, shared_settings
from fairseq_alignmlm.analysis.results import Run


def run(seed: int, lr: float) -> Run:
    return Run(
        *("mlm", "en-en_trans", "trans", "toy", seed, {"all": 1.0}, {}, Path("result.json")),
        settings={"dictionary_percent": 25.0, "command_settings": "--lr=1"},
        configuration={
            "configuration": {
                "data": {"dictionary_percent": 25.0, "seed": 1},
                "pretrain": {"lr": lr, "betas": [0.9, 0.98]},
            },
            "made_by": {"commit": "abc"},
        },
    )


def test_nested_settings_are_listed_by_dotted_names_and_once():
    shared = shared_settings([run(1, 0.1), run(2, 0.2)])
    assert shared == {
        "dictionary_percent": "25",
        "data.seed": "1",
        "pretrain.betas": "[0.9, 0.98]",
        "made_by.commit": "abc",
    }
    table = runs_table([run(1, 0.1), run(2, 0.2)])
    assert [row[table.header.index("pretrain.lr")] for row in table.rows] == ["0.1", "0.2"]
