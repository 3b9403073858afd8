"""What the business means: money, accounts, movements, access, idempotency and audit, with no framework in sight."""
