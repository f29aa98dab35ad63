"""What all commands with subcommands show alike."""

from __future__ import annotations

import click

_WHOLE = 1000  # characters: more than any first sentence has


class Group(click.Group):
    """Lists each subcommand with its whole first sentence: click would cut it at the line's end."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `--help`, wrapped to the width of the terminal."""
        listed = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, command.get_short_help_str(_WHOLE))
            for name, command in listed
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
