"""The services that the views use, made once per process."""

from dataclasses import dataclass

from app.access.access_control import Authentication
from app.access.browser_access import BrowserSessions
from app.edge.deadline import Deadline
from app.inspection.inspector import Inspector
from app.limits.concurrency_limit import ConcurrencyLimit
from app.metrics.jobs_collector import JobsCollector
from app.metrics.traffic import Traffic
from app.publisher import Publisher
from app.scoring.version_cache import EstimatorCache, VersionCache
from app.streams.stream_limit import StreamLimit
from store.artifacts import ArtifactStore
from store.database import Database
from store.settings import Settings


@dataclass(frozen=True)
class Services:
    """The settings, the database, and the parts that all requests share."""

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    publisher: Publisher
    versions: VersionCache
    estimators: EstimatorCache
    streams: StreamLimit
    uploads: ConcurrencyLimit
    batches: ConcurrencyLimit
    comparing: ConcurrencyLimit
    deadline: Deadline
    traffic: Traffic
    jobs: JobsCollector
    inspector: Inspector
    authentication: Authentication
    sessions: BrowserSessions
