"""The fast engine: a spec, translated into Python functions over values that share what a step does not change.

engine       the engine itself
config       TLC's configuration: constants, overrides, where to begin, what to step, what to keep
translator   definitions to functions; expressions, statements, binders, actions, paths: its parts
facts        what an expression mentions and needs; patterns, functions that are made from another by a few changes
scope        what names stand for in the text being written
large        functions and sequences of many elements; sets, functions, standard, kinds, order: the operators on values
own          between these values and the portable ones
"""

from tracecheck.compiled.engine import CompiledEngine

__all__ = ["CompiledEngine"]
