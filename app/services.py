"""What the views work with, made once per process."""

from dataclasses import dataclass

from app.alone import Alone
from app.inspection.inspector import Inspector
from app.metrics.jobs import JobsCollector
from app.metrics.traffic import Traffic
from app.ringing import Ringer
from app.scoring.estimators import Estimators
from app.scoring.pointers import Pointers
from app.streams.streams import Streams
from store.artifacts import ArtifactStore
from store.database import Database
from store.settings import Settings


@dataclass(frozen=True)
class Services:
    """The settings, and the seams to everything outside the process."""

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    ringer: Ringer
    pointers: Pointers
    estimators: Estimators
    streams: Streams
    traffic: Traffic
    jobs: JobsCollector
    comparing: Alone
    inspector: Inspector
