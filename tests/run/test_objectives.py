"""The table of objectives: rows that are read, not executed, also from folders of one's own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.objectives import PLUGINS, objective_named, objectives, read_row
from fairseq_alignmlm.run.recipes.options import use_plugins
from fairseq_startup.checkpoints.settings import ALLOW_VARIABLE

ROW = """
import os
from dataclasses import dataclass, field
OBJECTIVE = {row}
open("executed", "w")
@dataclass
class Config:
    my_weight: float = field(default=0.75, metadata={{"help": "h"}})
    text: str = "a"
"""


def test_the_papers_objectives_are_in_its_order_and_their_settings_stand_in_their_criterions():
    table = objectives()
    assert list(table)[:4] == ["mlm", "xlm", "dict_mlm", "align_mlm"]
    assert [setting.name for setting in table["align_mlm"].settings] == ["align_alpha"]

    from fairseq_alignmlm.criterions.align_mlm import AlignMLMConfig
    from fairseq_alignmlm.criterions.tlm import TLMConfig

    assert table["align_mlm"].settings[0].default == AlignMLMConfig().align_alpha == 10.0
    assert table["xlm"].settings[0].default == TLMConfig().tlm_ratio == 0.25


def test_every_criterion_of_the_table_is_registered():
    code = (
        "import argparse\nfrom fairseq.utils import import_user_module\n"
        "from fairseq.criterions import CRITERION_REGISTRY\n"
        "from fairseq_alignmlm.run.objectives import objectives\n"
        "import_user_module(argparse.Namespace(user_dir='fairseq_alignmlm'))\n"
        "print([row.name for row in objectives().values() if row.criterion not in CRITERION_REGISTRY])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_table_is_read_without_torch():
    code = "import sys; from fairseq_alignmlm.run.objectives import objectives; objectives()\n"
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_row_of_a_folder_of_ones_own_is_read_and_its_file_is_not_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = {
        "name": "mine",
        "settings": {"my_weight": {"word": "weight", "text": "weight {}"}},
        "reads": {"dictionary": "--d"},
    }
    (tmp_path / "mine.py").write_text(ROW.format(row=row))
    monkeypatch.setenv(PLUGINS, str(tmp_path))
    found = objective_named("mine")
    assert (found.title, found.criterion, found.settings[0].default) == ("MINE", "mine", 0.75)
    assert found.colour and found.marker
    assert list(objectives())[-1] == "mine"
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("dict(name='x')", "is no literal"),
        ("{'name': 'x y'}", "has the name 'x y'"),
        ("{'name': 'all'}", "has the name 'all'"),
        ("{'name': 'x', 'color': 'red'}", "unknown entry 'color'"),
        ("{'name': 'x', 'reads': {'disk': '--d'}}", "reads 'disk'"),
        ("{'name': 'x', 'instances': 'bags'}", "has instances 'bags'"),
        ("{'name': 'x', 'settings': {'text': {'word': 'w', 'text': 't'}}}", "no field with a number"),
        ("{'name': 'x', 'settings': {'my_weight': 1}}", "without word and text"),
    ],
)
def test_a_broken_row_is_told_with_file_and_line(tmp_path, row, message):
    path = tmp_path / "broken.py"
    path.write_text(ROW.format(row=row))
    with pytest.raises(InputError) as caught:
        read_row(path)
    assert str(caught.value).startswith(f"{path}:4: OBJECTIVE ")
    assert message in str(caught.value)


def test_a_name_that_is_taken_and_a_folder_that_is_missing_are_told(tmp_path, monkeypatch):
    (tmp_path / "again.py").write_text(ROW.format(row={"name": "mlm"}))
    monkeypatch.setenv(PLUGINS, str(tmp_path))
    with pytest.raises(InputError, match=r"objective 'mlm' is in .* too"):
        objectives()
    monkeypatch.setenv(PLUGINS, str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="no such folder of plug-ins"):
        objectives()


def test_naming_a_folder_lets_checkpoints_ask_for_the_criterions_in_it_and_no_others(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(ROW.format(row={"name": "mine", "criterion": "my_criterion"}))
    monkeypatch.setenv(PLUGINS, "")
    monkeypatch.setenv(ALLOW_VARIABLE, "theirs")
    use_plugins([str(tmp_path)])
    assert os.environ[ALLOW_VARIABLE] == "theirs,my_criterion"
    os.environ[PLUGINS] = os.environ[ALLOW_VARIABLE] = ""
    use_plugins([])
    assert os.environ[ALLOW_VARIABLE] == ""
