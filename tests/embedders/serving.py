"""A server on this machine that gives files, or breaks off."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


@contextmanager
def serving(files: dict[str, bytes], *, cut: int = 0, length: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Serve files by name; yield the address and, growing, what was asked for.

    Args:
        files: Content by name.
        cut: How many bytes of each are held back, whatever its header says.
        length: Whether the header says how long a file is.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.removeprefix("/"))
            content = files.get(asked[-1])
            self.send_response(404 if content is None else 200)
            if length:
                self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write((content or b"")[: len(content or b"") - cut])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
