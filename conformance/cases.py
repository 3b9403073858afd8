"""Cases taken out of what handles every member of a union, and what tsc and mypy say then."""

from __future__ import annotations

import ast
import re

from conformance.servers import CONTRACT

UNIONS = {
    name[0].lower() + name[1:]: members.split(" | ")
    for name, members in re.findall(r"^union (\w+)Result = (.+)$", CONTRACT, re.MULTILINE)
}
"""The members of each mutation's union."""


def in_typescript(source: str, mutation: str, member: str) -> str:
    """Take one case out of the switch of a mutation: alone with what it returns, else from among its neighbours."""
    before, function, rest = source.partition(f"export function {mutation}(")
    body, end, after = rest.partition("\n}\n")
    alone = rf'(?<=[;{{]\n)    case "{member}":\n      return .+;\n'
    body, count = re.subn(rf'{alone}|(?:^   )? case "{member}":', "", body, flags=re.MULTILINE)
    assert count == 1, f"{mutation} has {count} cases for {member}"
    return before + function + body + end + after


def in_python(source: str, mutation: str, member: str) -> str:
    """Take one case out of the match of a mutation: alone with what it returns, else from among its neighbours."""
    tree = ast.parse(source)
    name = re.sub(r"([A-Z])", r"_\1", mutation).lower()
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    (match,) = (node for node in function.body if isinstance(node, ast.Match))
    match.cases = [case for case in match.cases if ast.unparse(case.pattern) != f"'{member}'"]
    for case in match.cases:
        if isinstance(case.pattern, ast.MatchOr):
            case.pattern.patterns = [one for one in case.pattern.patterns if ast.unparse(one) != f"'{member}'"]
    return ast.unparse(tree)


def unhandled_in_typescript(output: str) -> list[tuple[str, str]]:
    """Read what tsc says: the file of each error, and the member that is not handled; or what else is wrong."""
    errors = re.findall(r"^(?:.*/)?([\w.]+)\.ts\(\d+,\d+\): (error .+)$", output, re.MULTILINE)
    unhandled = re.compile(
        r"error TS2345: Argument of type '\{ __typename: \"(\w+)\";.* is not assignable to parameter of type 'never'"
    )
    return sorted((file, _member(unhandled, error)) for file, error in errors)


def unhandled_in_python(output: str) -> list[tuple[str, str]]:
    """Read what mypy says: the file of each error, and the member that is not handled; or what else is wrong."""
    errors = re.findall(r"^(?:.*/)?(\w+)\.py:\d+: (error: .+)$", output, re.MULTILINE)
    unhandled = re.compile(
        r"error: Argument 1 to \"assert_never\" has incompatible type \"Literal\['(\w+)'\]\"; expected \"Never\""
    )
    return sorted((file, _member(unhandled, error)) for file, error in errors)


def _member(unhandled: re.Pattern[str], error: str) -> str:
    return found[1] if (found := unhandled.match(error)) else error
