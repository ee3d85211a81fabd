"""Fuzzers: inputs that nobody thought of, against the code that reads what comes from outside."""
