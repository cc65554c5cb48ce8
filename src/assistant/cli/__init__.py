"""The command line: parses, wires, maps errors to exit codes; does no work of its own."""

from assistant.cli.main import main

__all__ = ["main"]
