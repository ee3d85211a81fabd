"""Loads a spec: finds its files, has SANY parse them and TLC prepare them, in a class loader of its own."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jpype

from tracecheck.errors import SpecError
from tracecheck.tlc.jvm import fresh_loader, load_class, start_jvm

TRACE_PREFIX = "Trace"
_SHOWN_LINES = 6
_SCRATCH = "java.io.tmpdir"

_loading = threading.Lock()


@dataclass(frozen=True)
class SpecFiles:
    """Where a spec lies: its module, its configuration, and the directories searched for what it extends."""

    module: Path
    config: Path
    libraries: tuple[Path, ...]

    @property
    def name(self) -> str:
        return self.module.stem


def locate(spec: str | Path, config: str | Path | None = None, libraries: Sequence[str | Path] = ()) -> SpecFiles:
    """Finds the files of `spec`.

    Without `config`, a module TraceX.tla beside X.tla is preferred, and its configuration has its name. Modules are
    searched beside the spec, in `libraries`, and in the directory `lib` beside the spec's directory.
    Raises SpecError when a file is missing.
    """
    module = Path(spec)
    if config is None:
        traced = module.with_name(TRACE_PREFIX + module.name)
        module = traced if traced.is_file() else module
    configuration = Path(config) if config is not None else module.with_suffix(".cfg")
    for path, noun in ((module, "spec"), (configuration, "configuration")):
        if not path.is_file():
            raise SpecError(f"{path}: no such {noun}")
    return SpecFiles(module.resolve(), configuration.resolve(), search_path(module, libraries))


def search_path(module: Path, libraries: Sequence[str | Path] = ()) -> tuple[Path, ...]:
    """The directories in which the modules that `module` extends are searched, first match wins."""
    home = module.resolve().parent
    named = [Path(library).resolve() for library in libraries]
    for library in named:
        if not library.is_dir():
            raise SpecError(f"{library}: no such library directory")
    beside = home.parent / "lib"
    return (home, *named, *([beside] if beside.is_dir() else []))


class Loaded:
    """A parsed spec and the class loader it lives in.

    Invariant: nothing of one instance is ever given to another; see `tracecheck.tlc.jvm`.
    """

    def __init__(self, module: Path, libraries: tuple[Path, ...]) -> None:
        self.name = module.stem
        self.libraries = libraries
        self.loader = fresh_loader()
        self._printed = jpype.JClass("java.io.ByteArrayOutputStream")()
        stream = jpype.JClass("java.io.PrintStream")(self._printed, True)
        tool_io = self.cls("util.ToolIO")
        tool_io.out = tool_io.err = stream
        # SANY looks in this directory first; without it, it would look in the one the process was started in.
        tool_io.setUserDir(str(module.parent))
        self.cls("tlc2.util.FP64").Init(0)
        paths = [f"{library}{os.sep}" for library in libraries]
        self.resolver = self.cls("util.SimpleFilenameToStream")(jpype.JArray(jpype.JString)(paths))
        self.root: Any = None

    def cls(self, name: str) -> Any:
        """A Java class in this spec's loader."""
        return load_class(self.loader, name)

    def complaint(self, error: BaseException | None = None) -> str:
        """What SANY and TLC printed about a failure, as one line."""
        noise = ("Parsing file", "Semantic processing", "Starting...", "Computing", "Finished", "Parsing or semantic")
        lines = [line.strip() for line in str(self._printed.toString()).splitlines()]
        told = [line for line in lines if line and not line.startswith(noise)]
        if error is not None:
            message = error.getMessage() if isinstance(error, jpype.JException) else error
            told.extend(str(message).splitlines())
        return " ".join(dict.fromkeys(told[:_SHOWN_LINES])) or "TLC gave no reason"

    def hush(self) -> None:
        """Sends what TLC prints from here on nowhere: a spec that prints at each step must not fill the memory."""
        nowhere = jpype.JClass("java.io.OutputStream").nullOutputStream()
        tool_io = self.cls("util.ToolIO")
        tool_io.out = tool_io.err = jpype.JClass("java.io.PrintStream")(nowhere)
        self._printed.reset()

    def source(self, node: Any) -> tuple[str, int, str]:
        """File, line and TLA+ text of a node of the syntax tree, the text on one line."""
        return source_of(node, self.libraries)


