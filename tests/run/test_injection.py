"""What users type and what files hold is data: none of it is executed."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.pair_folder import PairFolder


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("natural.sh", ("--vocabulary", "1;touch {0}")),
        ("natural.sh", ("--languages", "en,$(touch {0})")),
        ("natural.sh", ("--dictionary-seed", "$(touch {0})")),
        ("xtreme.sh", ("--epochs", "batch[$(touch {0})]")),
        ("xtreme.sh", ("--checkpoint", "$(touch {0}).pt", "--task", "udpos", "--data", "`touch {0}`")),
        ("trans_inv.sh", ("--seeds", "a[$(touch {0})]")),
        ("trans_inv.sh", ("--jobs", "a[$(touch {0})]")),
        ("trans_inv.sh", ("--stage", "a[$(touch {0})]")),
        ("trans_inv.sh", ("--scale", "$(touch {0}).yaml")),
        ("trans_inv.sh", ("--set", "data.vocabulary=$(touch {0})")),
        ("ablations.sh", ("--sweep", "$(touch {0})")),
        ("paper.sh", ("--seeds", "$(touch {0})")),
        ("paper.sh", ("--config", "options=--corpus '$(touch {0})'")),
        ("slurm.sh", ("$(touch {0})",)),
    ],
)
def test_an_option_that_holds_a_command_is_refused_and_not_executed(repository, tmp_path, script, options):
    trace = tmp_path / "executed"
    command = [str(repository / "recipes" / script), *(option.format(trace) for option in options)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository)
    assert done.returncode == 2, done.stderr
    assert next(line for line in done.stderr.splitlines() if not line.startswith("warning")).startswith("error: ")
    assert not trace.exists()


def test_no_recipe_evaluates_sources_data_or_splits_words(repository):
    for script in (repository / "recipes").glob("*.sh"):
        if script.name != "environment.sh":
            text = script.read_text(encoding="utf-8")
            assert not re.search(r"\beval\b", text)
            assert [line for line in text.splitlines() if line.startswith("source ")] in (
                ['source "$here/environment.sh"'],
                ["source recipes/environment.sh"],
            )


@pytest.mark.parametrize(
    "text",
    [
        "source_language=en\ntouch executed\n",
        "languages: [en, '$(touch executed)']\ntransformation: trans\nscale: toy\nkind: derived\nsettings: {}\n",
        "languages: !!python/object/apply:os.system ['touch executed']\n",
    ],
)
def test_the_record_of_a_pair_is_read_as_data(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configuration.yaml").write_text(text)
    with pytest.raises(InputError):
        PairFolder.read(tmp_path)
    assert not (tmp_path / "executed").exists()


def test_hostile_results_are_reported_as_text_or_refused(tmp_path):
    result = {
        "objective": "$(touch executed)",
        "pair": "`touch executed`",
        "transformation": "trans; touch executed",
        "scale": "toy",
        "seed": 1,
        "languages": ["en", "en_trans"],
        "alignment": {"all": 1.0},
        "transfer": {"pos": {"sup": {"accuracy": 2.0}, "zs": {"accuracy": 1.0}}},
        "settings": {"command_settings": "$(touch executed)"},
    }
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "result.json").write_text(json.dumps(result))
    command = [sys.executable, "-m", "fairseq_alignmlm", "report", "--results", "runs", "--output", "report"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode in (0, 2), done.stderr
    assert not list(tmp_path.rglob("executed"))
