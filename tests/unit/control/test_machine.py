"""The file that says who runs on a machine, and the directories that a new cluster consists of."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.base.topology import ONE_REGION, TWO_REGIONS
from daybreak.control.authority import KEY
from daybreak.control.datadir import identity
from daybreak.control.machine import CONFIG, OverTcp, over_tcp, read_address, read_machine
from daybreak.control.newcluster import Plan, init, plan, renew
from daybreak.control.places import read_secret
from daybreak.errors import OperatorError, RequestError
from daybreak.runtime.remote.peers import TcpAddress
from daybreak.runtime.remote.tls import AUTHORITY, Tls

HOSTS = {"A": TcpAddress("10.0.0.1", 7000), "B": TcpAddress("10.0.0.2", 7000), "W": TcpAddress("::3", 7000)}
MEMBERS = {
    "A": TcpAddress("10.0.0.1", 7000),
    "B": TcpAddress("10.0.0.2", 7000),
    "A1": TcpAddress("10.0.0.1", 7001),
    "B1": TcpAddress("10.0.0.2", 7001),
    "W1": TcpAddress("::3", 7000),
}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A cluster of two regions."""
    init(tmp_path / "c", plan(HOSTS, {}), 2, 5432)
    return tmp_path / "c"


# --- which machines -------------------------------------------------------------------------------------------------


def test_a_region_is_a_machine_with_its_zones_on_the_next_ports() -> None:
    found = plan(HOSTS, {})
    assert found == Plan(TWO_REGIONS, {"A": ("A", "A1"), "B": ("B", "B1"), "W": ("W1",)}, MEMBERS)


def test_a_zone_may_have_a_machine_of_its_own() -> None:
    found = plan({"A": TcpAddress("h", 7000)}, {"A2": TcpAddress("i", 8000), "A3": TcpAddress("j", 1)})
    assert found.topology == ONE_REGION
    assert found.machines == {"A": ("A", "A1"), "A2": ("A2",), "A3": ("A3",)}
    assert {name: str(at) for name, at in found.members.items()} == {
        "A": "h:7000",
        "A1": "h:7001",
        "A2": "i:8000",
        "A3": "j:1",
    }


@pytest.mark.parametrize(
    ("regions", "zones", "why"),
    [
        ({}, {}, "--region names nothing; a cluster has A, or A, B and W, the witness"),
        ({"A": HOSTS["A"], "B": HOSTS["B"]}, {}, "--region names A B; a cluster has A, or A, B and W, the witness"),
        (HOSTS, {"A2": HOSTS["A"]}, "--zone A2: the cluster has A1, B1, W1"),
        (HOSTS, {"W1": HOSTS["W"]}, "--region W: nothing is left to run there; leave --zone W1 out"),
        (HOSTS, {"B1": MEMBERS["A1"]}, "A1 and B1 would both listen at 10.0.0.1:7001"),
        ({"A": TcpAddress("h", 65533)}, {}, "A3 would listen at h:65536; a port is at most 65535"),
    ],
)
def test_what_makes_no_cluster_is_refused(
    regions: dict[str, TcpAddress], zones: dict[str, TcpAddress], why: str
) -> None:
    with pytest.raises(RequestError) as refused:
        plan(regions, zones)
    assert refused.value.message == why


# --- what is made ---------------------------------------------------------------------------------------------------


def test_each_machine_gets_what_its_processes_need_and_no_more(made: Path) -> None:
    files = {str(file.relative_to(made)) for file in made.rglob("*") if file.is_file()}
    of_all = (CONFIG, "format.json", "secret", f"tls/{AUTHORITY}")
    own = {"A": ("A", "A1"), "B": ("B", "B1"), "W": ("W1",)}
    expected = {KEY, AUTHORITY} | {f"{machine}/{file}" for machine in own for file in of_all}
    assert files == expected | {f"{machine}/tls/{name}.pem" for machine, names in own.items() for name in names}
    assert len({read_secret(made / machine) for machine in own}) == 1
    assert len({identity(made / machine) for machine in own}) == 1
    assert identity(made / "A").topology == TWO_REGIONS
    for machine, names in own.items():
        for name in names:
            cluster = identity(made / machine).cluster
            assert Tls(made / machine / "tls", cluster, name).valid_until
            others = {other: at for other, at in MEMBERS.items() if other != name}
            assert over_tcp(made / machine / CONFIG, name) == OverTcp(MEMBERS[name], others, made / machine / "tls")


