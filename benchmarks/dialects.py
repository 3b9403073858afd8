"""What is sent to a contestant, and what its answer means: GraphQL for this server and Node, JSON over REST."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

CURRENCY = "EUR"
AMOUNT = "1.00"

_ACCOUNT = "id state version posted { amount currency }"
_TRANSACTION = "id kind amount { amount currency } createdAt"
_REFUSAL = "... on UserError { code message }"

DEPOSIT = f"""mutation Deposit($key: IdempotencyKey!, $input: DepositInput!) {{
  deposit(idempotencyKey: $key, input: $input) {{
    __typename
    ... on DepositSuccess {{ replayed transaction {{ {_TRANSACTION} }} account {{ {_ACCOUNT} }} }}
    {_REFUSAL}
  }}
}}"""

TRANSFER = f"""mutation Transfer($key: IdempotencyKey!, $input: TransferInput!) {{
  transfer(idempotencyKey: $key, input: $input) {{
    __typename
    ... on TransferSuccess {{
      replayed transaction {{ {_TRANSACTION} }} fromAccount {{ {_ACCOUNT} }} toAccount {{ {_ACCOUNT} }}
    }}
    {_REFUSAL}
  }}
}}"""

READ = f"""query Account($id: ID!) {{
  account(id: $id) {{
    {_ACCOUNT}
    entries(first: 20) {{
      edges {{
        node {{
          version amount {{ amount currency }} balanceAfter {{ amount currency }} createdAt transaction {{ id kind }}
        }}
      }}
    }}
  }}
}}"""


@dataclass(frozen=True)
class Message:
    """One request of HTTP."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Outcome:
    """What an answer says: the transaction that was made, or the code of the refusal."""

    transaction_id: str | None = None
    posted: str | None = None
    code: str | None = None


class Dialect(Protocol):
    """A way to say what is measured."""

    @property
    def successes(self) -> tuple[str, ...]:
        """Texts of which every answer that is a success holds one."""

    def deposit(self, api_key: str, key: str, account_id: str) -> Message: ...

    def transfer(self, api_key: str, key: str, source_id: str, target_id: str) -> Message: ...

    def read(self, api_key: str, account_id: str) -> Message: ...

    def outcome(self, status: int, body: str) -> Outcome:
        """Read the answer to a deposit."""


_MONEY = {"amount": AMOUNT, "currency": CURRENCY}


class GraphQL:
    """One endpoint, documents with variables. The very same bytes for this server and for Node."""

    successes = ('"DepositSuccess"', '"TransferSuccess"', '"edges"')

    def deposit(self, api_key: str, key: str, account_id: str) -> Message:
        return self.ask(api_key, DEPOSIT, {"key": key, "input": {"accountId": account_id, "amount": _MONEY}})

    def transfer(self, api_key: str, key: str, source_id: str, target_id: str) -> Message:
        given = {"fromAccountId": source_id, "toAccountId": target_id, "amount": _MONEY}
        return self.ask(api_key, TRANSFER, {"key": key, "input": given})

    def read(self, api_key: str, account_id: str) -> Message:
        return self.ask(api_key, READ, {"id": account_id})

    def ask(self, api_key: str, document: str, variables: Mapping[str, Any]) -> Message:
        """Return a request for any document."""
        body = json.dumps({"query": document, "variables": variables})
        return Message("POST", "/graphql", _headers(api_key), body)

    def outcome(self, status: int, body: str) -> Outcome:
        answer = json.loads(body)
        if errors := answer.get("errors"):
            return Outcome(code=errors[0]["extensions"]["code"])
        told = answer["data"]["deposit"]
        if status != HTTPStatus.OK or told["__typename"] != "DepositSuccess":
            return Outcome(code=told["code"])
        return Outcome(told["transaction"]["id"], told["account"]["posted"]["amount"])


class Rest:
    """A resource for each thing, the idempotency key in a header."""

    successes = ('"transaction"',)

    def deposit(self, api_key: str, key: str, account_id: str) -> Message:
        body = json.dumps({"amount": _MONEY})
        return Message("POST", f"/accounts/{account_id}/deposits", _headers(api_key) | {"Idempotency-Key": key}, body)

    def transfer(self, api_key: str, key: str, source_id: str, target_id: str) -> Message:
        body = json.dumps({"fromAccountId": source_id, "toAccountId": target_id, "amount": _MONEY})
        return Message("POST", "/transfers", _headers(api_key) | {"Idempotency-Key": key}, body)

    def read(self, api_key: str, account_id: str) -> Message:
        return Message("GET", f"/accounts/{account_id}", _headers(api_key), "")

    def outcome(self, status: int, body: str) -> Outcome:
        answer = json.loads(body)
        if status != HTTPStatus.OK:
            return Outcome(code=answer["code"])
        return Outcome(answer["transaction"]["id"], answer["account"]["posted"]["amount"])


def _headers(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
