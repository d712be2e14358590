"""The hook that Python loads at every start does nothing until fairseq or hydra is imported."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import fairseq_startup


def python(code: str, *options: str, folder: Path | None = None) -> str:
    """Run ``code`` in a new interpreter and return what it prints."""
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_starts_with_the_hook_and_without_anything_it_serves():
    loaded = set(json.loads(python("import json, sys; print(json.dumps(list(sys.modules)))")))
    assert "fairseq_startup" in loaded
    heavy = {"torch", "numpy", "fairseq", "hydra", "omegaconf", "dataclasses", "argparse", "fairseq_alignmlm"}
    assert not loaded & heavy
    assert not [name for name in loaded if name.startswith("fairseq_startup.")]


def test_the_hook_itself_imports_nothing_but_sys():
    code = (
        "import sys; before = set(sys.modules); sys.path.insert(0, {!r}); import fairseq_startup; "
        "print(*sorted(set(sys.modules) - before))"
    )
    root = str(Path(fairseq_startup.__file__).parents[1])
    assert python(code.format(root), "-S", "-I").split() == ["fairseq_startup"]


def test_the_hook_costs_less_than_a_hundredth_of_a_second():
    code = (
        "import sys, time; sys.path.insert(0, {!r}); start = time.perf_counter(); import fairseq_startup; "
        "print(time.perf_counter() - start)"
    )
    root = str(Path(fairseq_startup.__file__).parents[1])
    assert min(float(python(code.format(root), "-S", "-I")) for _ in range(5)) < 0.01


def test_importing_torch_or_the_plugin_root_loads_no_patch():
    code = (
        "import sys, fairseq_alignmlm, torch; "
        "print([m for m in sys.modules if m.startswith('fairseq_startup.') or m.split('.')[0] == 'fairseq'])"
    )
    assert python(code).strip() == "[]"


def test_every_patched_module_exists_and_every_patch_has_a_module():
    for name, patches in fairseq_startup.PATCHES.items():
        assert importlib.util.find_spec(name) is not None, f"{name} is no module of the installed fairseq or hydra"
        for patch in patches:
            assert importlib.util.find_spec(f"fairseq_startup.patches.{patch}") is not None, patch
    used = {patch for patches in fairseq_startup.PATCHES.values() for patch in patches}
    files = {path.stem for path in Path(fairseq_startup.__file__).parent.glob("patches/[a-z]*.py")}
    assert files - used == {"module_view"}, "a patch that nothing uses"


def test_modules_that_are_not_listed_are_left_to_others():
    assert fairseq_startup.PatchFinder.find_spec("json") is None
    assert fairseq_startup.PatchFinder.find_spec("fairseq.no_such_module") is None


def test_a_patched_module_keeps_its_own_loader_and_source():
    import inspect

    import fairseq.checkpoint_utils as patched

    assert type(patched.__loader__).__name__ == "SourceFileLoader"
    assert "def load_checkpoint_to_cpu" in inspect.getsource(patched)


@pytest.mark.parametrize("command", ["train", "preprocess", "hydra-train"])
def test_stock_console_scripts_start_without_a_word_of_advice(command, tmp_path):
    script = Path(sys.executable).parent / f"fairseq-{command}"
    done = subprocess.run([script, "--help"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr and "Traceback" not in done.stderr
    assert command in done.stdout.replace("_", "-")
