"""TLC 2.15 inside this process: the Java machine, a spec, its values, one step, and why a step failed."""
