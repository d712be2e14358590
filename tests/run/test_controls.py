"""The conditions of alignment, one at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairseq_alignmlm.command_line import Parser
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.configuration import load
from fairseq_alignmlm.run.recipes import controls, derived_pair


def plan(monkeypatch, *words):
    made = []
    monkeypatch.setattr(derived_pair, "run", lambda args: made.append(args))
    monkeypatch.setattr(derived_pair, "roots_of", lambda args, pair: [pair])
    monkeypatch.setattr(
        derived_pair, "pair_of", lambda args, scale, found: Path(f"/{args.recipe}.{found.data.variant}")
    )
    monkeypatch.setattr(controls, "report", lambda results, output: made.append(results))
    parser = Parser()
    controls.add_arguments(parser, "controls")
    assert controls.run(parser.parse_args(list(words))) == 0
    return made


def test_every_control_changes_its_settings_and_nothing_else(monkeypatch):
    *runs, results = plan(monkeypatch)
    found = controls.read_controls(Path(str(controls.FOLDER.joinpath("emergence.yaml"))))
    assert len(runs) == len(found) == 12
    _, base = load("emergence")
    for one, control in zip(runs, found.values(), strict=True):
        assert (one.scale, one.objective, one.recipe) == ("emergence", "mlm", control.transformation)
        _, chosen = load("emergence", one.set)
        differing = [
            name for name, value in _flat(chosen.as_dict()).items() if _flat(base.as_dict()).get(name) != value
        ]
        changed = {name for name in differing if not name.endswith("variant")}
        assert changed == {word.partition("=")[0] for word in control.set}
        named = {chosen.variant, chosen.data.variant} - {""}
        assert named == ({control.name} if control.set else set())  # no two runs in one folder
    assert len(results) == len({f"{one.recipe}{load('emergence', one.set)[1].data.variant}" for one in runs})


def _flat(settings, prefix=""):
    if not isinstance(settings, dict):
        return {prefix: settings}
    return {
        key: each
        for name, value in settings.items()
        for key, each in _flat(value, f"{prefix}.{name}".strip(".")).items()
    }


def test_controls_of_ones_own_and_what_is_refused(monkeypatch, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text('deep: {about: "more layers", set: [model.options.encoder_layers=24]}\n')
    *runs, _ = plan(monkeypatch, "--controls", str(mine), "--only", "deep", "--scale", "small")
    assert [(one.scale, one.set) for one in runs] == [("small", ["model.options.encoder_layers=24", "variant=deep"])]
    with pytest.raises(InputError, match="unknown control 'shallow'; choose of baseline, deep"):
        plan(monkeypatch, "--controls", str(mine), "--only", "shallow")
    for text, message in (
        ("deep: 3", "deep is no control"),
        ("deep: {sett: []}", "deep is no control"),
        ("deep: {set: [1]}", "deep is no control"),
        ("deep: {transformation: trans_upside_down}", "deep: unknown transformation"),
    ):
        mine.write_text(text)
        with pytest.raises(InputError, match=message):
            plan(monkeypatch, "--controls", str(mine))
