"""Writes docs/benchmarks.md, one section for each benchmark."""

import platform
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from model.environment import numerical_environment

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
IMAGES = ROOT / "docs" / "images"
HEAD = """# Benchmarks

`make bench` writes this page. Each section names the file that measured and wrote it. `benchmarks/README.md` says how
to install the libraries that are compared. "MISSED" marks a goal of the design that this run did not reach.
"""
SECTIONS = (
    "quality",
    "ablation",
    "training",
    "fits",
    "cost",
    "memory",
    "reports",
    "correctness",
    "scoring",
    "overload",
    "jobs",
)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return the lines of a Markdown table, padded for terminals."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def write_section(name: str, text: str) -> None:
    """Replace one section of the page, or add it in its place."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    found = dict(re.findall(r"<!-- (\w+) -->\n(.*?)(?=<!-- \w+ -->\n|\Z)", page, re.DOTALL))
    found[name] = wrapped(text) + "\n"
    parts = [f"<!-- {each} -->\n{found[each].strip()}\n" for each in SECTIONS if each in found]
    PAGE.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


def wrapped(text: str) -> str:
    """Return wrapped lines; headings, tables, pictures and quotations stay unchanged."""
    paragraphs = [each.strip() for each in text.strip().split("\n\n")]
    return "\n\n".join(
        each
        if each.startswith(("#", "|", "!", ">"))
        else textwrap.fill(each, 118, break_long_words=False, break_on_hyphens=False)
        for each in paragraphs
    )


def machine() -> str:
    """Return a sentence about the machine of the measurement."""
    facts = numerical_environment()
    kernel = f"{facts['blas']} with its {facts['blas_kernel']} kernel"
    system = f"{processor()}, {facts['cores']} cores, {facts['system']}"
    return f"{system}; Python {facts['python']}, NumPy {facts['numpy']}, {kernel}."


def processor() -> str:
    """Return the name of the processor, if the system has it."""
    facts = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", facts.read_text(encoding="utf-8")) if facts.exists() else []
    if sys.platform == "darwin":
        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        names = [asked.stdout.strip()]
    return names[0] if names and names[0] else platform.machine()
