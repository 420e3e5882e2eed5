"""`python -m app`: the API under gunicorn, until SIGTERM or Ctrl-C."""

import sys

from app.edge import logs
from app.errors import StartError
from app.server.web_server import Server, check_start, listen, sweep
from store.broker import broker_url
from store.errors import SettingsError, StoreError
from store.settings import read_settings


def main() -> int:
    """Serve; return 2 if the settings are wrong, 1 if the server cannot start."""
    if arguments := sys.argv[1:]:
        print(
            f"ebb app: {arguments[0]} is not an option: only settings are read; `ebb serve` has options",
            file=sys.stderr,
        )
        return 2
    try:
        settings = read_settings()
        logs.configure(settings.log_level)
        check_start(settings)
        sweep(settings)
        broker = broker_url(settings)
        listener = listen(settings)
    except SettingsError as error:
        print(f"ebb app: {error}", file=sys.stderr)
        return 2
    except (StartError, StoreError) as error:
        print(f"ebb app: {error}", file=sys.stderr)
        return 1
    Server(settings, listener, broker).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
