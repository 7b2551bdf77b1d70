"""A Redis that answers some commands with what no Redis would say."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator, Mapping

OK = b"+OK\r\n"


def bulk(text: str) -> bytes:
    """The wire form of a string."""
    return b"$%d\r\n%s\r\n" % (len(text.encode()), text.encode())


@contextlib.contextmanager
def serving(replies: Mapping[str, bytes]) -> Iterator[str]:
    """Its URL, while it serves; `replies` has wire forms by command, and all else gets OK."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.readline():
                words = [self._word() for _ in range(int(head[1:]))]
                self.wfile.write(replies.get(words[0].upper(), OK))

        def _word(self) -> str:
            size = int(self.rfile.readline()[1:])
            return self.rfile.read(size + 2)[:-2].decode()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
