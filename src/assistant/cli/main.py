"""Run a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from assistant.cli.parser import EXIT_DONE, EXIT_ERROR, EXIT_USAGE, build_parser
from assistant.errors import AssistantError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code. No traceback reaches a user.

    ``ASSISTANT_DEBUG=1`` shows tracebacks to developers.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.version:
        from assistant import __version__

        print(f"assistant {__version__}")
        return EXIT_DONE
    if options.command is None:
        parser.print_help()
        return EXIT_USAGE
    from assistant.cli import commands

    try:
        return commands.run(options)
    except AssistantError as error:
        from assistant.text import clean

        # A file's name may hold what a terminal obeys.
        print(f"assistant : {clean(str(error))}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("\nassistant : interrompu.", file=sys.stderr)
        return EXIT_ERROR
    except BrokenPipeError:
        # The reader of our output (head, less) has left: nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except Exception as error:
        # The last resort that keeps tracebacks from users; developers ask for them.
        if os.environ.get("ASSISTANT_DEBUG"):
            raise
        print(
            f"assistant : une erreur imprévue s'est produite ({type(error).__name__}: {error}). "
            "Relancez avec ASSISTANT_DEBUG=1 pour le détail et signalez-la.",
            file=sys.stderr,
        )
        return EXIT_ERROR
