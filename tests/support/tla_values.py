"""Random values of TLA+."""

from __future__ import annotations

from hypothesis import strategies as st

from daybreak.modelcheck.values import Atom, Function, Record, SetOf, Tuple, Value, rank

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,4}", fullmatch=True)
ATOMS = st.one_of(
    st.integers(-99, 99).map(str),
    NAMES,
    st.sampled_from(["TRUE", "FALSE", '""', '"W"', '"a b"', '"[x |-> {1, <<2>>}]"', '"a \\"quoted\\" word"']),
).map(Atom)


def made(parts: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """Values made of others, in the one order in which they are kept."""
    unique = st.lists(parts, max_size=4, unique=True).map(lambda found: sorted(found, key=rank))
    return st.one_of(
        unique.map(lambda members: SetOf(tuple(members))),
        st.lists(parts, max_size=4).map(lambda items: Tuple(tuple(items))),
        st.dictionaries(NAMES, parts, min_size=1, max_size=3).map(lambda found: Record(tuple(sorted(found.items())))),
        st.tuples(unique.filter(bool), parts).map(lambda both: Function(tuple((key, both[1]) for key in both[0]))),
    )


VALUES = st.recursive(ATOMS, made, max_leaves=12)
