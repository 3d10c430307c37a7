"""Whether the portal on this machine answers: the health check of a container.

    python -m clinic.alive

Exits with 0 if it does. It reads no settings, but asks under the first of
ALLOWED_HOSTS, which may stand in a file here too.
"""

import http.client
import os
import sys

from django.core.exceptions import ImproperlyConfigured

from clinic.environment import read_variables_from_files


def main() -> None:
    try:
        read_variables_from_files(["ALLOWED_HOSTS"])
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    host = os.environ.get("ALLOWED_HOSTS", "").partition(",")[0].strip().lstrip("*.")
    port = int(os.environ.get("PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host or "localhost"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"The portal does not answer: {error}")
    finally:
        connection.close()
    if status != 200:
        sys.exit(f"The portal answers with {status}.")


if __name__ == "__main__":
    main()
