"""What has to be true of a Python environment for fairseq and this plugin to work in it."""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

OK, WARN, FAIL = "OK", "WARN", "FAIL"
INSTALL_FAIRSEQ = "pip install --no-deps fairseq==0.12.2"
INSTALL_THIS = "install this package with pip or uv, plain or editable"

# name: (lowest version, first version that is too new or None); specs say what breaks outside
VERSIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...] | None]] = {
    "torch": ((2, 6), None),
    "numpy": ((1, 21), None),
    "fairseq": ((0, 12, 2), (0, 12, 3)),
    "hydra-core": ((1, 3, 2), (1, 4)),
    "omegaconf": ((2, 3), (2, 4)),
    "sentencepiece": ((0, 1, 97), None),
}
# kind: (folder, what its files register: the last name in quotes, after that of the model for an architecture)
REGISTRATIONS = {
    "tasks": ("tasks", re.compile(r'^@register_task\("(\w+)"', re.M)),
    "criterions": ("criterions", re.compile(r'^@register_criterion\("(\w+)"', re.M)),
    "architectures": ("models", re.compile(r'^@register_model(?:_architecture\("\w+", |\()"(\w+)"', re.M)),
}


@dataclass(frozen=True)
class Finding:
    """One line of a report: a status (OK, WARN or FAIL), what was looked at, and what was found."""

    status: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.status:<5} {self.subject:<14} {self.detail}"


def _release(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: ``2.13.0+cpu`` gives (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def check_interpreter() -> Finding:
    """Look at the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    status = OK if sys.version_info >= (3, 10) else FAIL
    return Finding(
        status, "python", f"{version} ({sys.executable})" + ("" if status == OK else "; 3.10 or later is needed")
    )


def check_version(name: str, lowest: tuple[int, ...], too_new: tuple[int, ...] | None) -> Finding:
    """Look at the installed version of a package, without importing it."""
    wanted = ".".join(map(str, lowest)) + " or later"
    if too_new:
        wanted += f", before {'.'.join(map(str, too_new))}"
    command = INSTALL_FAIRSEQ if name == "fairseq" else f"pip install '{name}>={'.'.join(map(str, lowest))}'"
    if name != "fairseq" and too_new:
        command = f"{command[:-1]},<{'.'.join(map(str, too_new))}'"
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(FAIL, name, f"not installed; {command}")
    release = _release(version)
    if release < lowest or (too_new and release >= too_new):
        return Finding(FAIL, name, f"{version}, but {wanted} is needed; {command}")
    return Finding(OK, name, version)


def check_hook() -> Finding:
    """Look whether the start-up hook was installed by Python itself, before anything else was imported."""
    hook = sys.modules.get("fairseq_startup")
    if hook is None:
        return Finding(
            FAIL, "start-up hook", f"not active: fairseq_startup.pth is not in site-packages; {INSTALL_THIS}"
        )
    if not any(finder is hook.PatchFinder for finder in sys.meta_path):
        return Finding(FAIL, "start-up hook", "imported, but something has removed it from sys.meta_path")
    return Finding(OK, "start-up hook", f"active, patches {len(hook.PATCHES)} modules when they are imported")


def check_compiler() -> Finding:
    """Look for what builds fairseq from its source: a C++ compiler and Python's headers."""
    compilers = (shutil.which(name) for name in ("c++", "g++", "clang++"))
    compiler = next((path for path in compilers if path), None)
    header = Path(sysconfig.get_path("include")) / "Python.h"
    missing = [] if compiler else ["no C++ compiler (apt-get install g++)"]
    missing += [] if header.exists() else [f"no {header} (apt-get install python3-dev)"]
    if not missing:
        return Finding(OK, "compiler", f"{compiler}, {header}")
    try:
        importlib.metadata.version("fairseq")
    except importlib.metadata.PackageNotFoundError:
        return Finding(FAIL, "compiler", "; ".join(missing))
    return Finding(WARN, "compiler", "; ".join(missing) + "; needed only to install fairseq, which is there")


def registrations() -> dict[str, set[str]]:
    """Return by kind the names that the plugin's files register, read from their text: nothing is imported."""
    found: dict[str, set[str]] = {}
    for kind, (folder, pattern) in REGISTRATIONS.items():
        files = sorted((Path(__file__).parent / folder).glob("*.py"))
        found[kind] = {name for file in files for name in pattern.findall(file.read_text(encoding="utf-8"))}
    return found


def check_registered() -> Iterator[Finding]:
    """Load fairseq and the plugin as ``--user-dir fairseq_alignmlm`` does, and look what they have registered."""
    try:
        from fairseq.criterions import CRITERION_REGISTRY
        from fairseq.models import ARCH_MODEL_REGISTRY
        from fairseq.tasks import TASK_REGISTRY
        from fairseq.utils import import_user_module

        import_user_module(argparse.Namespace(user_dir="fairseq_alignmlm"))
    except Exception as error:  # whatever stops fairseq from starting is the finding
        yield Finding(FAIL, "plugin", f"does not load: {type(error).__name__}: {' '.join(str(error).split())}")
        return
    registries = {"tasks": TASK_REGISTRY, "criterions": CRITERION_REGISTRY, "architectures": ARCH_MODEL_REGISTRY}
    for kind, expected in registrations().items():
        missing = sorted(expected - set(registries[kind]))
        if missing:
            yield Finding(FAIL, kind, f"not registered: {', '.join(missing)}")
        else:
            yield Finding(OK, kind, ", ".join(sorted(expected)))


def check_gpu() -> Finding:
    """Look for GPUs that torch can use."""
    try:
        import torch
    except Exception as error:  # a broken torch is the finding
        return Finding(FAIL, "gpu", f"torch does not load: {' '.join(str(error).split())}")
    if not torch.cuda.is_available():
        return Finding(OK, "gpu", f"none; training runs on the CPU ({torch.get_num_threads()} threads), with --cpu")
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return Finding(OK, "gpu", f"{len(names)}: {', '.join(names)} (CUDA {torch.version.cuda})")


def check_environment() -> Iterator[Finding]:
    """Look at everything, the quick and light first."""
    checks: Iterable[Callable[[], Finding]] = (check_interpreter, check_hook, check_compiler)
    for check in checks:
        yield check()
    for name, (lowest, too_new) in VERSIONS.items():
        yield check_version(name, lowest, too_new)
    yield check_gpu()
    yield from check_registered()
