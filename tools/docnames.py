"""Resolves the names in the documents: whether what they name exists in this repository.

Of what stands in backticks these shapes are checked, and no others; everything else (SQL, values, single lower-case
words) is text:

    path          impl/daybreak/cluster.py  query/processor.py:120  specs/  bench.json  DIR/format.json
    node          A1/adj-0
    action        Adjudication!Commit
    dotted name   query.processor.QueryProcessor.finish  tracecheck.actions  Leader.recovered
    class         CommitRequest  Deliver          a word with a capital, small letters after it; also a model
    call          take_durable()  Begin(txn, start)
    identifier    commit_timeout_us  MAX_ROWS     a word with an underscore
    option        --monitor
    command       make run  daybreak serve --port 0  python -m tools.actionmap --check  pytest tests/repo

Commands are checked in fenced blocks of a shell too; links and rules (P7) everywhere. A path is looked up in the
repository, then below `impl/daybreak`; a file that only a running server makes (``DIR/…``, a bare name) must occur in
the sources by name, or be the log of a node.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from daybreak import cluster
from daybreak.base.topology import TOPOLOGIES
from tools.doctext import Mention

_FOREIGN = "Bind CommandComplete Execute Parse Query ReadyForQuery StartupMessage Sync"
FOREIGN = frozenset(_FOREIGN.split())
"""Names of PostgreSQL's wire protocol, which look like classes of ours."""

_SUFFIXES = "cfg|json|log|md|ndjson|py|sh|sock|tla|toml|txt|yml"
_PATH = re.compile(rf"[\w.*-]*(/[\w.*-]+)*/|[\w.*-]+(/[\w.*-]+)+(:\d+)?|[\w*-][\w.*-]*\.({_SUFFIXES})(:\d+)?")
_NODE = re.compile(r"[A-Z]\d?/[a-z]+-(\d+)")
_ACTION = re.compile(r"(\w+)!(\w+)")
_DOTTED = re.compile(r"@?([A-Za-z_]\w*(?:\.\w+)+)(\(.*\))?")
_CLASS = re.compile(r"([A-Z][a-z]\w*)(\(.*\))?")
_CALL = re.compile(r"([a-z_]\w*)\(\)|@(\w+)(?:\(.*\))?")
_IDENTIFIER = re.compile(r"[A-Za-z0-9]*_\w*")
_OPTION = re.compile(r"--[a-z][a-z-]*")
_RUNTIME = ("DIR/", "DATA/", ".daybreak/")
_OURS = ("daybreak", "tracecheck", "historycheck", "tools")
_CODE = ("impl/", "tracecheck/", "historycheck/", "tools/", "pyproject.toml", "Makefile", ".gitignore")
"""Where a name counts as existing; not in tests, which hold wrong names on purpose."""


def _fixed_nodes() -> set[str]:
    """The nodes that a cluster has, of either number of regions, which nobody made otherwise."""
    layouts = [cluster.Layout(topology=topology) for topology in TOPOLOGIES.values()]
    return {node for layout in layouts for zone in layout.topology.zones for node in layout.in_zone(zone)}


