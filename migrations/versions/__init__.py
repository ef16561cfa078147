"""The revisions. They import alembic and sqlalchemy only: they must still run in five years."""
