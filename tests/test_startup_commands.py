"""fairseq's commands find the plugin from anywhere and say in one line what is wrong with their input."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from fairseq_startup.patches.user_directory import locate

PLUGIN = Path(__file__).resolve().parents[1] / "fairseq_alignmlm"
NAMES = "('multilingual_mlm' in TASK_REGISTRY, 'align_mlm' in CRITERION_REGISTRY)"
IMPORT_USER_DIR = (
    "import argparse, sys\n{first}\nfrom fairseq.criterions import CRITERION_REGISTRY\n"
    "from fairseq.tasks import TASK_REGISTRY\nfrom fairseq.utils import import_user_module\n"
    "for user_dir in {user_dirs!r}: import_user_module(argparse.Namespace(user_dir=user_dir))\n"
    f"print({NAMES})"
)


def import_user_dirs(*user_dirs: str | None, first: str = "", folder: Path) -> subprocess.CompletedProcess[str]:
    code = IMPORT_USER_DIR.format(first=first, user_dirs=user_dirs)
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


class TestUserDirectory:
    @pytest.mark.parametrize(
        "user_dirs",
        [["fairseq_alignmlm"], [None, str(PLUGIN), "fairseq_alignmlm", str(PLUGIN)]],
        ids=["name", "repeatedly"],
    )
    def test_the_plugin_is_found_from_another_folder(self, user_dirs, tmp_path):
        done = import_user_dirs(*user_dirs, folder=tmp_path)
        assert done.stdout.strip() == "(True, True)", done.stderr

    def test_the_plugin_is_found_from_the_repository(self):
        assert import_user_dirs("fairseq_alignmlm", folder=PLUGIN.parent).stdout.strip() == "(True, True)"

    @pytest.mark.parametrize("user_dir", ["fairseq_alignmlm", str(PLUGIN)])
    def test_a_package_that_is_already_imported_still_registers_its_names(self, user_dir, tmp_path):
        done = import_user_dirs(user_dir, first="import fairseq_alignmlm.errors", folder=tmp_path)
        assert done.stdout.strip() == "(True, True)", done.stderr

    def test_a_folder_of_another_package_of_that_name_is_refused(self, tmp_path):
        (tmp_path / "fairseq_alignmlm").mkdir()
        (tmp_path / "fairseq_alignmlm" / "__init__.py").touch()
        other = str(tmp_path / "fairseq_alignmlm")
        done = import_user_dirs(other, first="import fairseq_alignmlm", folder=PLUGIN.parent)
        assert "another package named fairseq_alignmlm is already imported" in done.stderr.splitlines()[-1]

    def test_a_folder_that_is_no_package_does_not_hide_the_installed_one(self, tmp_path):
        (tmp_path / "fairseq_alignmlm").mkdir()
        as_in_a_script = "sys.path.remove('')"
        done = import_user_dirs("fairseq_alignmlm", first=as_in_a_script, folder=tmp_path)
        assert done.stdout.strip() == "(True, True)", done.stderr

    def test_paths_are_read_as_stock_fairseq_reads_them(self, tmp_path, monkeypatch):
        for name in ("here", "fairseq/examples/beside"):
            (tmp_path / name / "tasks").mkdir(parents=True)
        monkeypatch.chdir(tmp_path)
        fairseq = str(tmp_path / "fairseq")
        assert locate("here", fairseq) == ("here", str(tmp_path / "here"))
        assert locate("./here/", fairseq) == ("here", str(tmp_path / "here"))
        monkeypatch.chdir("/")
        assert locate("examples/beside", fairseq) == ("beside", str(tmp_path / "fairseq/examples/beside"))
        assert locate("here", fairseq) == ("here", str(tmp_path / "here"))
        with pytest.raises(FileNotFoundError, match="neither a folder seen from / nor an installed package"):
            locate("nowhere_at_all", fairseq)


class TestErrors:
    @staticmethod
    def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)

    @staticmethod
    def script(name: str) -> Path:
        return Path(sys.executable).parent / name

    @pytest.mark.parametrize("by_module", [False, True])
    def test_a_refused_checkpoint_is_one_line_and_status_2(self, by_module, tmp_path):
        class Malicious:
            def __reduce__(self):
                return (os.mkdir, (str(tmp_path / "executed"),))

        torch.save({"model": {}, "cfg": Malicious()}, tmp_path / "evil.pt")
        command = [sys.executable, "-m", "fairseq_cli.validate"] if by_module else [self.script("fairseq-validate")]
        done = self.run(
            *command,
            "bin",
            *["--path", "evil.pt", "--cpu", "--task", "masked_lm", "--max-tokens", "9"],
            folder=tmp_path,
        )
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith("error: evil.pt: refused and nothing in it executed")
        assert "Traceback" not in done.stderr and not (tmp_path / "executed").exists()

    def test_a_missing_folder_is_one_line_and_status_1(self, tmp_path):
        done = self.run(self.script("fairseq-train"), "bin", "--user-dir", "nowhere_at_all", folder=tmp_path)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("error: --user-dir nowhere_at_all: neither a folder")

    def test_other_errors_keep_their_traceback(self, tmp_path):
        code = "from fairseq_cli import train; train.options = None; train.cli_main()"
        done = self.run(sys.executable, "-c", code, folder=tmp_path)
        assert done.returncode == 1 and "Traceback" in done.stderr and "AttributeError" in done.stderr


def test_the_copy_of_fairseq_that_is_patched_is_unmodified():
    """The files that pip installed are still those: nothing was patched on disk."""
    import base64
    import hashlib
    import importlib.metadata

    files = importlib.metadata.files("fairseq") or []
    checked = 0
    for file in files:
        if file.suffix == ".py" and file.hash:
            digest = hashlib.sha256(Path(str(file.locate())).read_bytes()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value, file
            checked += 1
    assert checked > 300
    assert shutil.which("fairseq-train", path=str(Path(sys.executable).parent))
