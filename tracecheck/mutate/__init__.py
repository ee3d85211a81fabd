"""Mutation testing of a spec, its mapping and the checker.

lines, events, values   kinds of mutation of a trace          equivalence   which mutants are behaviours all the same
traces                  mutates traces and judges them        tally         what was found
edits                   kinds of mutation of a spec           specs         mutates specs and judges traces by them
"""
