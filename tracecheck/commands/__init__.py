"""The subcommands that have a module of their own: each has `add_parser` and `run`."""
