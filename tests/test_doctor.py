"""The environment check tells what is wrong, and how to put it right."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from fairseq_alignmlm import environment
from fairseq_alignmlm.environment import FAIL, OK, WARN


def doctor(*options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-m", "fairseq_alignmlm", "doctor"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def pretend_version(monkeypatch, version: str | None) -> None:
    def answer(name: str) -> str:
        if version is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(importlib.metadata, "version", answer)


def test_this_environment_is_in_order_and_every_line_says_so(tmp_path):
    done = doctor(folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert all(line.startswith(("OK ", "WARN ")) for line in lines)
    for subject in ("python", "start-up hook", "fairseq", "torch", "tasks", "criterions", "architectures", "gpu"):
        assert any(line[6:].startswith(subject) for line in lines), subject
    assert not done.stderr


def test_without_the_start_up_file_it_fails_and_says_why(repository):
    done = doctor("-S", folder=repository)  # -S: Python does not look into site-packages
    assert done.returncode == 1
    assert "FAIL  start-up hook" in done.stdout and "fairseq_startup.pth" in done.stdout


@pytest.mark.parametrize(
    ("name", "version", "status", "said"),
    [
        ("omegaconf", "2.3.0", OK, "2.3.0"),
        ("omegaconf", "2.4.0", FAIL, "pip install 'omegaconf>=2.3,<2.4'"),
        ("omegaconf", "2.0.6", FAIL, "2.3 or later, before 2.4 is needed"),
        ("hydra-core", "1.3.8", OK, "1.3.8"),
        ("hydra-core", "1.4.0.dev1", FAIL, "before 1.4"),
        ("torch", "2.13.0+cpu", OK, "2.13.0+cpu"),
        ("torch", "2.5.1", FAIL, "2.6 or later is needed"),
        ("fairseq", "0.12.2", OK, "0.12.2"),
        ("fairseq", "0.10.2", FAIL, "pip install --no-deps fairseq==0.12.2"),
        ("fairseq", None, FAIL, "not installed; pip install --no-deps fairseq==0.12.2"),
    ],
)
def test_versions_are_held_against_those_that_work(monkeypatch, name, version, status, said):
    pretend_version(monkeypatch, version)
    finding = environment.check_version(name, *environment.VERSIONS[name])
    assert (finding.status, finding.subject) == (status, name)
    assert said in finding.detail


def test_a_missing_compiler_matters_only_while_fairseq_is_not_installed(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert environment.check_compiler().status == WARN
    pretend_version(monkeypatch, None)
    finding = environment.check_compiler()
    assert finding.status == FAIL and "apt-get install g++" in finding.detail


def test_a_name_that_is_not_registered_is_told(monkeypatch):
    monkeypatch.setattr(environment, "registrations", lambda: {"tasks": {"multilingual_mlm", "no_such_task"}})
    (finding,) = environment.check_registered()
    assert (finding.status, finding.detail) == (FAIL, "not registered: no_such_task")


def test_the_names_that_are_looked_for_are_all_that_the_plugin_registers():
    from fairseq.criterions import CRITERION_REGISTRY
    from fairseq.models import ARCH_MODEL_REGISTRY
    from fairseq.tasks import TASK_REGISTRY

    assert {finding.status for finding in environment.check_registered()} == {OK}  # brings the plugin in
    registries = {"tasks": TASK_REGISTRY, "criterions": CRITERION_REGISTRY, "architectures": ARCH_MODEL_REGISTRY}
    for kind, registry in registries.items():
        ours = {name for name, value in registry.items() if value.__module__.startswith("fairseq_alignmlm.")}
        assert environment.registrations()[kind] == ours, kind


def test_a_plugin_that_does_not_load_is_a_finding(monkeypatch):
    monkeypatch.setitem(sys.modules, "fairseq.tasks", None)
    (finding,) = environment.check_registered()
    assert finding.status == FAIL and finding.detail.startswith("does not load: ")


def test_a_hook_that_was_removed_is_told(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [])
    assert environment.check_hook().status == FAIL
