"""Files that are not what they were: what a failing disk, a bad copy or a wrong hand does to bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Files = dict[str, bytes]

_WHOLE = 1 << 16
_BLOCKS = (1, 4, 16, 64, 512)


class Damage(msgspec.Struct, frozen=True):
    """One change. `file` and `other` count files, `at` and `to` are places as a part of 65536 of a file's length."""

    kind: str
    file: int
    at: int = 0
    length: int = 0
    to: int = 0
    other: int = 0
    data: bytes = b""


def _place(size: int, part: int) -> int:
    return size * part // _WHOLE


def _put(data: bytes, at: int, new: bytes) -> bytes:
    """`data` with `new` over what stands at `at`, no longer than before."""
    return (data[:at] + new + data[at + len(new) :])[: len(data)]


def _flip(data: bytes, damage: Damage, other: bytes) -> bytes:
    at = _place(len(data), damage.at)
    return _put(data, at, bytes([data[at] ^ (damage.length % 255 + 1)])) if data else data


def _zero(data: bytes, damage: Damage, other: bytes) -> bytes:
    return _put(data, _place(len(data), damage.at), bytes(damage.length))


def _overwrite(data: bytes, damage: Damage, other: bytes) -> bytes:
    return _put(data, _place(len(data), damage.at), damage.data)


def _insert(data: bytes, damage: Damage, other: bytes) -> bytes:
    at = _place(len(data), damage.at)
    return data[:at] + damage.data + data[at:]


def _cut_out(data: bytes, damage: Damage, other: bytes) -> bytes:
    at = _place(len(data), damage.at)
    return data[:at] + data[at + damage.length :]


def _truncate(data: bytes, damage: Damage, other: bytes) -> bytes:
    return data[: _place(len(data), damage.at)]


def _extend(data: bytes, damage: Damage, other: bytes) -> bytes:
    return data + damage.data


def _copy(data: bytes, damage: Damage, other: bytes) -> bytes:
    """A block of another file, or of this one, lands in the wrong place."""
    start = _place(len(other), damage.to)
    return _put(data, _place(len(data), damage.at), other[start : start + damage.length])


def _exchange(data: bytes, damage: Damage, other: bytes) -> bytes:
    """Two blocks of a file change places."""
    a, b = sorted((_place(len(data), damage.at), _place(len(data), damage.to)))
    one, two = data[a : a + damage.length], data[b : b + damage.length]
    return _put(_put(data, a, two), b, one)


def _replace(data: bytes, damage: Damage, other: bytes) -> bytes:
    return damage.data


_BYTES: dict[str, Callable[[bytes, Damage, bytes], bytes]] = {
    "flip": _flip,
    "zero": _zero,
    "overwrite": _overwrite,
    "insert": _insert,
    "cut out": _cut_out,
    "truncate": _truncate,
    "extend": _extend,
    "copy": _copy,
    "exchange": _exchange,
    "replace": _replace,
}
_FILES = ("remove", "copy file", "exchange files", "foreign file")


def damaged(files: Mapping[str, bytes], damages: Sequence[Damage], foreign: Sequence[str]) -> Files:
    """`files` after some changes; `foreign` are names that files of others may come to have."""
    found = dict(files)
    for damage in damages:
        names = sorted(found)
        if not names:
            break
        name, other = names[damage.file % len(names)], names[damage.other % len(names)]
        if damage.kind in _BYTES:
            found[name] = _BYTES[damage.kind](found[name], damage, found[other])
        elif damage.kind == "remove":
            del found[name]
        elif damage.kind == "copy file":
            found[other] = found[name]
        elif damage.kind == "exchange files":
            found[name], found[other] = found[other], found[name]
        else:
            found[foreign[damage.to % len(foreign)]] = damage.data or found[name]
    return found


def damages(foreign_bytes: SearchStrategy[bytes], *, whole_files: bool = True) -> SearchStrategy[tuple[Damage, ...]]:
    """One to three changes; of `foreign_bytes` come the bytes that were never ours."""
    place = st.integers(0, _WHOLE - 1)
    one = st.builds(
        Damage,
        kind=st.sampled_from([*_BYTES, *(_FILES if whole_files else ())]),
        file=st.integers(0, 7),
        at=place,
        length=st.sampled_from(_BLOCKS) | st.integers(0, 700),
        to=place,
        other=st.integers(0, 7),
        data=foreign_bytes,
    )
    return st.lists(one, min_size=1, max_size=3).map(tuple)
