"""What Alembic runs: the revisions, on the connection that the store hands over."""

from alembic import context

from backend.adapters.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
# The store's own transaction spans all revisions: either every table is there, or none.
context.run_migrations()
