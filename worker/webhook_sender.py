"""Sends webhooks: claims deliveries that are due, attempts each, and stores the outcome."""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx

from store.database import Connection, Database
from store.errors import DatabaseError
from store.settings import Settings
from store.webhooks.addresses import PORTS, resolve_webhook
from store.webhooks.deliveries import AttemptOutcome, Outgoing, claim_deliveries, forget_deliveries, record_outcome
from store.webhooks.signature import signed_headers

log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
AT_ONCE = 4
MOST_SECONDS = 10.0  # of an attempt
FORGET_SECONDS = 3600.0
AGENT = "ebb-webhooks/1"


class WebhookSender(threading.Thread):
    """Sends what is due until stopped. Any number of workers may do so at once."""

    def __init__(self, settings: Settings, database: Database) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._settings = settings
        self._database = database
        self._stopping = threading.Event()
        self._forgot_at = float("-inf")
        self._timeout = min(MOST_SECONDS, settings.lease_seconds / 3)

    def run(self) -> None:
        """Send until stopped."""
        while not self._stopping.is_set():
            try:
                self.send_due()
            except DatabaseError as error:
                log.warning("the database is away: %s", error)
            except Exception:  # the thread must not die: nothing else sends webhooks
                log.exception("webhooks could not be sent; the next try follows")
            self._stopping.wait(PERIOD_SECONDS)

    def send_due(self) -> None:
        """Send all deliveries that are due, and forget old ones.

        Raises: DatabaseError.
        """
        lapse = self._settings.lease_seconds

        def claim(connection: Connection) -> list[Outgoing]:
            return claim_deliveries(connection, lapse_seconds=lapse, limit=AT_ONCE)

        while not self._stopping.is_set() and (claimed := self._database.write(claim)):
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
                for _ in pool.map(self._attempt, claimed):
                    pass
        if time.monotonic() - self._forgot_at > FORGET_SECONDS:
            self._forgot_at = time.monotonic()
            self._database.write(forget_deliveries)

    def stop(self) -> None:
        """Stop after the attempts that are under way."""
        self._stopping.set()
        self.join(timeout=self._timeout)

    def _attempt(self, sent: Outgoing) -> None:
        begun = time.monotonic()
        try:
            status, error = self._post(sent), None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as failure:
            status, error = None, str(failure) or type(failure).__name__
        outcome = AttemptOutcome(time.monotonic() - begun, status, error)
        if not outcome.accepted:
            log.warning("webhook %s, attempt %d: %s", sent.id, sent.attempt, status or error)
        first_wait = self._settings.webhook_retry_seconds
        self._database.write(lambda connection: record_outcome(connection, sent, outcome, first_wait=first_wait))

    def _post(self, sent: Outgoing) -> int:
        """Post the delivery to the address that was checked, and return the status of the answer.

        Raises: httpx.HTTPError, httpx.InvalidURL, OSError; ValueError where the address is not allowed.
        """
        parts, address = resolve_webhook(sent.url, self._settings.webhook_hosts)
        body, host = sent.body.encode(), str(parts.hostname)
        named = f"[{host}]" if ":" in host else host
        headers = {
            "Host": named if parts.port in (None, PORTS[parts.scheme]) else f"{named}:{parts.port}",
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            **signed_headers(sent.secret, sent.id, int(time.time()), body),
        }
        return asyncio.run(self._answer_to(httpx.URL(sent.url).copy_with(host=address), headers, body, host))

    async def _answer_to(self, url: httpx.URL, headers: Mapping[str, str], body: bytes, host: str) -> int:
        """Return the status of the answer; its body is not read.

        The whole attempt has one deadline: with one of each wait, a receiver that sends a byte now and then would hold
        up all other deliveries.
        """
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(timeout=None, trust_env=False, follow_redirects=False) as client,  # noqa: S113
                client.stream("POST", url, content=body, headers=headers, extensions={"sni_hostname": host}) as answer,
            ):
                return answer.status_code
        except TimeoutError as error:
            raise TimeoutError(f"no answer within {self._timeout:g} s") from error
