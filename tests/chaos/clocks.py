"""A process whose clock is wrong, while the database's is right."""

import datetime
import time


def set_wrong(offset: float) -> None:
    """Set what Python takes for the time of day; the clock that only measures durations goes on as it did.

    Units: seconds.
    """
    true_time, true_time_ns, true_class = time.time, time.time_ns, datetime.datetime
    step = datetime.timedelta(seconds=offset)

    class WrongDatetime(true_class):  # type: ignore[misc, valid-type]
        """`datetime` with the wrong idea of now."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return true_class.now(tz) + step

        @classmethod
        def utcnow(cls) -> datetime.datetime:
            return true_class.now(datetime.UTC).replace(tzinfo=None) + step

    time.time = lambda: true_time() + offset
    time.time_ns = lambda: true_time_ns() + int(offset * 1e9)
    datetime.datetime = WrongDatetime  # type: ignore[misc]
