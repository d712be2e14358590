"""Each patch, against what stock fairseq or hydra does without it."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import io
import subprocess
import sys
import warnings
from types import ModuleType
from typing import Any, List, Optional, Union  # noqa: UP035  (as fairseq writes them)

import numpy
import pytest
import torch

import fairseq_startup
from fairseq_startup.patches import hydra_help, optional_types
from fairseq_startup.patches.module_view import ModuleView


def test_a_view_replaces_names_for_its_holder_only():
    view = ModuleView(numpy, int=int, pi=3)
    assert (view.pi, view.int, view.float64) == (3, int, numpy.float64)
    assert numpy.pi != 3 and not hasattr(numpy, "int")


class TestDataclassDefaults:
    def test_defaults_stay_instances_that_hydra_init_reads(self):
        from fairseq.dataclass.configs import CommonConfig, FairseqConfig

        assert isinstance(FairseqConfig.__dataclass_fields__["common"].default, CommonConfig)
        assert FairseqConfig().common.seed == 1

    def test_python_and_fairseq_classes_are_as_strict_as_before_afterwards(self):
        from fairseq.dataclass.configs import CommonConfig

        assert CommonConfig.__hash__ is None
        with pytest.raises(ValueError, match="mutable default"):

            @dataclasses.dataclass
            class Mine:
                common: CommonConfig = CommonConfig()  # noqa: RUF009

    def test_dataclasses_itself_is_restored(self):
        import fairseq.dataclass.configs as configs

        assert configs.dataclass is dataclasses.dataclass
        assert dataclasses.dataclass.__module__ == "dataclasses"


class TestNumpyAliases:
    def test_break_mode_eos_works(self):
        from fairseq.data import TokenBlockDataset

        sentences = [torch.tensor([5, 6, 2]), torch.tensor([7, 2])]
        blocks = TokenBlockDataset(sentences, [3, 2], block_size=None, pad=1, eos=2, break_mode="eos")
        assert [block.tolist() for block in blocks] == [[5, 6, 2], [7, 2]]

    def test_batches_of_a_required_multiple_work(self):
        from fairseq.data.data_utils import batch_by_size

        batches = batch_by_size(numpy.arange(5), lambda i: 3, max_tokens=6, fixed_shapes=[(2, 3), (4, 3)])
        assert sorted(i for batch in batches for i in batch) == [0, 1, 2, 3, 4]


class TestOptionalTypes:
    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            (Optional[int], int),
            (Optional[List[float]], List[float]),  # noqa: UP006
            (int | None, int),
            (Any, str),
            (bool, bool),
            (Union[int, str], Union[int, str]),  # noqa: UP007
        ],
    )
    def test_types_are_read_whatever_their_text_looks_like(self, given, meant):
        assert optional_types.interpret_dc_type(given) == meant

    def test_it_agrees_with_stock_fairseq_on_every_field_of_its_settings(self):
        import fairseq.dataclass.utils as patched
        from fairseq.dataclass import configs

        specification = importlib.util.find_spec("fairseq.dataclass.utils")
        assert specification is not None and specification.loader is not None
        stock = ModuleType("stock")
        exec(specification.loader.get_code("fairseq.dataclass.utils"), vars(stock))  # type: ignore[attr-defined]
        assert patched.interpret_dc_type is not stock.interpret_dc_type
        fields = [
            field
            for cls in vars(configs).values()
            if isinstance(cls, type) and dataclasses.is_dataclass(cls)
            for field in dataclasses.fields(cls)
        ]
        assert len(fields) > 200
        for field in fields:
            assert patched.interpret_dc_type(field.type) == stock.interpret_dc_type(field.type), field.name


def test_hydra_gives_its_options_help_as_text():
    import hydra._internal

    # Loaded once more: pytest takes hydra for one of its plugins and loads it past all other finders.
    specification = fairseq_startup.PatchFinder.find_spec("hydra._internal.utils", hydra._internal.__path__)
    patched = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(patched)
    parser = patched.get_args_parser()
    assert isinstance(parser, hydra_help.TextHelpParser)
    assert all(isinstance(action.help, str) for action in parser._actions)
    assert "shell completion" in parser.format_help()


def test_argparse_accepts_the_help_of_every_fairseq_option_at_once(monkeypatch):
    """Python 3.14 does this check by itself."""
    from fairseq import options

    add_action = argparse.ArgumentParser._add_action

    def checking_add_action(parser: argparse.ArgumentParser, action: argparse.Action) -> argparse.Action:
        if action.help:
            parser._get_formatter()._expand_help(action)
        return add_action(parser, action)

    monkeypatch.setattr(argparse.ArgumentParser, "_add_action", checking_add_action)
    assert "--max-tokens" in options.get_training_parser().format_help()
    assert "--srcdict" in options.get_preprocessing_parser().format_help()


def test_objects_of_rank_0_are_unpickled_though_torch_would_not():
    from fairseq.distributed import utils

    buffer = io.BytesIO()
    torch.save(utils._TensorPlaceholder(3), buffer)
    buffer.seek(0)
    with pytest.raises(Exception, match=r"[Uu]nsupported"):
        torch.load(buffer, weights_only=True)
    buffer.seek(0)
    assert utils.torch.load(buffer).index == 3


def test_a_data_parallel_model_on_the_cpu_names_no_gpu(monkeypatch):
    import fairseq.models.distributed_fairseq_model as patched

    given: dict[str, Any] = {}
    wrap = patched.DistributedDataParallel
    wrapped = next(cell.cell_contents for cell in wrap.__closure__)
    assert wrapped is torch.nn.parallel.DistributedDataParallel
    monkeypatch.setattr(wrapped, "__init__", lambda self, **options: given.update(options))
    wrap(module=torch.nn.Linear(2, 2), device_ids=[0], output_device=0, bucket_cap_mb=25)
    assert (given["device_ids"], given["output_device"], given["bucket_cap_mb"]) == (None, None, 25)


def test_warnings_that_are_not_listed_are_seen():
    import fairseq.dataclass.initialize  # noqa: F401

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.warn("The version_base of something else", UserWarning, stacklevel=1)
    assert len(seen) == 1


class TestPrefetchShutdown:
    def test_a_thread_that_waits_at_a_full_queue_stops_when_it_is_asked_to(self):
        from fairseq.data.iterators import BufferedIterator

        batches = BufferedIterator(2, range(1000))
        assert next(batches) == 0
        consumer = batches._consumer
        assert consumer.is_alive()
        consumer.stop()
        assert not consumer.is_alive()
        assert consumer.count < 1000

    def test_a_thread_that_nobody_stops_hands_over_everything_in_order(self):
        from fairseq.data.iterators import BufferedIterator

        assert list(BufferedIterator(2, range(50))) == list(range(50))

    def test_python_stops_such_threads_before_it_exits(self, tmp_path):
        code = (
            "import atexit, sys\n"
            "atexit.register(lambda: print('alive at the end:', batches._consumer.is_alive()))\n"
            "from fairseq.data.iterators import BufferedIterator\n"
            "batches = BufferedIterator(2, range(1000)); next(batches)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout == "alive at the end: False\n", done.stderr
