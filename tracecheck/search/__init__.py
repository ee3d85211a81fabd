"""In which states may the spec be after the events so far, and is there any?

steps     one event from one state, and which states count as one
window    the events that are not settled yet, and a witness: one way through them that the spec allows
complete  all states after some events, over every order that is possible
"""

from tracecheck.search.limits import DEFAULT_CANDIDATES, BudgetError, Limits
from tracecheck.search.steps import Item, Stepper
from tracecheck.search.window import Refusal, Window

__all__ = ["DEFAULT_CANDIDATES", "BudgetError", "Item", "Limits", "Refusal", "Stepper", "Window"]
