"""Why TLC gave up, on one line that begins with a file and a line number, wherever there is one."""

from __future__ import annotations

import re
from pathlib import Path

from daybreak.modelcheck.messages import Message, Transcript

CONFIG_ERRORS = range(5001, 5007)

_GENERAL = 1000
_EXPRESSION = 2103
_ERROR_CLASSES = ("1", "2")
_PLACE = re.compile(r"[Ll]ine (\d+), col(?:umn)? \d+(?:.*? (?:of module|in) (\w+))?")
_PARSED = re.compile(r"^Parsing file (.+)$", re.MULTILINE)
_CONFIG_LINE = re.compile(r"line (\d+)")
_JAVA = re.compile(r"^\tat |^The exception was a |^: |^java\.", re.MULTILINE)
_MODULE = re.compile(r"^-{4,} *MODULE ", re.MULTILINE)
_BLAME = "TLC threw an unexpected exception."


def head(module: Path) -> str:
    """The place of a whole module, `file:line`: where it begins."""
    text = module.read_text(errors="replace")
    begins = _MODULE.search(text)
    return f"{module}:{text.count(chr(10), 0, begins.start()) + 1 if begins else 1}"


def of_evaluation(transcript: Transcript, module: Path) -> str:
    """Why TLC could not go on with the spec, at the innermost place it was met at."""
    reason = _first_error(transcript)
    positions = [message.text for message in transcript.messages if message.code == _EXPRESSION]
    places = list(_PLACE.finditer("\n".join(positions))) or list(_PLACE.finditer(reason))
    if not places:
        return f"{head(module)}: {reason}"
    line, name = places[-1].groups()
    return f"{_file(transcript, name) or module}:{line}: {reason}"


def of_config(transcript: Transcript, config: Path) -> str:
    """What is wrong with a configuration: the line that TLC names, else the one that has what TLC names."""
    reason = _first_error(transcript)
    told = _CONFIG_LINE.search(reason)
    line = int(told[1]) if told else _line_with(config.read_text(errors="replace"), set(re.findall(r"\w+", reason)))
    return f"{config}:{line}: {reason}"


def _line_with(config: str, names: set[str]) -> int:
    """The first line with one of `names` that is no keyword; 1 if there is none."""
    for number, line in enumerate(config.splitlines(), 1):
        words = set(re.findall(r"\w+", line.split("\\*")[0]))
        if any(word in names for word in words if not word.isupper()):
            return number
    return 1


def of_parsing(transcript: Transcript, module: Path) -> str:
    """Where the parser stopped and why."""
    text = transcript.between
    place = _PLACE.search(text)
    if place is None:
        return f"{head(module)}: {_parser_reason(text) or 'the parser gave no reason'}"
    name = place[2]
    last = (_PARSED.findall(text) or [str(module)])[-1]
    return f"{_file(transcript, name) if name else last}:{place[1]}: {_parser_reason(text)}"


def _file(transcript: Transcript, module: str | None) -> str | None:
    """The file that `module` was read from."""
    return next((path for path in _PARSED.findall(transcript.between) if path.endswith(f"/{module}.tla")), None)


def _first_error(transcript: Transcript) -> str:
    """The first error, or what it quotes, on one line; of what Java says only the kind of exception."""
    said = transcript.messages
    first = next((at for at, message in enumerate(said) if message.severity in _ERROR_CLASSES), None)
    if first is None:
        return "TLC gave no reason"
    quotes = said[first].code == _GENERAL and first + 1 < len(said) and said[first + 1].severity == "0"
    return " ".join(_without_java(said[first + 1 if quotes else first]).split())


def _without_java(message: Message) -> str:
    if not message.text.startswith(_BLAME):
        return message.text
    lines = message.text.splitlines()
    exceptions = [line.removeprefix("The exception was a ") for line in lines if _JAVA.match(line)]
    return exceptions[0] if exceptions else message.text


def _parser_reason(text: str) -> str:
    """The lines that name an error, without what only frames them."""
    framing = (
        "Parsing file",
        "Semantic processing",
        "Semantic errors",
        "***",
        "line ",
        "Fatal errors",
        "tla2sany.",
        "In module",
    )
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith(framing)]
    return " ".join(" ".join(told[:2]).split())
