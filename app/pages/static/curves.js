// Draws the curves of a training, live: losses, learning rate, gradient norm, and the update ratio of each layer.
// The events come from the API's stream; it begins with the epochs that there are, and goes on until the job ends.
(() => {
  const section = document.querySelector("[data-curves]");
  if (!section) return;
  const note = section.querySelector("[data-curves-note]");
  const place = section.querySelector("[data-curves-place]");
  const pause = document.querySelector("[data-pause]");
  const ENDED = ["succeeded", "failed", "cancelled"];
  const CHARTS = [
    { title: "Loss", series: [["training", "train_loss"], ["validation", "valid_loss"]] },
    { title: "Learning rate", series: [["learning rate", "learning_rate"]] },
    { title: "Gradient norm", series: [["gradient norm", "gradient_norm"]], log: true },
    { title: "Update ratio", log: true, layers: true },
  ];
  let epochs = [];
  let source = null;
  let last = "";
  let drawing = false;
  let ended = false;
  const unfinished = document.querySelector('#state[data-live="on"]') !== null;

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (index) => index < 4 ? style(`--series-${index + 1}`) : `hsl(${(index * 47) % 360} 55% 50%)`;
  const positive = (value) => (value > 0 ? value : null);

  // The names of a chart's series, each with the function that reads its value from an epoch.
  function readersOf(chart) {
    if (!chart.layers) return chart.series.map(([label, name]) => [label, (epoch) => epoch[name]]);
    const names = [...new Set(epochs.flatMap((epoch) => (epoch.layers || []).map((layer) => layer.name)))];
    return names.map((name) => [name, (epoch) => epoch.layers?.find((layer) => layer.name === name)?.update_ratio]);
  }

  function dataOf(chart, readers) {
    const clean = chart.log ? positive : (value) => value;
    const points = [];
    for (const epoch of epochs) {
      const before = points.at(-1);
      if (before && before.stage !== epoch.stage) points.push({ epoch: epoch.epoch - 0.5, stage: epoch.stage }); // a gap
      points.push(epoch);
    }
    return [points.map((point) => point.epoch), ...readers.map(([, read]) => points.map((point) => clean(read(point)) ?? null))];
  }

  function make(chart, readers) {
    chart.box?.remove();
    chart.box = document.createElement("figure");
    chart.box.className = "chart";
    const caption = chart.box.appendChild(document.createElement("figcaption"));
    caption.textContent = `${chart.title} by epoch`;
    caption.className = "hint";
    place.append(...CHARTS.map((one) => one.box).filter(Boolean));
    const axis = { stroke: style("--soft"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line") } };
    chart.plot = new uPlot({
      width: chart.box.clientWidth,
      height: 220,
      scales: { x: { time: false }, y: chart.log ? { distr: 3 } : {} },
      axes: [axis, { ...axis, size: 60 }],
      series: [{ label: "epoch" }, ...readers.map(([label], index) => ({ label, stroke: colour(index), width: 2, spanGaps: Boolean(chart.layers) }))],
    }, dataOf(chart, readers), chart.box);
    chart.names = readers.map(([label]) => label).join();
  }

  function draw() {
    drawing = false;
    for (const chart of CHARTS) {
      const readers = readersOf(chart);
      if (!readers.length) continue;
      if (chart.names === readers.map(([label]) => label).join()) chart.plot.setData(dataOf(chart, readers));
      else make(chart, readers);
    }
    const latest = epochs.at(-1);
    if (latest) {
      const figure = (value) => (value === null ? "–" : value.toPrecision(4));
      const stage = latest.stage > 1 ? ` of stage ${latest.stage}, whose losses do not compare with those before` : "";
      note.textContent = `Epoch ${latest.epoch}${stage}: training loss ${figure(latest.train_loss)}, validation loss ${figure(latest.valid_loss)}, ` +
        `learning rate ${figure(latest.learning_rate)}.`;
    }
  }

  function drawSoon() {
    if (!drawing) requestAnimationFrame(draw);
    drawing = true;
  }

  function take(epoch) {
    while (epochs.length && epochs.at(-1).epoch >= epoch.epoch) epochs.pop(); // an attempt goes on from a checkpoint
    epochs.push(epoch);
    drawSoon();
  }

  function connect() {
    source?.close();
    source = new EventSource(`${section.dataset.curves}/events${last ? `?last_event_id=${last}` : ""}`);
    const on = (name, act) => source.addEventListener(name, (event) => { if (event.lastEventId) last = event.lastEventId; act(event); });
    on("epoch", (event) => take(JSON.parse(event.data)));
    on("restarted", () => { epochs = []; });
    for (const name of ENDED) on(name, finish);
    source.onerror = () => {
      // The browser comes back by itself, but not after a refusal, as when too many streams are open.
      if (source.readyState === EventSource.CLOSED && !ended && !pause?.checked) setTimeout(connect, 5000);
    };
  }

  function finish() {
    ended = true;
    source.close();
    if (unfinished) location.reload(); // for the attempts and the buttons
  }

  pause?.addEventListener("change", () => (pause.checked ? source.close() : connect()));
  new ResizeObserver(() => CHARTS.forEach((chart) => chart.plot?.setSize({ width: chart.box.clientWidth, height: 220 }))).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { CHARTS.forEach((chart) => { chart.names = null; }); draw(); });
  addEventListener("pagehide", () => source?.close());
  connect();
})();
