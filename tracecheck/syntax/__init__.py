"""The syntax tree of a spec as Python values.

tree     the kinds of node, each with its place in the spec
reader   from the tree that SANY makes to these
walk     the parts of a node, and what it mentions
"""

from tracecheck.syntax.reader import UnknownConstructError, read
from tracecheck.syntax.tree import Module, Place

__all__ = ["Module", "Place", "UnknownConstructError", "read"]
