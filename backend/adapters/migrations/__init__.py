"""
The history of the tables, as Alembic revisions; run by `backend.adapters.store` at start.

`HEAD` is the newest revision. A database that stands there already is opened without loading
Alembic.
"""

HEAD = "0006"
