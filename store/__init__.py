"""What Ebb remembers: tables, jobs, the registry, artifacts and settings. SQLAlchemy, and never numpy."""