def test_what_is_secret_is_for_the_owner_alone(made: Path) -> None:
    for file in (KEY, "A/secret", "A/tls/A.pem", "A/tls/A1.pem"):
        assert (made / file).stat().st_mode & 0o777 == 0o600
    for directory in (".", "A", "A/tls"):
        assert (made / directory).stat().st_mode & 0o777 == 0o700


def test_nothing_that_is_there_already_is_overwritten(made: Path, tmp_path: Path) -> None:
    secret = read_secret(made / "A")
    with pytest.raises(OperatorError, match="c: is not empty; name another directory"):
        init(made, plan(HOSTS, {}), 2, 5432)
    assert read_secret(made / "A") == secret
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="file: no cluster can be made there: it is no directory"):
        init(tmp_path / "file", plan(HOSTS, {}), 2, 5432)


def test_renewed_certificates_are_new_and_believed_by_the_others(made: Path) -> None:
    cluster = identity(made / "A").cluster
    old = Tls(made / "A/tls", cluster, "A1")
    before = (made / "A/tls/A1.pem").read_bytes()
    assert renew(made, days=700) == {
        made / "A/tls": ("A", "A1"),
        made / "B/tls": ("B", "B1"),
        made / "W/tls": ("W1",),
    }
    after = (made / "A/tls/A1.pem").read_bytes()
    new = Tls(made / "A/tls", cluster, "A1")
    assert before != after
    assert ssl.cert_time_to_seconds(new.valid_until) > ssl.cert_time_to_seconds(old.valid_until)
    assert Tls(made / "W/tls", cluster, "W1").valid_until == new.valid_until


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda c: (c / KEY).unlink(), "ca.key: cannot be read: No such file"),
        (lambda c: (c / KEY).write_text("x"), "ca.key: is no PEM file of daybreak cluster init"),
        (
            lambda c: [(c / machine).rename(c.parent / machine) for machine in ("A", "B", "W")],
            "c: has no directory of a machine any more; put them back here first",
        ),
    ],
)
def test_without_an_authority_or_machines_nothing_is_renewed(
    made: Path, spoil: Callable[[Path], object], why: str
) -> None:
    spoil(made)
    with pytest.raises(OperatorError, match=why):
        renew(made)


# --- the file -------------------------------------------------------------------------------------------------------


def test_a_process_may_listen_elsewhere_than_the_others_dial(made: Path) -> None:
    file = made / "A" / CONFIG
    file.write_text(file.read_text() + 'A1 = "0.0.0.0:7001"\n')
    assert over_tcp(file, "A1").listen == TcpAddress("0.0.0.0", 7001)
    assert over_tcp(file, "A").peers["A1"] == MEMBERS["A1"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('A1 = "10.0.0.1:7001"\n', "", "[members] lacks A1; the cluster has A, B, A1, B1, W1"),
        ("[listen]", '[listen]\nA9 = "h:1"', "[listen] has A9; the cluster has A, B, A1, B1, W1"),
        ('"A1"]', '"A2"]', "runs has A2; the cluster has A, B, A1, B1, W1"),
        ('["A", "A1"]', "[]", "runs names no process"),
        (":7001", ":7000", "A and A1 have the same address 10.0.0.1:7000"),
        ("10.0.0.1:7001", "nowhere", "'nowhere' is no address of the form HOST:PORT"),
        ("clients = ", "customers = ", "object contains unknown field `customers`"),
        ("runs = [", "runs = ", "expected newline or end of document"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(made: Path, old: str, new: str, why: str) -> None:
    file = made / "A" / CONFIG
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(OperatorError) as refused:
        read_machine(file)
    assert refused.value.message.startswith(f"{file}: {why}")
    assert "\n" not in refused.value.message


def test_a_process_runs_only_where_the_file_says(made: Path) -> None:
    with pytest.raises(OperatorError, match=r"B1 does not run on this machine; runs has A, A1$"):
        over_tcp(made / "A" / CONFIG, "B1")
    with pytest.raises(OperatorError, match=r"nowhere/daybreak\.toml: cannot be read: No such file"):
        read_machine(made / "nowhere" / CONFIG)


@pytest.mark.parametrize("text", ["h:1", "10.0.0.1:65535", "[::1]:7000"])
def test_an_address_is_read_as_it_is_written(text: str) -> None:
    assert str(read_address(text)) == text
