"""Who may connect, and with which settings."""

from __future__ import annotations

import pytest

from daybreak.errors import RequestError
from daybreak.router.startup import check_identity


def test_settings_are_what_is_left() -> None:
    asked = {"user": "admin", "database": "postgres", "application_name": "a", "_pq_.x": "1", "replication": "off"}
    assert check_identity(asked) == {"application_name": "a"}


@pytest.mark.parametrize(
    ("asked", "state"),
    [
        ({}, "28000"),
        ({"user": "root", "database": "postgres"}, "28000"),
        ({"user": "admin"}, "3D000"),
        ({"user": "admin", "database": "template1"}, "3D000"),
        ({"user": "admin", "database": "postgres", "replication": "true"}, "0A000"),
    ],
)
def test_refusals(asked: dict[str, str], state: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_identity(asked)
    assert caught.value.sqlstate == state
