"""What ``manage.py doctor`` looks at of the practice's part; see ``frame``.

A new check of this app is a module here, named below.
"""

# In the order in which they are told.
# isort: off
from clinic.checkup import database  # noqa: F401
from clinic.checkup import durability  # noqa: F401
from clinic.checkup import media  # noqa: F401
from clinic.checkup import backups  # noqa: F401
from clinic.checkup import configuration  # noqa: F401
from clinic.checkup import versions  # noqa: F401
from clinic.checkup import files  # noqa: F401
from clinic.checkup import clock  # noqa: F401
from clinic.checkup import timers  # noqa: F401