def source_of(node: Any, libraries: Sequence[Path]) -> tuple[str, int, str]:
    """File, line and TLA+ text of a node of the syntax tree, the text on one line."""
    file, line, lines = source_lines(node, libraries)
    return file, line, " ".join(" ".join(line.split()) for line in lines)


def source_lines(node: Any, libraries: Sequence[Path]) -> tuple[str, int, list[str]]:
    """File, line and TLA+ text of a node of the syntax tree, the text as it stands there, moved to the left margin.

    The file is searched in `libraries`; what is of the standard library has its module's name for a file.
    """
    location = node.getLocation()
    module, first, last = str(location.source()), int(location.beginLine()), int(location.endLine())
    path = next((path for library in libraries if (path := library / f"{module}.tla").is_file()), None)
    if path is None:
        return module, first, [str(node)]
    margin = int(location.beginColumn()) - 1
    lines = list(_lines(path)[first - 1 : last])
    lines[-1] = lines[-1][: int(location.endColumn())]
    return str(path), first, [lines[0][margin:], *(line[:margin].lstrip() + line[margin:] for line in lines[1:])]


@lru_cache(maxsize=64)
def _lines(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8").splitlines())


@contextmanager
def _scratch() -> Iterator[None]:
    """Gives SANY a directory of its own to unpack its standard modules into, for as long as it reads them.

    In one that is shared, two processes overwrite each other's half-written files.
    """
    system = jpype.JClass("java.lang.System")
    with _loading, tempfile.TemporaryDirectory(prefix="tracecheck-") as directory:
        before = system.setProperty(_SCRATCH, directory)
        try:
            yield
        finally:
            system.setProperty(_SCRATCH, before)


def parse(spec: str | Path, libraries: Sequence[str | Path] = ()) -> Loaded:
    """Parses a spec without a configuration: enough to look at it, not to evaluate it. Raises SpecError."""
    module = Path(spec)
    if not module.is_file():
        raise SpecError(f"{module}: no such spec")
    libraries = search_path(module, libraries)
    start_jvm()
    with _scratch():
        loaded = Loaded(module.resolve(), libraries)
        _analyse(loaded, module)
    loaded.hush()
    return loaded


def _analyse(loaded: Loaded, module: Path) -> None:
    spec_object = loaded.cls("tla2sany.modanalyzer.SpecObj")(loaded.name, loaded.resolver)
    sany, out = loaded.cls("tla2sany.drivers.SANY"), loaded.cls("util.ToolIO").out
    try:
        sany.frontEndInitialize(spec_object, out)
        sany.frontEndParse(spec_object, out)
        sany.frontEndSemanticAnalysis(spec_object, out, True)
    except jpype.JException as error:
        raise SpecError(f"{module}: {loaded.complaint(error)}") from None
    if spec_object.getErrorLevel() > 0:
        raise SpecError(f"{module}: {loaded.complaint()}")
    loaded.root = spec_object.getExternalModuleTable().getRootModule()


def load(files: SpecFiles) -> tuple[Loaded, Any]:
    """Loads a spec with its configuration; returns it and TLC's `FastTool`. Raises SpecError."""
    config = os.path.relpath(files.config.with_suffix(""), files.module.parent)
    start_jvm()
    with _scratch():
        loaded = Loaded(files.module, files.libraries)
        try:
            tool = loaded.cls("tlc2.tool.impl.FastTool")(files.name, config, loaded.resolver)
            loaded.root = tool.getSpecProcessor().getRootModule()
        except jpype.JException as error:
            raise SpecError(f"{files.module}: {loaded.complaint(error)}") from None
    loaded.hush()
    return loaded, tool
