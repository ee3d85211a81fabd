"""Memory is shared out among models, and a model that needs more than there is runs alone."""

from __future__ import annotations

import os
import threading

from daybreak.modelcheck.resources import Memory, cores, free_mb


def test_the_machine_has_something_to_give() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert free_mb() > 100


def test_what_does_not_fit_waits_until_it_does() -> None:
    memory = Memory(2000)
    second_has_it, release = threading.Event(), threading.Event()

    def second() -> None:
        with memory.taken(1000):
            second_has_it.set()
            release.wait(10)

    thread = threading.Thread(target=second)
    with memory.taken(1000):
        thread.start()
        assert not second_has_it.wait(0.2)
    assert second_has_it.wait(10)
    release.set()
    thread.join()


def test_two_that_fit_run_together() -> None:
    memory = Memory(3000)
    with memory.taken(1000), memory.taken(1000):
        pass


def test_more_than_there_is_can_be_had_alone() -> None:
    memory = Memory(10)
    for _ in range(2):
        with memory.taken(1000):
            pass
