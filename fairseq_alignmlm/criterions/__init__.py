"""Criterions: importing this package registers every file of the folder, and of plug-in folders, with fairseq."""

import importlib
import importlib.util
import pkgutil
import sys

from fairseq_alignmlm.run.objectives import plugin_files

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

for _file in plugin_files():
    _name = f"alignmlm_plugin_{_file.stem}"
    if _name not in sys.modules:
        _specification = importlib.util.spec_from_file_location(_name, _file)
        assert _specification is not None and _specification.loader is not None
        sys.modules[_name] = _plugin = importlib.util.module_from_spec(_specification)
        _specification.loader.exec_module(_plugin)
