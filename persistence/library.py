"""The SQLite library itself: the newer one that a wheel brings, where there is such a wheel.

Peewee makes the same choice. SQLite before 3.51.3 can corrupt a WAL when two connections checkpoint at once.
"""

try:
    import pysqlite3.dbapi2 as sqlite3
except ImportError:
    import sqlite3

__all__ = ["sqlite3"]
