"""What every command of `kubectl dnsfleet` takes on its line, and wherever that stands.

kubectl takes its own options before and after a command, so people write both. Those that commands
share are handed on here: what stands before a command is moved behind it, and the command takes it
as if it had stood there, or says that it has no such option.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from dnsfleet_cli import troubles
from dnsfleet_cli.kubectl.cluster import Cluster

_WITH_VALUE = ("--kubeconfig", "--context", "--namespace", "-n", "--output", "-o")
_FLAGS = ("--all-namespaces", "-A")

Kubeconfig = Annotated[
    Path | None, typer.Option("--kubeconfig", help="A kubeconfig; default: as kubectl has it.")
]
Context = Annotated[str | None, typer.Option("--context", help="A context of the kubeconfig.")]
Home = Annotated[
    str, typer.Option("--namespace", "-n", help="Of the release; default: where its operator is.")
]
"""Of commands about the parts of a release, which are there."""
Release = Annotated[
    str, typer.Option("--release-namespace", help="Of the release; default: where its operator is.")
]
"""The same of commands about Zones, whose namespace is another one."""
Namespace = Annotated[
    str, typer.Option("--namespace", "-n", help="Of the Zones that are meant; default: any.")
]
Everywhere = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="Zones of all namespaces, as without -n.")
]

F = TypeVar("F", bound=Callable[..., Any])


class Group(TyperGroup):
    """Commands, with options before them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, moved(args))


class Root(Group, troubles.Group):
    """All of them."""

    program = "kubectl-dnsfleet"


class App(typer.Typer):
    """Commands that each take how to reach the cluster; `ctx.obj` makes it."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[F], F]:
        register = super().command(name, **settings)

        def take(function: F) -> F:
            register(_connecting(function))
            return function

        return take


def app(text: str, cls: type[Group] = Group) -> App:
    """A group of commands with this help."""
    return App(
        cls=cls,
        help=text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )


def moved(args: Iterable[str]) -> list[str]:
    """The words of a command line with what stands before the command behind it."""
    rest, own, shared = list(args), [], []
    while rest and rest[0].startswith("-") and rest[0] != "--":
        word = rest.pop(0)
        if word in _WITH_VALUE:
            shared += [word, *rest[:1]]
            del rest[:1]
        elif word in _FLAGS or _has_value(word):
            shared.append(word)
        else:
            own.append(word)
    return [*own, *rest[:1], *shared, *rest[1:]] if rest else own


def namespace_of_zones(namespace: str, everywhere: bool) -> str:
    """Whose Zones are meant; empty for those of all namespaces."""
    if namespace and everywhere:
        raise troubles.Trouble("--namespace and --all-namespaces say different things; give one")
    return namespace


def _has_value(word: str) -> bool:
    """Whether a word is an option and its value: `--context=x`, `-nx`."""
    name, _, _ = word.partition("=")
    return name in _WITH_VALUE or (not word.startswith("--") and word[:2] in _WITH_VALUE)


def _connecting(function: Callable[..., Any]) -> Callable[..., Any]:
    """The command that takes how to reach the cluster too."""

    @functools.wraps(function)
    def command(ctx: typer.Context, kubeconfig: Kubeconfig, context: Context, **given: Any) -> None:
        ctx.obj = partial(Cluster, kubeconfig, context)
        function(ctx=ctx, **given)

    signature = inspect.signature(function, eval_str=True)
    more = {"kubeconfig": Kubeconfig, "context": Context}
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            *signature.parameters.values(),
            *(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=of)
                for name, of in more.items()
            ),
        ]
    )
    command.__annotations__ = {**function.__annotations__, **more}
    return command
