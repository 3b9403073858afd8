"""The commands that no caller can send."""

from __future__ import annotations

from domain.commands import Command
from domain.services.erasures import EraseText
from domain.services.freezes import ExpireFreeze
from domain.services.holds import ExpireHold
from domain.services.rollbacks import AcceptRollback

EXPIRIES: set[type[Command]] = {ExpireFreeze, ExpireHold}
FROM_THE_COMMAND_LINE: set[type[Command]] = {EraseText, AcceptRollback}
SYSTEMS_OWN = EXPIRIES | FROM_THE_COMMAND_LINE
