/** The page's style sheet: follows the browser's light or dark setting. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f9; --panel: #fff; --line: #dfe3e8; --text: #1c2430; --dim: #667085; --accent: #2257c9;
  --good: #0f7b4f; --good-bg: #e3f5ec; --busy: #8a5a00; --busy-bg: #fdf1d7; --bad: #b42318; --bad-bg: #fde8e6; --blue-bg: #e6edfb; }
@media (prefers-color-scheme: dark) { :root { --bg: #12161c; --panel: #1a2029; --line: #2c3541; --text: #e6eaf0; --dim: #93a0b2; --accent: #86aaff;
  --good: #6bd6a5; --good-bg: #143528; --busy: #f0c674; --busy-bg: #3a2f16; --bad: #ff9c92; --bad-bg: #43201d; --blue-bg: #1e2c4a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header { display: flex; align-items: baseline; gap: 1rem; padding: 1.1rem clamp(1rem, 4vw, 3rem); border-bottom: 1px solid var(--line); background: var(--panel); }
h1 { font-size: 1.25rem; margin: 0; } header p { margin: 0; color: var(--dim); font-size: .85rem; }
main { padding: 1.5rem clamp(1rem, 4vw, 3rem) 3rem; max-width: 1240px; }
h2 { font-size: 1rem; margin: 2rem 0 .6rem; } h3 { font-size: .85rem; margin: 0 0 .4rem; color: var(--dim); font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 1rem; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem; } .card p { margin: .2rem 0; }
.scroll { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .55rem .9rem; white-space: nowrap; }
th { font-size: .78rem; color: var(--dim); font-weight: 600; border-bottom: 1px solid var(--line); }
tbody tr + tr td { border-top: 1px solid var(--line); } .empty { color: var(--dim); }
code { font: .86em/1.4 ui-monospace, monospace; }
.tag { display: inline-block; padding: .05rem .55rem; border-radius: 99px; font-size: .8rem; background: var(--line); }
.tag.good { color: var(--good); background: var(--good-bg); } .tag.busy { color: var(--busy); background: var(--busy-bg); }
.tag.bad { color: var(--bad); background: var(--bad-bg); } .tag.primary { color: var(--accent); background: var(--blue-bg); font-weight: 600; }
.tag.replica, .tag.dim { color: var(--dim); background: transparent; border: 1px solid var(--line); }
.trouble { color: var(--bad); display: inline-block; max-width: 26rem; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
.alert { background: var(--bad-bg); color: var(--bad); border-radius: 10px; padding: .8rem 1.1rem; margin-bottom: 1.2rem; } .alert ul { margin: .3rem 0 0; padding-left: 1.2rem; }
`.trim();
