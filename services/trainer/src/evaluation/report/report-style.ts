/** The style of the report: light and dark, wide and narrow, screen and paper. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfaf8; --card: #ffffff; --ink: #1c1b19; --muted: #6b6862; --line: #e4e1db; --grid: #eeece7;
  --accent: #1f6f6b; --soft: #e6f1f0;
  --m1: #8fb6e8; --m2: #5c96dc; --m3: #3878c7; --m4: #1b4f94; --last: #c9691a; --pooled: #1c1b19;
  --positive: #1f6f6b; --negative: #b9b4aa; --warn: #8a5a00; --warn-soft: #fdf4df;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161614; --card: #1f1e1c; --ink: #edebe6; --muted: #a19d95; --line: #35332f; --grid: #2a2926;
    --accent: #62c2bb; --soft: #1d3533;
    --m1: #4470ad; --m2: #5b92d8; --m3: #7db0ee; --m4: #bcd9fb; --last: #f0a35e; --pooled: #edebe6;
    --positive: #62c2bb; --negative: #6d6a63; --warn: #e8c67a; --warn-soft: #332b19;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 64px }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.01em }
h2 { font-size: 19px; margin: 44px 0 4px; letter-spacing: -.005em }
h3 { font-size: 15px; margin: 0 0 2px }
p { margin: 0 0 12px; max-width: 76ch }
.muted, figcaption, .lead { color: var(--muted) }
.lead { margin-bottom: 14px }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(176px, 1fr)); gap: 12px; margin: 24px 0 0; padding: 0; list-style: none }
.tiles li, figure, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 10px }
.tiles li { padding: 14px 16px }
.tiles b { display: block; font-size: 26px; line-height: 1.25; font-weight: 620; font-variant-numeric: tabular-nums }
.tiles span { color: var(--muted); font-size: 13px; display: block }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 16px }
figure { margin: 0; padding: 16px 16px 14px }
figure.wide { margin-bottom: 16px }
figcaption { font-size: 13.5px; margin-bottom: 8px }
svg { display: block; width: 100%; height: auto; overflow: visible }
svg text { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums }
svg text.axis, svg text.row { font-size: 12.5px }
svg text.row { fill: var(--ink) }
svg text.value { fill: var(--muted) }
.grid { stroke: var(--grid); stroke-width: 1 }
.reference { fill: none; stroke: var(--muted); stroke-width: 1; stroke-dasharray: 4 4 }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round }
.curve.thin { stroke-width: 1; opacity: .45 }
.whisker { stroke: var(--pooled); stroke-width: 2; stroke-linecap: round }
.dot { fill: var(--pooled) }
.bar { fill: var(--accent) }
.bars { stroke-width: 1.5; fill-opacity: .28 }
.bars.positive { fill: var(--positive); stroke: var(--positive) }
.bars.negative { fill: var(--negative); stroke: var(--negative) }
.threshold { stroke: var(--last); stroke-width: 1.5 }
.curve.after_1 { stroke: var(--m1) } .curve.after_3 { stroke: var(--m2) }
.curve.after_6 { stroke: var(--m3) } .curve.after_10 { stroke: var(--m4) }
.curve.last { stroke: var(--last) } .curve.pooled { stroke: var(--pooled) }
.curve.pooled:not(.thin) { stroke-width: 2.6 }
.dot.after_1 { fill: var(--m1) } .dot.after_3 { fill: var(--m2) } .dot.after_6 { fill: var(--m3) }
.dot.after_10 { fill: var(--m4) } .dot.last { fill: var(--last) } .dot.pooled { fill: var(--pooled) }
.whisker.after_1 { stroke: var(--m1) } .whisker.after_3 { stroke: var(--m2) } .whisker.after_6 { stroke: var(--m3) }
.whisker.after_10 { stroke: var(--m4) } .whisker.last { stroke: var(--last) }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 8px 0 0; padding: 0; list-style: none; font-size: 13px }
.legend i { display: inline-block; width: 16px; height: 3px; border-radius: 2px; margin-right: 7px; vertical-align: middle }
.legend i.box { height: 11px; opacity: .75 }
.legend span { color: var(--muted); font-variant-numeric: tabular-nums }
i.after_1 { background: var(--m1) } i.after_3 { background: var(--m2) } i.after_6 { background: var(--m3) }
i.after_10 { background: var(--m4) } i.last { background: var(--last) } i.pooled { background: var(--pooled) }
i.positive { background: var(--positive) } i.negative { background: var(--negative) }
.scroll { overflow-x: auto }
.panel { padding: 6px 16px 10px; margin-bottom: 16px }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: 7px 0 7px 18px; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
thead th { color: var(--muted); font-weight: 500; font-size: 13px }
tbody th { font-weight: 500 }
tbody tr:last-child > * { border-bottom: 0 }
td small { color: var(--muted); font-size: 12.5px; margin-left: 5px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 7px 22px; margin: 8px 0; font-size: 14px }
dt { color: var(--muted) }
dd { margin: 0; overflow-wrap: anywhere }
.caveats { background: var(--warn-soft); border-radius: 10px; padding: 14px 18px 14px 36px; margin: 12px 0 0; max-width: none }
.caveats li { margin: 5px 0; max-width: 88ch }
.caveats li::marker { color: var(--warn) }
footer { margin-top: 44px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--muted); font-size: 13px }
@media (max-width: 560px) {
  figure { padding: 12px 8px }
  figure.wide svg text { font-size: 18px }
  dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: 9px } main { padding: 24px 16px }
}
@media print {
  @page { margin: 14mm }
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #1c1b19; --muted: #5c5954; --line: #d8d5ce; --grid: #eeece7;
    --accent: #1f6f6b; --soft: #e6f1f0;
    --m1: #8fb6e8; --m2: #5c96dc; --m3: #3878c7; --m4: #1b4f94; --last: #c9691a; --pooled: #1c1b19;
    --positive: #1f6f6b; --negative: #b9b4aa; --warn: #8a5a00; --warn-soft: #fdf4df;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact }
  body { font-size: 10.5pt }
  main { max-width: none; padding: 0 }
  figure, .panel, .tiles li, .caveats li, tr { break-inside: avoid }
  h2, h3, .lead { break-after: avoid }
  .scroll { overflow: visible }
  table { font-size: 7.8pt }
  thead th { font-size: 7.4pt }
  td small { font-size: 6.6pt; margin-left: 3px }
  th, td { padding-left: 7px }
  .tiles { grid-template-columns: repeat(5, 1fr); gap: 8px }
  .tiles li { padding: 9px 11px }
  .tiles b { font-size: 17pt }
  h2 { margin-top: 26px }
  .pair { grid-template-columns: 1fr 1fr }
}
`
