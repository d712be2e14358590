"""Let the official, unmodified fairseq 0.12.2 run on current Python, torch and numpy.

``fairseq_startup.pth`` imports this module whenever Python starts. All it does then is to put one finder on
``sys.meta_path``. When one of the modules below is imported, the finder lets Python load it as usual and has
its patches, modules of ``fairseq_startup.patches``, change it in memory. No file of fairseq or hydra is
touched, and nothing is imported before it is needed.
"""

import sys

PATCHES = {
    "fairseq.checkpoint_utils": ("checkpoint_loading", "checkpoint_saving", "finished_run"),
    "fairseq.data.data_utils": ("numpy_aliases",),
    "fairseq.data.iterators": ("prefetch_shutdown",),
    "fairseq.data.language_pair_dataset": ("numpy_aliases",),
    "fairseq.data.token_block_dataset": ("numpy_aliases",),
    "fairseq.dataclass.configs": ("dataclass_defaults",),
    "fairseq.dataclass.initialize": ("host_warnings",),
    "fairseq.dataclass.utils": ("optional_types",),
    "fairseq.distributed.utils": ("object_broadcast", "command_errors"),
    "fairseq.file_utils": ("archive_extraction",),
    "fairseq.models.distributed_fairseq_model": ("cpu_data_parallel",),
    "fairseq.models.transformer.transformer_config": ("dataclass_defaults",),
    "fairseq.modules.dynamic_crf_layer": ("numpy_aliases",),
    "fairseq.utils": ("user_directory",),
    "fairseq_cli.eval_lm": ("command_errors",),
    "fairseq_cli.generate": ("command_errors",),
    "fairseq_cli.hydra_train": ("command_errors",),
    "fairseq_cli.interactive": ("command_errors",),
    "fairseq_cli.preprocess": ("command_errors",),
    "fairseq_cli.train": ("command_errors",),
    "fairseq_cli.validate": ("command_errors",),
    "hydra._internal.utils": ("hydra_help",),
}


class PatchFinder:
    """Find the modules of ``PATCHES`` where they are, and patch them while they are loaded."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """Return the spec another finder has for ``name``, its loader patching; None for all other modules."""
        if name not in PATCHES:
            return None
        for finder in sys.meta_path:
            if finder is not cls and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    cls._patch_while_loading(spec, PATCHES[name])
                    return spec
        return None

    @staticmethod
    def _patch_while_loading(spec, patches):
        execute = spec.loader.exec_module

        def exec_module(module):
            from functools import partial
            from importlib import import_module

            execute_patched = execute
            for patch in patches:
                apply = import_module(f"{__name__}.patches.{patch}").apply
                execute_patched = partial(apply, execute=execute_patched)
            execute_patched(module)

        # Set on the loader's instance, so that its class, and all else that asks it for resources, stays.
        spec.loader.exec_module = exec_module


if PatchFinder not in sys.meta_path:
    sys.meta_path.insert(0, PatchFinder)
