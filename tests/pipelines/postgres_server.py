"""A PostgreSQL of our own: in a temporary folder, on a socket and loopback, stopped at the end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def binaries() -> Path | None:
    """Folder of initdb and postgres, None if PostgreSQL is not installed."""
    on_path = [
        Path(found).resolve().parent for name in ("initdb",) if (found := shutil.which(name))
    ]
    folders = [f for f in (*on_path, *FOLDERS) if (f / "initdb").exists()]
    return folders[0] if folders else None


def _user() -> str | None:
    """PostgreSQL refuses to run as root: then somebody without rights does."""
    if os.getuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start a server; its connection string."""
    user, port = _user(), _free_port()
    place = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(place, user)
    options = {"user": user, "cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    data = ["-D", str(place / "data")]
    flags = ["-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C"]
    subprocess.run([folder / "initdb", *data, *flags], check=True, **options)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={place}",
                "fsync=off"]  # fmt: skip
    words = [word for setting in settings for word in ("-c", setting)]
    server = subprocess.Popen([folder / "postgres", *data, *words], **options)
    try:
        _wait(port)
        yield f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    finally:
        server.send_signal(signal.SIGINT)  # ends sessions; SIGTERM would wait for them
        server.wait(timeout=30)
        shutil.rmtree(place)


def _wait(port: int) -> None:
    for _ in range(300):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not start in 30 seconds")
