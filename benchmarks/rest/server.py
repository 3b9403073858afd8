"""The REST contestants: FastAPI and uvicorn (uvloop, httptools) over sqlite3, one process, no access log.

For each request: the key is hashed and looked up, the role checked, the body read by Pydantic; then see books.py. The
answer is written as JSON once, stored under the idempotency key, and sent as it is, without a response model, which
would write it a second time. Endpoints are async and run their SQL on the loop: as plain functions in FastAPI's pool of
threads, with a lock around the connection, they were slower.

What they leave out: records of denied requests, hash chains, limits of rate and size, freezes with scopes, an erasable
text, any wall in the database but one CHECK. Run as `python -m benchmarks.rest.server FILE alone|grouped`.
"""

from __future__ import annotations

import socket
import sys
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from benchmarks.rest.books import Answer, Books, Client, Money
from benchmarks.rest.writers import Alone, Grouped

Amount = Annotated[Decimal, Field(gt=0, max_digits=17, decimal_places=2)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=255)]
Id = Annotated[str, Field(max_length=64)]

DEPOSITORS = frozenset({"TELLER", "MANAGER", "ADMIN"})
MOVERS = frozenset({"MANAGER", "ADMIN"})


class MoneyBody(BaseModel):
    """An amount in major units."""

    amount: Amount
    currency: Currency

    @property
    def read(self) -> Money:
        """The amount in minor units."""
        return Money(int(self.amount.scaleb(2)), self.currency)


class DepositBody(BaseModel):
    """What to deposit."""

    amount: MoneyBody


class TransferBody(BaseModel):
    """What to transfer."""

    fromAccountId: Id  # noqa: N815 - as it is said in JSON
    toAccountId: Id  # noqa: N815
    amount: MoneyBody


def client_of(request: Request) -> Client:
    """Find who asks by the hash of the key."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    client = request.app.state.books.client_with_key(key) if scheme == "Bearer" else None
    if client is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED")
    return client


async def caller(request: Request) -> Client:
    """Tell who asks. Async, because FastAPI would send it to a thread otherwise."""
    return client_of(request)


Caller = Annotated[Client, Depends(caller)]


def require(client: Client, roles: frozenset[str]) -> None:
    """Refuse whoever has none of the roles."""
    if client.role not in roles:
        raise HTTPException(HTTPStatus.FORBIDDEN, "FORBIDDEN")


def told(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")


def build(path: Path, way: type[Alone | Grouped]) -> FastAPI:
    """Put the application together on a file."""
    app = FastAPI()
    books = Books(path)
    app.state.books = books
    writer = way(books)

    @app.post("/accounts/{account_id}/deposits")
    async def deposit(account_id: str, key: Key, body: DepositBody, client: Caller) -> Response:
        require(client, DEPOSITORS)
        money = body.amount.read
        return told(await writer.run(lambda: books.deposit(client, key, account_id, money)))

    @app.post("/transfers")
    async def transfer(key: Key, body: TransferBody, client: Caller) -> Response:
        require(client, MOVERS)
        money, source, target = body.amount.read, body.fromAccountId, body.toAccountId
        return told(await writer.run(lambda: books.transfer(client, key, source, target, money)))

    @app.get("/accounts/{account_id}")
    async def account(account_id: str, _: Caller) -> Response:
        found = books.account(account_id)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "ACCOUNT_NOT_FOUND")
        return JSONResponse(found)

    @app.exception_handler(HTTPException)
    async def refuse(_: Request, error: HTTPException) -> Response:
        return JSONResponse({"code": error.detail}, error.status_code)

    return app


def main() -> None:
    """Serve the file until told to stop."""
    path, way = sys.argv[1:]
    app = build(Path(path), {"alone": Alone, "grouped": Grouped}[way])
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"REST is at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning")).run(
        [listener]
    )


if __name__ == "__main__":
    main()
