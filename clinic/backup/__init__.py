"""Backups: all that a portal keeps, in one file from which it can be made again.

``archive`` is the file, ``rows`` and ``media`` are what stands in it, ``encryption``
closes it, ``places`` and ``rotation`` keep it. ``making``, ``restoring`` and ``moving``
are the three commands; ``record`` remembers when a backup was last proved to be good.

Nothing in an archive depends on the kind of database, so what was taken from SQLite is
put back into PostgreSQL as well, and the other way round.
"""


class BackupError(Exception):
    """What is wrong, in one sentence for whoever runs the command."""
