"""One name through every layer, derived from the command; and every error under its name, with its fields."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLUnionType, get_named_type

from domain import errors as domain_errors
from domain.access import PERMISSIONS, Operation
from domain.commands import COMMON_REFUSALS, Command
from domain.error_codes import ErrorCode
from domain.errors import DomainError, IdempotencyKeyAbandoned, Overloaded, Unavailable
from domain.records import camel_case
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.table import SERVICES
from resolvers import inputs
from resolvers.answers import NOUNS
from schema import errors, successes
from tests.support.api import core
from tests.support.deeds import SYSTEMS_OWN

COMMANDS = [kind for kind in SERVICES if kind not in SYSTEMS_OWN]
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and errors.UserError in kind.__bases__]

every_command = pytest.mark.parametrize("command", COMMANDS)
every_error = pytest.mark.parametrize("noun", ERRORS)


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def field_of(command: type[Command]) -> Any:
    name = camel_case(snake_case(command.__name__))
    return core().mutation_type.fields[name]  # type: ignore[union-attr]


@every_command
def test_every_layer_has_the_name_of_the_command(command: type[Command]) -> None:
    name, field = command.__name__, field_of(command)
    assert command.operation is Operation(snake_case(name).upper())
    assert str(field.args["input"].type) == f"{name}Input!"
    assert str(field.type) == f"{name}Result"
    assert SERVICES[command].perform.__name__ == snake_case(name)
    assert SERVICES[command].perform.__module__ == command.__module__
    assert SERVICES[command].success.__name__ == f"{name}Success"
    assert NOUNS[SERVICES[command].success] is getattr(successes, f"{name}Success")
    assert callable(getattr(inputs, snake_case(name)))
    assert command.operation in PERMISSIONS


def test_every_mutation_has_a_command_and_only_the_systems_own_has_none() -> None:
    mutations = set(core().mutation_type.fields)  # type: ignore[union-attr]
    assert mutations == {camel_case(snake_case(command.__name__)) for command in COMMANDS}
    assert set(SERVICES) - set(COMMANDS) == SYSTEMS_OWN


@every_command
def test_every_mutation_takes_a_key_and_an_input_and_nothing_else(command: type[Command]) -> None:
    assert {name: str(argument.type) for name, argument in field_of(command).args.items()} == {
        "idempotencyKey": "IdempotencyKey!",
        "input": f"{command.__name__}Input!",
    }


@every_command
def test_the_fields_of_a_command_are_those_of_its_input(command: type[Command]) -> None:
    """Else `differingFields` of a reused key would name what no caller has ever sent."""
    given: Any = get_named_type(field_of(command).args["input"].type)
    fields = dataclasses.fields(command)  # type: ignore[arg-type]
    assert {field.metadata.get("key", camel_case(field.name)) for field in fields} == set(given.fields)


@every_command
def test_a_union_holds_all_that_its_command_may_meet(command: type[Command]) -> None:
    union = field_of(command).type
    assert isinstance(union, GraphQLUnionType)
    met: set[type[DomainError]] = {*command.refusals, *COMMON_REFUSALS, Overloaded, Unavailable}
    if command is AbandonIdempotencyKey:  # giving up cannot itself be given up
        met.remove(IdempotencyKeyAbandoned)
    assert {kind.__name__ for kind in met} <= {member.name for member in union.types}


@every_command
def test_the_success_has_the_fields_of_the_domains(command: type[Command]) -> None:
    ours = set(core().type_map[f"{command.__name__}Success"].fields) - {"replayed", "decidedAt"}  # type: ignore[attr-defined]
    assert ours <= {camel_case(field.name) for field in dataclasses.fields(SERVICES[command].success)}


@every_error
def test_an_error_has_the_name_and_the_fields_of_the_domains(noun: type) -> None:
    kind = getattr(domain_errors, noun.__name__)
    assert issubclass(kind, DomainError)
    assert kind.code is ErrorCode(snake_case(noun.__name__).upper())
    common = {field.name for field in dataclasses.fields(errors.UserError)}
    own = [field.name for field in dataclasses.fields(noun) if field.name not in common]
    kept = [field.name for field in dataclasses.fields(kind) if field.name not in {"path", "rule"}]
    assert own == kept
    assert NOUNS[kind] is noun


@every_error
def test_an_error_is_a_user_error_and_a_member_of_some_union(noun: type) -> None:
    interface = core().type_map["UserError"]
    assert isinstance(interface, GraphQLInterfaceType)
    assert noun.__name__ in {one.name for one in core().get_possible_types(interface)}
    unions = [kind for kind in core().type_map.values() if isinstance(kind, GraphQLUnionType)]
    assert [union.name for union in unions if noun.__name__ in {member.name for member in union.types}]


def test_every_error_of_the_domain_is_told_except_the_denial() -> None:
    concrete = {name for name, kind in vars(domain_errors).items() if isinstance(kind, type) and "code" in vars(kind)}
    assert concrete - {noun.__name__ for noun in ERRORS} == {"Forbidden"}


def test_every_member_of_a_union_is_its_success_or_an_error() -> None:
    known = {noun.__name__ for noun in ERRORS}
    for command in COMMANDS:
        members = {member.name for member in field_of(command).type.types}
        assert members - known == {f"{command.__name__}Success"}
