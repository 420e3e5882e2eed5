"""The style sheet of the report: light, dark and print."""

STYLE = """
:root { color-scheme: light dark;
  --paper: #ffffff; --card: #f6f8fa; --ink: #1c2733; --muted: #66727f; --grid: #dfe4e9;
  --ours: #0b6bcb; --other: #c2571a; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12171d; --card: #1a2129; --ink: #e4e9ee; --muted: #98a4b0; --grid: #2d3742;
  --ours: #6cb2ff; --other: #f0995e; } }
@media print { :root { color-scheme: light;
  --paper: #ffffff; --card: #ffffff; --ink: #000000; --muted: #444444; --grid: #cccccc;
  --ours: #0b5cad; --other: #b04a10; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
p, figcaption, caption { max-width: 46rem; }
figcaption, caption, .quiet, dt { color: var(--muted); }
figure { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--grid); border-radius: .5rem; }
figcaption { margin-top: .5rem; font-size: .9rem; }
svg { display: block; width: 100%; height: auto; font-family: system-ui, sans-serif; }
svg text { font-family: inherit !important; }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.figures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); margin: 1.5rem 0; }
.figures div { padding: .75rem 1rem; background: var(--card); border: 1px solid var(--grid); border-radius: .5rem; }
.figures dd { margin: 0; font-size: 1.6rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
caption { text-align: left; padding-bottom: .5rem; font-size: .9rem; }
th, td { padding: .45rem 1rem .45rem 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
thead th { color: var(--muted); white-space: nowrap; }
th { font-weight: 600; }
.number { text-align: right; padding-right: 1.5rem; font-variant-numeric: tabular-nums; }
td li { white-space: nowrap; }
td ul { margin: 0; padding: 0; list-style: none; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.25rem; margin: 0; }
.facts dd { margin: 0; }
code { font: .875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
@media screen and (max-width: 44rem) { .facts { grid-template-columns: 1fr; } .facts dd { margin-bottom: .5rem; }
  table, caption, tbody, tr, td, tbody th { display: block; } thead { display: none; }
  tbody tr { margin-bottom: 1rem; padding: .5rem 1rem; background: var(--card); border: 1px solid var(--grid);
    border-radius: .5rem; }
  tbody th, tbody td, td.number { padding: .2rem 0; border: 0; text-align: left; }
  td[data-head] { display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: .5rem; }
  td[data-head]::before { content: attr(data-head); color: var(--muted); }
  td li { white-space: normal; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } h2 { break-after: avoid; }
  figure, tr, .figures div { break-inside: avoid; }
  .scroll { overflow: visible; } @page { margin: 15mm; } }
"""
