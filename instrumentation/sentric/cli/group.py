"""A group of commands that knows what was meant by a misspelt one."""

import click


class SuggestingGroup(click.Group):
    """A group whose error about an unknown command names the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; an unknown one is an error that names what was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if near and not error.message.endswith("?"):
                raise click.UsageError(f"{error.message.rstrip('.')}: did you mean {near[0]!r}?", ctx) from None
            raise
