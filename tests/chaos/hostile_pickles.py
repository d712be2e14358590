"""Pickles that would leave a trace if anything in them were run: every opcode, and every way to a call."""

from __future__ import annotations

import pickle
import pickletools
import struct
from collections.abc import Iterator

CALLS = (
    ("os", "mkdir", "path"),
    ("posix", "mkdir", "path"),
    ("os", "system", "shell"),
    ("os", "popen", "shell"),
    ("subprocess", "getoutput", "shell"),
    ("subprocess", "check_output", "shell"),
    ("builtins", "eval", "python"),
    ("builtins", "exec", "python"),
    ("__builtin__", "eval", "python"),
    ("builtins", "open", "write"),
    ("io", "open", "write"),
    ("_io", "FileIO", "write"),
    ("codecs", "open", "write"),
    ("pathlib", "Path.mkdir", "path"),
    ("os", "makedirs", "path"),
    ("os", "open", "create"),
    ("argparse", "FileType", "path"),
    ("argparse", "_sys.modules", "path"),
    ("importlib", "import_module", "module"),
    ("builtins", "__import__", "module"),
    ("runpy", "run_module", "module"),
    ("pickle", "loads", "pickle"),
    ("_pickle", "loads", "pickle"),
    ("torch", "load", "path"),
    ("torch.hub", "load", "path"),
    ("torch._utils", "_rebuild_tensor", "path"),
    ("torch.serialization", "_load", "path"),
    ("torch._inductor.codecache", "AsyncCompile", "path"),
    ("numpy", "load", "path"),
    ("numpy.testing._private.utils", "runstring", "python"),
    ("functools", "partial", "path"),
    ("operator", "attrgetter", "path"),
    ("operator", "methodcaller", "path"),
    ("types", "CodeType", "path"),
    ("types", "FunctionType", "path"),
    ("collections", "namedtuple", "path"),
    ("ctypes", "CDLL", "path"),
    ("pty", "spawn", "shell"),
    ("timeit", "timeit", "python"),
    ("code", "InteractiveInterpreter", "path"),
    ("fairseq.utils", "eval_str_list", "python"),
    ("fairseq.utils", "eval_bool", "python"),
    ("fairseq_alignmlm.storage", "write_json", "path"),
    ("omegaconf", "OmegaConf.create", "path"),
    ("hydra.utils", "instantiate", "path"),
)


def _text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _arguments(kind: str, trace: str) -> bytes:
    values: dict[str, tuple[object, ...]] = {
        "path": (trace,),
        "shell": (f"mkdir {trace}",),
        "python": (f"__import__('os').mkdir({trace!r})",),
        "write": (trace, "w"),
        "create": (trace, 65, 511),  # O_CREAT | O_WRONLY
        "module": ("chaos_trace",),
        "pickle": (b"cos\nmkdir\n(" + _text(trace) + b"tR.",),
    }
    body = pickle.dumps(values[kind], protocol=2)
    return body[2:-1]  # without PROTO and STOP


def ways_to_call(trace: str) -> Iterator[tuple[str, bytes]]:
    """Yield a name and a pickle for each function of ``CALLS`` and each opcode that leads to a call."""
    for module, name, kind in CALLS:
        arguments, path = _arguments(kind, trace), f"{module}\n{name}\n".encode()
        yield f"GLOBAL REDUCE {module}.{name}", b"\x80\x02c" + path + arguments + b"R."
        stack = _text(module) + _text(name) + b"\x93"
        yield f"STACK_GLOBAL REDUCE {module}.{name}", b"\x80\x04" + stack + arguments + b"R."
    mkdir, text = b"cos\nmkdir\n", _text(trace)
    yield "INST", b"(" + text + b"ios\nmkdir\n."
    yield "OBJ", b"(" + mkdir + text + b"o."
    yield "NEWOBJ", b"\x80\x02" + mkdir + text + b"\x85\x81."
    popen = b"csubprocess\nPopen\n(]" + b"(" + _text("mkdir") + text + b"e" + b"t"
    yield "NEWOBJ of a class", b"\x80\x02" + popen + b"\x81."
    yield "NEWOBJ_EX", b"\x80\x04" + mkdir + text + b"\x85}\x92."
    namespace = b"\x80\x02cargparse\nNamespace\n)\x81"
    yield "BUILD __setstate__", namespace + b"}(" + _text("__setstate__") + mkdir + b"ub" + text + b"b."
    yield "BUILD __class__", namespace + b"}(" + _text("__class__") + mkdir + b"ub."
    yield "BUILD __reduce__", namespace + b"}(" + _text("__reduce__") + mkdir + b"ub."
    yield "BUILD slots", namespace + b"N}(" + _text("x") + mkdir + b"u\x86b."
    yield "Namespace with arguments", b"\x80\x02cargparse\nNamespace\n" + text + b"\x85R."
    yield "PERSID", b"Pcos\nmkdir\n."
    yield "BINPERSID", b"\x80\x02(" + _text("storage") + mkdir + text + _text("cpu") + b"K\x01tQ."
    yield "storage of another type", b"\x80\x02(" + _text("storage") + mkdir + _text("0") + _text("cpu") + b"K\x01tQ."
    yield "memo", b"\x80\x02" + mkdir + b"q\x00" + text + b"q\x010h\x00h\x01\x85R."
    yield "set of calls", b"\x80\x04\x8f(" + mkdir + text + b"\x85R\x90."
    yield "dict key", b"\x80\x02}" + mkdir + text + b"\x85RK\x01s."


def every_opcode(trace: str) -> Iterator[tuple[str, bytes]]:
    """Yield, for each opcode that pickle knows, pickles with it before, within and after a call."""
    call = b"cos\nmkdir\n" + _text(trace) + b"\x85"
    arguments = {
        None: b"",
        "uint1": b"\x01",
        "uint2": b"\x01\x00",
        "int4": b"\x01\x00\x00\x00",
        "uint4": b"\x01\x00\x00\x00",
        "uint8": b"\x01" + bytes(7),
    }
    for opcode in pickletools.opcodes:
        code = opcode.code.encode("latin-1")
        name = opcode.arg.name if opcode.arg else None
        argument = arguments.get(name, b"\x01\x00\x00\x00\x00\x00\x00\x00a\na\n")
        yield f"{opcode.name} before", b"\x80\x02" + code + argument + call + b"R."
        yield f"{opcode.name} within", b"\x80\x02" + call + code + argument + b"R."
        yield f"{opcode.name} after", b"\x80\x02" + call + b"R" + code + argument + b"."
