"""Trains and draws four problems of training and their cures: writes docs/gallery.md and its pictures.

python benchmarks/gallery.py                 all of it, in less than a minute
python benchmarks/gallery.py files FOLDER    the tables and specs as files, to train them by hand
"""

import json
import math
import re
import sys
import time
from pathlib import Path

from pages import IMAGES, ROOT
from troubles import exploding, saddles, slowness, vanishing
from troubles.section import Section
from troubles.training import TABLES

PAGE = ROOT / "docs" / "gallery.md"
MODULES = (vanishing, exploding, saddles, slowness)
HEAD = """# Four problems of training and their cures

`benchmarks/gallery.py` wrote this page, with its figures and pictures, from the reports of Ebb's own engine. You can
draw every line again:

```sh
.venv/bin/python benchmarks/gallery.py                   # this page, in less than a minute
.venv/bin/python benchmarks/gallery.py files var/gallery # its tables, and its specs as JSON
.venv/bin/python -m model train var/gallery/customers.csv --target churned --id customer_id \\
    --spec var/gallery/vanishing-sigmoid.json --out var/gallery/sigmoid.safetensors
```

Each section has one spec, a list of changes of it, and a table of their results. Losses are the binary cross-entropy of
the training rows in nats; lower is better. Gradient norms are ‖g‖ before clipping. No network does well on
`customers.csv`, because leaving is partly chance. The churn rate as the answer for all has a loss of {0:.3f}.
"""


def slug(name: str) -> str:
    """Return a file name for the title of a training."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def write_files(folder: Path) -> None:
    """Write the tables and all specs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, csv in TABLES.items():
        (folder / f"{name}.csv").write_text(csv(), encoding="utf-8")
    for module in MODULES:
        trouble = module.__name__.rpartition(".")[2]
        for name, changes in module.CHANGES.items():
            spec = json.dumps({**module.BASE, **changes}, indent=1)
            (folder / f"{trouble}-{slug(name)}.json").write_text(spec + "\n", encoding="utf-8")


def churn_rate_loss() -> float:
    """Return the log loss, in nats, of the churn rate as the prediction for every customer."""
    lines = TABLES["customers"]().splitlines()[1:]
    rate = sum(line.endswith("yes") for line in lines) / len(lines)
    return -rate * math.log(rate) - (1 - rate) * math.log(1 - rate)


def main() -> None:
    """Write the page, or the files."""
    if sys.argv[1:2] == ["files"]:
        write_files(Path(sys.argv[2]))
        return
    sections: list[Section] = []
    for module in MODULES:
        started = time.perf_counter()
        found = module.section(IMAGES)
        sections.append(found)
        print(f"{found.title}: {len(found.changes)} specs, {time.perf_counter() - started:.1f} s", flush=True)
        for name in found.changes:
            print(f"  {name:<34} {'  '.join(found.rows[name])}")
    PAGE.write_text(
        "\n".join([HEAD.format(churn_rate_loss()), *(each.markdown() for each in sections)]), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
