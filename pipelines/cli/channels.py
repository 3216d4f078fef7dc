"""Commands about channels: channels test."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from pipelines.cli.app import app, out, show_json
from pipelines.errors import UsageError
from pipelines.settings import Settings

channels = typer.Typer(help="Channel rules: ask which one a visit meets.")
app.add_typer(channels, name="channels")


@channels.callback()
def _channels() -> None:
    """Channel rules: ask which one a visit meets."""


@channels.command("test")
def ask(
    context: typer.Context,
    told: Annotated[
        list[str],
        typer.Argument(
            help="The page's address, ?utm_source=…&gclid=…, or name=value: referrer, utm_source, "
            "utm_medium, utm_campaign, a click id, event_type, platform."
        ),
    ],
    why_not: Annotated[str, typer.Option(help="Show the conditions of this rule too.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say which channel a visit is of: the rule it meets, and its conditions."""
    from pipelines.channel_trial import lines

    found = _asked(context.obj.settings, told, why_not)
    if as_json:
        show_json(found)
        return
    for line in lines(found, why_not):
        out.print(line, soft_wrap=True)


def _asked(settings: Settings, told: list[str], why_not: str) -> dict[str, Any]:
    """The answer. What was mistyped is told before Spark starts."""
    from pipelines.channel_trial import channel_of, visit
    from pipelines.channels import rule_book
    from pipelines.ingest.mapping_yaml import nearest
    from pipelines.nightly import scratch_folder
    from pipelines.session import start
    from pipelines.steps.journeys import touch_settings

    rules = touch_settings(settings.touches, str(settings.home))
    book = rule_book(rules)
    seen = visit(told, book)
    names = [rule.name for rule in book.rules]
    if why_not and why_not not in names:
        raise UsageError(f"There is no rule {why_not!r}; {nearest(why_not, names)}.")
    memory = {"spark.driver.memory": settings.driver_memory}
    return channel_of(start(dict(os.environ), scratch_folder(), **memory), seen, rules)
