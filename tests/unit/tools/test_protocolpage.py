"""What the page of messages finds in sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.protocolpage import messages, render

SOURCES = {
    "bell/messages.py": '''
from daybreak.runtime.protocols import Message

class Ring(Message, frozen=True):
    """Ring the bell."""
    times: int
    parts: tuple[Part, ...]

class Rung(Message, frozen=True):
    """It rang."""
    causal: ClassVar[bool] = False

class Part(Message, frozen=True):
    """Of a ring."""

class Echo(Message, frozen=True):
    """For whoever listens."""

class Other:
    """No message."""
''',
    "bell/bell.py": """
from daybreak.bell.messages import Echo, Part, Ring, Rung

class Bell(Role):
    def on_ring(self, source, message: Ring):
        return [Rung(), Echo(), Other()]

def strike():
    return Ring(1, (Part(),))

class Hand:
    def on_message(self, message):
        match message:
            case Rung():
                pass
""",
    "other/messages.py": """
from daybreak.runtime.protocols import Message

class Ring(Message, frozen=True):
    '''Another one of that name.'''
""",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        path = tmp_path / "daybreak" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "daybreak"


def test_messages_are_found_by_their_base(package: Path) -> None:
    assert [name for _, name in messages(package)] == ["Ring", "Rung", "Part", "Echo", "Ring"]


def test_who_says_and_hears_a_message(package: Path) -> None:
    found = messages(package)
    ring, rung = found["bell.messages", "Ring"], found["bell.messages", "Rung"]
    assert ring.fields == [("times", "int"), ("parts", "tuple[Part, ...]")]
    assert (ring.said_by, list(ring.heard_by)) == ({"bell.bell.strike"}, ["bell.bell.Bell"])
    assert (rung.said_by, list(rung.heard_by)) == ({"bell.bell.Bell"}, ["bell.bell.Hand"])
    assert (ring.causal, rung.causal) == (True, False)
    assert not found["other.messages", "Ring"].said_by


def test_the_page_tells_parts_and_answers_apart(package: Path) -> None:
    text = render(package)
    assert "- part of: `Ring`" in text.split("### Part")[1].split("###")[0]
    assert "- heard by: no role" in text.split("### Echo")[1].split("###")[0]
    assert "### Rung (not causal)" in text


def test_every_message_of_ours_is_said(package: Path) -> None:
    found = messages(Path(__file__).parents[3] / "impl" / "daybreak")
    assert len(found) > 30
    assert [name for (_, name), message in found.items() if not message.said_by] == []
