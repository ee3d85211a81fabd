"""A cluster of two regions and a witness, on machines that share nothing but their network, which is encrypted."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daybreak.control.authority import Authority
from daybreak.control.datadir import identity
from daybreak.control.newcluster import renew
from daybreak.control.places import SECRET_BYTES, write_private
from tests.support.machines import HOSTS, Machines
from tests.support.regions import persist
from tests.support.server import daybreak

pytestmark = pytest.mark.timeout(240)
ADD = "UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v"
READ = "SELECT v FROM t WHERE id = 1"
ROUNDS = 10


@pytest.fixture
def strangers(tmp_path: Path) -> Iterator[Machines]:
    with Machines(tmp_path, unchecked="it never comes to be a cluster") as machines:
        yield machines


def test_a_cluster_on_several_machines_commits_and_goes_on_without_one(tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    with machines:
        machines.start("W", "B", "A")
        said = [machines.ready(name) for name in HOSTS]
        assert said == [
            *(f"ready: postgresql://admin@{HOSTS[region]}:{machines.port + 2}/postgres" for region in ("A", "B")),
            f"ready: W1 of {machines.directories['W']}",
        ]
        with machines.at("A") as a, machines.at("B") as b:
            a.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
            a.execute("INSERT INTO t VALUES (1, 0)")
            assert [persist(client, ADD) for client in (a, b) * ROUNDS] == list(range(1, 2 * ROUNDS + 1))
            assert a.execute(READ).fetchone() == b.execute(READ).fetchone() == (2 * ROUNDS,)
        machines.kill("A")
        with machines.at("A", "B") as b:
            assert persist(b, ADD) == 2 * ROUNDS + 1
            renew(machines.made)
            for name, there in machines.directories.items():
                shutil.copytree(machines.made / name / "tls", there / "tls", dirs_exist_ok=True)
            machines.start("A")  # shows a new certificate to processes that had read the old ones
            machines.ready("A")
            with machines.at("A") as a:
                assert persist(a, ADD) == 2 * ROUNDS + 2
                assert b.execute(READ).fetchone() == (2 * ROUNDS + 2,)
        for name in HOSTS:
            machines.stop(name)
    assert not [line for name in HOSTS for line in machines.log(name).splitlines() if "refuses" in line]
    assert not [file for file in (machines.directories["A"] / "zones").iterdir() if file.name != "A1"]


# --- who does not belong to it --------------------------------------------------------------------------------------


def certificate(machines: Machines, valid: timedelta, *, name: str = "W1") -> None:
    """Give the witness a certificate of the right authority."""
    there = machines.directories["W"]
    pem = Authority.read(machines.made).issue(identity(there).cluster, name, valid)
    (there / "tls" / "W1.pem").write_bytes(pem)


def foreign(machines: Machines) -> None:
    """Give the witness the certificates of another cluster."""
    other = Authority.make("other")
    tls = machines.directories["W"] / "tls"
    (tls / "W1.pem").write_bytes(other.issue("other", "W1", timedelta(days=60)))


def taken(machines: Machines) -> None:
    """Have somebody else listen where the witness is to."""
    config = machines.config("W")
    config.write_text(config.read_text() + f'W1 = "{HOSTS["W"]}:{machines.port + 1}"\n')


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            lambda m: certificate(m, timedelta(seconds=-1)),
            "tls/W1.pem: the certificate of W1 has expired (have",
        ),
        (lambda m: certificate(m, timedelta(days=60), name="B1"), "tls/W1.pem: the certificate of W1 is that of B1 ("),
        (foreign, "tls/W1.pem: the certificate of W1 is not of the cluster's authority ("),
        (lambda m: (m.directories["W"] / "secret").unlink(), "secret: cannot be read: No such file"),
        (taken, "W1 cannot listen there: Address already in use"),
        (lambda m: m.config("W").write_text('runs = ["W1"]\n[members]\n'), "[members] lacks A, B, A1, B1, W1; the"),
    ],
)
def test_a_machine_that_cannot_be_of_the_cluster_says_why_in_one_line(
    strangers: Machines, spoil: Callable[[Machines], object], why: str
) -> None:
    spoil(strangers)
    with socket.create_server((HOSTS["W"], strangers.port + 1)):
        done = daybreak("node", "--config", str(strangers.config("W")), timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert done.stderr.startswith("daybreak: ")
    assert why in done.stderr


def test_a_machine_with_another_secret_or_of_another_cluster_gets_in_nowhere(strangers: Machines) -> None:
    w = strangers.directories["W"]
    write_private(w / "secret", b"x" * SECRET_BYTES)
    strangers.start("W")
    strangers.ready("W")
    strangers.start("A", zone="A1")
    for machine in ("A", "W"):
        strangers.until_said(machine, "A1 refuses W1: its proof is wrong: its secret is not the cluster's")
    strangers.stop("W")
    shutil.rmtree(w)
    strangers.make(w.parent / "other")
    (w.parent / "other" / "W").rename(w)
    strangers.start("W")
    strangers.ready("W")
    strangers.until_said("A", "A1 refuses W1: its certificate is not of the cluster's authority")
    strangers.until_said("W", "127.0.0.1 refuses the certificate of W1: it is of another authority")
    strangers.stop("W")
    strangers.stop("A")