class Repository:
    """What may be named: files, definitions, commands."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._package = root / "impl" / "daybreak"
        self._shapes: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
            (_OPTION, lambda match: f'"{match[0]}"' in self._source_text),
            (_NODE, self._node),
            (_PATH, self._path),
            (_ACTION, lambda match: self._operator(match[2], match[1])),
            (_DOTTED, lambda match: self._dotted(match[1])),
            (_CLASS, lambda match: self._class(match[1])),
            (_CALL, lambda match: (match[1] or match[2]) in self._functions),
            (_IDENTIFIER, lambda match: match[0] in self._words),
        )

    # --- what there is ------------------------------------------------------------------------------------------

    @cached_property
    def files(self) -> list[str]:
        """All files that git would take, relative to the root."""
        command = ["git", "ls-files", "-co", "--exclude-standard"]
        listed = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout
        return [name for name in listed.splitlines() if (self.root / name).is_file()]

    def documents(self) -> list[Path]:
        """All Markdown files."""
        return [self.root / name for name in self.files if name.endswith(".md")]

    def texts(self, *suffixes: str) -> list[str]:
        """The contents of all files that end so."""
        return [(self.root / name).read_text() for name in self.files if name.endswith(suffixes)]

    @cached_property
    def _source_text(self) -> str:
        ours = [name for name in self.files if name.startswith(_CODE) and not name.endswith((".tla", ".cfg"))]
        return "\n".join((self.root / name).read_text() for name in ours)

    @cached_property
    def _words(self) -> frozenset[str]:
        known = re.findall(r"\w+", "\n".join([self._source_text, *self.texts(".tla", ".cfg")]))
        return frozenset(known) | self._functions

    @cached_property
    def _functions(self) -> frozenset[str]:
        return frozenset(re.findall(r"(?m)^\s*(?:async )?def (\w+)", "\n".join(self.texts(".py"))))

    @cached_property
    def _classes(self) -> dict[str, list[str]]:
        """Class name and the modules that define one, in our packages."""
        found: dict[str, list[str]] = {}
        for name in self.files:
            if name.endswith(".py") and name.startswith(_CODE):
                module = name.removeprefix("impl/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                for defined in re.findall(r"(?m)^class (\w+)", (self.root / name).read_text()):
                    found.setdefault(defined, []).append(module)
        return found

    @cached_property
    def _modules(self) -> dict[str, str]:
        """The text of every TLA+ module."""
        return {Path(n).stem: (self.root / n).read_text() for n in self.files if n.endswith(".tla")}

    @cached_property
    def _models(self) -> frozenset[str]:
        return frozenset(re.findall(r'(?m)^name = "(\w+)"', (self.root / "specs" / "manifest.toml").read_text()))

    @cached_property
    def _targets(self) -> frozenset[str]:
        return frozenset(re.findall(r"(?m)^([a-z][\w-]*):", (self.root / "Makefile").read_text()))

    @cached_property
    def rules(self) -> frozenset[str]:
        """The protocol rules that docs/rules.md lists."""
        return frozenset(re.findall(r"(?m)^- \*\*(P\d+)\*\*", (self.root / "docs" / "rules.md").read_text()))

    # --- whether it is there ------------------------------------------------------------------------------------

    def knows(self, mention: Mention) -> bool:
        """Whether what is mentioned exists, or is of no shape that is checked."""
        text = mention.text
        if mention.kind == "rule":
            return text in self.rules
        if mention.kind == "link":
            return ":" in text or not (path := text.split("#")[0]) or (mention.file.parent / path).exists()
        if mention.kind == "command" or " " in text:
            command = self._command(text)
            if command is not None or mention.kind == "command":
                return command is not False
        if text in FOREIGN:
            return True
        for shape, exists in self._shapes:
            if match := shape.fullmatch(text):
                return exists(match)
        return True

    def _node(self, match: re.Match[str]) -> bool:
        number = int(match[1])
        return match[0] in {*_fixed_nodes(), cluster.query_processor_node(number), cluster.session_node(number)}

    def _path(self, match: re.Match[str]) -> bool:
        text, _, line = match[0].partition(":")
        if node := _NODE.fullmatch(text.removesuffix(".ndjson").replace("_", "/")):
            return self._node(node)
        if text.startswith(_RUNTIME):
            parts = re.split(r"[/*]+", text.split("/", 1)[1])
            nodes = {node.partition("/")[2] for node in _fixed_nodes()}
            return all(f'"{part}"' in self._source_text or part in nodes for part in parts if part)
        for base in (self.root, self._package):
            for found in base.glob(text.rstrip("/")) if text.strip("/.") else ():
                if not line or len(found.read_text().splitlines()) >= int(line):
                    return True
        bare = "/" not in text
        return bare and (any(Path(name).name == text for name in self.files) or text.lstrip("*") in self._source_text)

    def _operator(self, name: str, module: str | None = None) -> bool:
        texts = list(self._modules.values()) if module is None else self._with_extended(module)
        return any(re.search(rf"(?m)^{name}\b(\(.*\))?\s*==", text) for text in texts)

    def _with_extended(self, module: str) -> list[str]:
        """The text of a spec's module and of those that it extends."""
        text = self._modules.get(module, "")
        extended = re.search(r"(?m)^EXTENDS (.*)$", text)
        names = extended[1].replace(" ", "").split(",") if extended else []
        return [text, *(found for name in names for found in self._with_extended(name))]

    def _class(self, name: str) -> bool:
        known = name in self._classes or name in self._modules or name in self._models
        return known or hasattr(builtins, name) or self._operator(name)

    def _dotted(self, name: str) -> bool:
        first, *rest = name.split(".")
        if first in self._classes:
            return any(_has(importlib.import_module(module), [first, *rest]) for module in self._classes[first])
        if (self._package / first).exists() or (self._package / f"{first}.py").exists():
            return _imports(["daybreak", first, *rest])
        return importlib.util.find_spec(first) is not None and _imports([first, *rest])

    # --- commands -----------------------------------------------------------------------------------------------

    def _command(self, text: str) -> bool | None:
        """Whether a command line is right; None when it is of a program that is not ours."""
        words = shlex.split(text, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            del words[0]
        program, arguments = (words[0].removeprefix(".venv/bin/"), words[1:]) if words else ("", [])
        if program == "make":
            return all(word in self._targets for word in arguments if "=" not in word and not word.startswith("-"))
        if program == "pytest":
            return all((self.root / word.split("::")[0]).exists() for word in arguments if "/" in word)
        if program == "daybreak":
            return _accepts("daybreak", arguments)
        if program.startswith("python") and arguments[:1] == ["-m"] and arguments[1].split(".")[0] in _OURS:
            return _accepts(arguments[1], arguments[2:])
        return None


def _accepts(module: str, arguments: list[str]) -> bool:
    """Whether the help of a command of ours names the options that it is given."""
    subcommands = []
    for word in arguments:
        if not re.fullmatch(r"[a-z]+", word):
            break
        subcommands.append(word)
    help_text = _help(module, *subcommands)
    return help_text is not None and all(
        re.search(rf"{re.escape(word.split('=')[0])}\b", help_text) for word in arguments if word.startswith("--")
    )


@lru_cache(maxsize=64)
def _help(module: str, *subcommands: str) -> str | None:
    command = [sys.executable, "-m", module, *subcommands, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _imports(parts: list[str]) -> bool:
    """Whether the first of `parts` are a module, and the rest leads to something in it."""
    for length in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return _has(module, parts[length:])
    return False


def _has(thing: Any, names: list[str]) -> bool:
    for number, name in enumerate(names):
        if not hasattr(thing, name):
            return number == len(names) - 1 and inspect.isclass(thing) and _sets(thing, name)
        thing = getattr(thing, name)
    return True


def _sets(cls: type, name: str) -> bool:
    """Whether instances of a class of ours have an attribute that its methods set or its body annotates."""
    own = [base for base in cls.__mro__ if base.__module__.split(".")[0] in _OURS]
    pattern = re.compile(rf"\bself\.{name}\b[^=\n]*=|(?m:^\s+{name}\s*:)")
    return any(pattern.search(inspect.getsource(base)) for base in own)
