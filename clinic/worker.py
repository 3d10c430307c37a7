"""gunicorn's asgi worker, leaving without cutting anybody off."""

import asyncio

from gunicorn.asgi import protocol
from gunicorn.workers.gasgi import ASGIWorker

# The name of the program helps only who looks for its faults; there is no setting.
protocol._CACHED_SERVER_HEADER = b""


class Worker(ASGIWorker):
    """Serves the portal's ``ASGIEdge``.

    gunicorn's own worker stops by closing connections that their clients have every
    reason to believe open: under load a reload loses requests. Here each client is told
    with its next answer to close by itself, and silent ones leave after the keep-alive
    time.
    """

    def handle_exit_signal(self) -> None:
        if self.asgi.is_leaving:
            return
        self.asgi.is_leaving = True
        for server in self.servers:
            server.close()
        self.leaving = self.loop.create_task(self.leave())

    async def leave(self) -> None:
        deadline = self.loop.time() + self.cfg.graceful_timeout
        while self.nr_conns and self.loop.time() < deadline:
            await asyncio.sleep(0.05)
        self.alive = False

    def notify(self) -> None:
        """Let gunicorn replace a worker in which Django has got stuck."""
        if not self.asgi.is_stuck:
            super().notify()
