"""Checks an inductive invariant with z3, on an encoding that is made from the spec's own syntax tree.

A module XInductive.tla, beside X.tla and XProps.tla, says what is to be shown:

    EXTENDS XProps
    ASSUME Time \\subseteq Nat       what is assumed of the constants; one of which nothing is said is any set
    Types == /\\ x \\in S            what each variable is, one conjunct for each
             /\\ y \\in [T -> S]
    Inductive == /\\ A              the invariant: operators by their names
                 /\\ B
    Implied == /\\ P                the properties that follow: state formulas, or [][action]_v
               /\\ Q

and it is shown that Types /\\ Inductive is true at the beginning, is kept by each action, and implies what is Implied.
The specification is SpecNoted if the module knows one, else Spec: Init /\\ [][Next]_v, whatever their names.

shapes       what kind of value an expression has
values       values as formulas
sets         sets made of other sets
logic        quantifiers and unknown values
small        the same formulas in a small universe, with every quantifier counted out
evaluate     expressions as values; given, access, filtering, chosen: operators of TLA+, application and EXCEPT,
             SelectSeq, CHOOSE
actions      an action as what it needs and what it makes
constants    what the assumptions say of the constants
problem      the module as a list of things to be shown
prove        shows them, or looks for a state that refutes them
show         such a state as text
command      python -m daybreak.modelcheck.induction
"""
