"""How it is remembered: tables, the batch writer, the reader, migrations. Only here are Peewee and SQLite known."""
