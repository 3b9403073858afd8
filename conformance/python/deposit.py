"""A deposit, as the guide shows it."""

from __future__ import annotations

from decimal import Decimal

import outcomes
from countinghouse_client import DepositInput, MoneyInput
from pydantic import ValidationError
from sending import LedgerClient, persist


async def deposit(url: str, api_key: str, key: str, account_id: str) -> str:
    input = DepositInput(account_id=account_id, amount=MoneyInput(amount=Decimal("10.00"), currency="EUR"))
    async with LedgerClient(url, headers={"Authorization": f"Bearer {api_key}"}) as client:
        try:
            told = await persist(lambda: client.deposit(key, input))
        except ValidationError as unreadable:
            return outcomes.added_later(unreadable)
    return outcomes.deposit(told)
