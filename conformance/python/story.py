"""Opens an account, deposits, retries, and is refused and denied, against a running server; fails unless all is so."""

from __future__ import annotations

from decimal import Decimal

import outcomes
from countinghouse_client import Client, Deposit, DepositInput, MoneyInput, OpenAccountInput, WithdrawInput
from countinghouse_client.exceptions import GraphQLClientGraphQLMultiError


async def story(url: str, admin_key: str, teller_key: str) -> list[str]:
    """Live it with an ADMIN's key and a TELLER's; return it, a sentence for each deed."""
    async with client(url, admin_key) as admin, client(url, teller_key) as teller:
        opened = await admin.open_account("py-open", OpenAccountInput(currency="EUR", name="Ada"))
        assert opened.open_account
        assert opened.open_account.typename__ == "OpenAccountSuccess"
        account_id = opened.open_account.account.id
        deposits = await pay_in_thrice(admin, account_id)
        too_much = WithdrawInput(account_id=account_id, amount=euro("250.00"))
        refused = await admin.withdraw("py-pay-out", too_much)
        assert refused.withdraw
        assert refused.withdraw.typename__ == "InsufficientFunds"
        assert refused.withdraw.shortfall.amount == Decimal("150.00")
        denial = await denied(teller, too_much)
    return [outcomes.open_account(opened), *map(outcomes.deposit, deposits), outcomes.withdraw(refused), denial]


async def pay_in_thrice(admin: Client, account_id: str) -> tuple[Deposit, Deposit, Deposit]:
    """Deposit, retry, and use the key for another amount."""
    hundred, more = (DepositInput(account_id=account_id, amount=euro(amount)) for amount in ("100.00", "250.00"))
    first = await admin.deposit("py-pay-in", hundred)
    retried = await admin.deposit("py-pay-in", hundred)
    reused = await admin.deposit("py-pay-in", more)
    assert first.deposit
    assert first.deposit.typename__ == "DepositSuccess"
    assert retried.deposit
    assert retried.deposit.typename__ == "DepositSuccess"
    assert (first.deposit.replayed, retried.deposit.replayed) == (False, True)
    assert first.deposit.transaction.id == retried.deposit.transaction.id
    assert reused.deposit
    assert reused.deposit.typename__ == "IdempotencyKeyReused"
    return first, retried, reused


async def denied(teller: Client, too_much: WithdrawInput) -> str:
    """Withdraw without the role for it; return what the error says."""
    try:
        await teller.withdraw("py-pay-out", too_much)
    except GraphQLClientGraphQLMultiError as error:
        (denial,) = error.errors
        assert denial.extensions
        assert (denial.extensions["code"], denial.extensions["retry"]) == ("FORBIDDEN", "NEVER")
        return denial.message
    raise AssertionError("a teller could withdraw")


def client(url: str, api_key: str) -> Client:
    return Client(url, headers={"Authorization": f"Bearer {api_key}"})


def euro(amount: str) -> MoneyInput:
    return MoneyInput(amount=Decimal(amount), currency="EUR")
