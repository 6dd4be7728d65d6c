// The report as a page.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/ReportPage.h"

#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

static const char *const kHead = R"page(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Brisk report</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #1c1e21; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin: 2em 0 .5em; }
.decided { background: #eef4fb; border-left: 4px solid #2a6fb5; padding: .5em 1em; margin: .5em 0; }
.missed { background: #fdf0ee; border-color: #b5402a; }
.frame { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; cursor: pointer; border-bottom: 2px solid #888; white-space: nowrap; user-select: none; }
td { border-bottom: 1px solid #ddd; padding: .15em .6em .15em 0; white-space: nowrap; } th { padding-right: .6em; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } tr.chosen td { background: #e8f5e9; }
th[data-order="1"]::after { content: " \2191"; } th[data-order="-1"]::after { content: " \2193"; }
svg { width: 100%; height: auto; max-width: 50em; } svg text { font: 11px system-ui, sans-serif; fill: #444; }
.axis { stroke: #999; } .limit { stroke: #b5402a; stroke-dasharray: 5 4; } .front { fill: none; stroke: #2a6fb5; }
.point { fill: #9ab; } .point.pareto { fill: #2a6fb5; } .point.chosen { fill: #2e9e46; } .bar { fill: #2a6fb5; } .bar.rest { fill: #dde5ee; }
</style></head><body>
<script type="application/json" id="report">)page";

static const char *const kTail = R"page(</script>
<script>
'use strict';
const report = JSON.parse(document.getElementById('report').textContent);
const element = (name, parent, text) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
};
const drawn = (name, parent, attributes, text) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
};
const shown = value => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : value.toPrecision(4);
};

// A table of objects: a column for each [title, key or function]. A click on a title sorts.
function table(parent, rows, columns, isChosen) {
  const used = columns.filter(([, get]) => rows.some(row => {
    const value = typeof get === 'function' ? get(row) : row[get];
    return value !== undefined && value !== null && value !== '';
  }));
  const frame = element('div', parent);
  frame.className = 'frame';
  const made = element('table', frame), head = element('tr', element('thead', made)), body = element('tbody', made);
  const fill = list => {
    body.replaceChildren();
    for (const row of list) {
      const line = element('tr', body);
      if (isChosen && isChosen(row)) line.className = 'chosen';
      for (const [, get] of used) {
        const value = typeof get === 'function' ? get(row) : row[get];
        const cell = element('td', line, shown(value));
        if (typeof value === 'number') cell.className = 'number';
      }
    }
  };
  used.forEach(([title, get]) => {
    const cell = element('th', head, title);
    cell.onclick = () => {
      const order = cell.dataset.order === '1' ? -1 : 1;
      for (const other of head.children) delete other.dataset.order;
      cell.dataset.order = order;
      const key = row => typeof get === 'function' ? get(row) : row[get];
      fill([...rows].sort((a, b) => {
        const x = key(a), y = key(b);
        if (typeof x === 'number' && typeof y === 'number') return order * (x - y);
        return order * String(x ?? '').localeCompare(String(y ?? ''), undefined, {numeric: true});
      }));
    };
  });
  fill(rows);
}

const niceTicks = (low, high) => {
  const span = high - low || 1, raw = span / 5, unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(f => f * unit).find(s => s >= raw), ticks = [];
  for (let at = Math.ceil(low / step) * step; at <= high + 1e-9 * span; at += step) ticks.push(at);
  return ticks;
};

// Points by time and loss, the front, and the limits that were asked for.
function front(parent, search) {
  const points = search.points.filter(p => p.time_us !== null && p.drop !== null);
  const width = 640, height = 340, left = 56, bottom = 40, right = 16, top = 12;
  const times = points.map(p => p.time_us).concat(search.budget_us), drops = points.map(p => p.drop).concat(0, search.max_accuracy_drop);
  const maxTime = Math.max(...times) * 1.05;
  const low = Math.min(...drops), high = Math.min(Math.max(...drops), Math.max(4 * search.max_accuracy_drop, low + 1e-6)) * 1.1 + 1e-9;
  const x = t => left + t / maxTime * (width - left - right);
  const y = d => height - bottom - (Math.min(d, high) - low) / (high - low) * (height - bottom - top);
  const svg = drawn('svg', parent, {viewBox: `0 0 ${width} ${height}`, class: 'plot', role: 'img'});
  for (const tick of niceTicks(0, maxTime)) {
    drawn('line', svg, {class: 'axis', x1: x(tick), x2: x(tick), y1: height - bottom, y2: height - bottom + 4});
    drawn('text', svg, {x: x(tick), y: height - bottom + 16, 'text-anchor': 'middle'}, String(+tick.toPrecision(6)));
  }
  for (const tick of niceTicks(low, high)) {
    drawn('line', svg, {class: 'axis', x1: left - 4, x2: left, y1: y(tick), y2: y(tick)});
    drawn('text', svg, {x: left - 8, y: y(tick) + 4, 'text-anchor': 'end'}, String(+tick.toFixed(9)));
  }
  drawn('path', svg, {class: 'axis', fill: 'none', d: `M${left},${top}V${height - bottom}H${width - right}`});
  drawn('text', svg, {x: (left + width) / 2, y: height - 6, 'text-anchor': 'middle'}, `latency (us, ${search.times})`);
  drawn('text', svg, {transform: `translate(12,${height / 2}) rotate(-90)`, 'text-anchor': 'middle'}, `points of ${search.metric} lost`);
  drawn('line', svg, {class: 'limit', x1: x(search.budget_us), x2: x(search.budget_us), y1: top, y2: height - bottom});
  drawn('line', svg, {class: 'limit', x1: left, x2: width - right, y1: y(search.max_accuracy_drop), y2: y(search.max_accuracy_drop)});
  const best = points.filter(p => p.pareto).sort((a, b) => a.time_us - b.time_us);
  drawn('polyline', svg, {class: 'front', points: best.map(p => `${x(p.time_us)},${y(p.drop)}`).join(' ')});
  for (const point of points) {
    const dot = drawn('circle', svg, {cx: x(point.time_us), cy: y(point.drop), r: point.chosen ? 7 : 5,
      class: 'point' + (point.pareto ? ' pareto' : '') + (point.chosen ? ' chosen' : '')});
    drawn('title', dot, {}, `${point.name}: ${shown(point.time_us)} us, ${shown(point.drop)} lost`);
  }
}

// A bar for each row, of value within whole.
function bars(parent, rows, name, value, whole, title) {
  if (!rows.length) return;
  const line = 16, label = 250, width = 640, height = rows.length * line + 22;
  const svg = drawn('svg', parent, {viewBox: `0 0 ${width} ${height}`, class: 'plot', role: 'img'});
  const most = Math.max(...rows.map(whole), 1e-30);
  drawn('text', svg, {x: label, y: 12}, title);
  rows.forEach((row, i) => {
    const y = 20 + i * line, scale = (width - label - 70) / most, text = String(name(row));
    drawn('text', svg, {x: label - 6, y: y + 11, 'text-anchor': 'end'}, text.length > 40 ? '\u2026' + text.slice(-39) : text);
    drawn('rect', svg, {class: 'bar rest', x: label, y, width: whole(row) * scale, height: line - 4});
    drawn('rect', svg, {class: 'bar', x: label, y, width: Math.max(0, value(row)) * scale, height: line - 4});
    drawn('text', svg, {x: label + whole(row) * scale + 4, y: y + 11}, shown(value(row)));
  });
}

const trialColumns = [['variant', 'name'], ['lost', 'drop'], ['accuracy before', 'top1_before'], ['after', 'top1_after'],
  ['agreement', 'top1_agreement'], ['KL', 'kl_divergence'], ['cosine', 'cosine'], ['worst cosine', 'worst_cosine'],
  ['largest difference', 'max_difference'], ['calibration error before', 'calibration_error_before'],
  ['after', 'calibration_error_after'], ['worst class lost', t => t.worst_class && t.worst_class.lost],
  ['class', t => t.worst_class && t.worst_class.label]];

element('h1', document.body, 'Brisk: ' + report.title);
const say = (text, missed) => {
  if (text) element('p', document.body, text).className = 'decided' + (missed ? ' missed' : '');
};
const {search, pruning, skipping} = report;
if (search) say((search.met ? 'Met: ' : 'Not met: ') + search.decision, !search.met);
if (skipping) say('Skipping: ' + skipping.decision, !skipping.kept);
if (pruning) say('Pruning: ' + pruning.decision, !pruning.kept);
if (report.quantize) say(`Quantization (${report.quantize}): ${report.decision || 'as asked'}`, !report.kept);
if (search) {
  element('h2', document.body, 'Latency and loss');
  element('p', document.body, `Budget ${shown(search.budget_us)} us, at most ${shown(search.max_accuracy_drop)} points of ` +
    `${search.metric}; the model itself takes ${shown(search.base_us)} us (${search.times}).`);
  front(document.body, search);
  table(document.body, search.points, [['us', 'time_us'], ['speed-up', p => search.base_us / p.time_us], ['pareto', 'pareto'],
    ['lost on samples held out', 'drop_held_out'], ...trialColumns], p => p.chosen);
  if (search.path.length) {
    element('h2', document.body, 'Steps, in the order in which they are taken');
    table(document.body, search.path, [['part', 'part'], ['stays', 'to'], ['divergence', 'divergence'],
      ['predicted us saved', 'predicted_saved_us'], ['taken', 'taken']], s => s.taken);
  }
}
if (skipping) {
  element('h2', document.body, 'Branches');
  table(document.body, skipping.branches, [['branch', 'name'], ['cosine', 'cosine'], ['divergence', 'divergence'], ['skipped', 'skipped']],
    b => b.skipped);
  table(document.body, skipping.steps, trialColumns);
}
if (pruning) {
  element('h2', document.body, 'Widths');
  bars(document.body, pruning.families, f => f.name, f => f.stay * f.unit_width, f => f.units * f.unit_width, 'slices that stay');
  table(document.body, pruning.families.flatMap(f => f.consumers.map(c => ({...c, family: f.name, stay: f.stay, units: f.units,
    width: f.unit_width}))), [['slices of', 'family'], ['units', 'units'], ['stay', 'stay'], ['width', 'width'],
    ['summed by', 'name'], ['error', 'error'], ['repaired', 'error_repaired'], ['ridge', 'ridge'], ['not repaired', 'not_repaired']]);
  table(document.body, pruning.steps, trialColumns);
}
if (report.layers) {
  element('h2', document.body, 'Layers');
  const measured = report.layers.filter(l => l.relative_error > 0).sort((a, b) => b.relative_error - a.relative_error).slice(0, 20);
  bars(document.body, measured, l => l.name, l => l.relative_error, l => l.relative_error, 'relative squared error of the result');
  table(document.body, report.layers, [['layer', 'name'], ['runs in', 'precision'], ['error', 'relative_error'],
    ['sensitivity', 'sensitivity'], ['multiplications', 'work'], ['why', 'reason']]);
}
if (report.kernels && report.kernels.length) {
  element('h2', document.body, 'Kernels of what was written');
  const top = [...report.kernels].sort((a, b) => b.us - a.us);
  bars(document.body, top.slice(0, 20), k => k.nodes, k => k.us, k => k.us, 'predicted us');
  table(document.body, top, [['nodes', 'nodes'], ['kind', 'class'], ['calls', 'calls'], ['predicted us', 'us']]);
}
if (report.steps) {
  element('h2', document.body, 'What was tried');
  table(document.body, report.steps, trialColumns);
}
document.body.dataset.drawn = document.querySelectorAll('svg.plot').length + ' plots, ' +
  document.querySelectorAll('table').length + ' tables';
</script></body></html>
)page";

std::string brisk::reportPage(const json::Object &report, StringRef title) {
  json::Object whole = report;
  whole["title"] = title;
  std::string data;
  // Nothing in a string may end the script.
  for (char c : formatv("{0}", json::Value(std::move(whole))).str())
    data += c == '<' ? "\\u003c" : std::string(1, c);
  return kHead + data + kTail;
}
