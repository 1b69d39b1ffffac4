#!/usr/bin/env python3
"""screen-page.py WIDTH HEIGHT: what `tmux capture-pane -e` prints, as a page that looks like the terminal. For `screens`."""
import html, re, sys

width, height = int(sys.argv[1]), int(sys.argv[2])
colours = ["#2e3436", "#ef5350", "#8bc34a", "#ffca28", "#64b5f6", "#ba68c8", "#4dd0e1", "#d3d7cf",
           "#888a85", "#ff7b72", "#a5d66b", "#ffe082", "#90caf9", "#ce93d8", "#80deea", "#ffffff"]


def styled(codes, style):
    for code in codes:
        if code == 0:
            style = {}
        elif code == 1:
            style = style | {"font-weight": "bold"}
        elif code == 2:
            style = style | {"opacity": ".65"}
        elif code == 22:
            style = {key: value for key, value in style.items() if key not in ("font-weight", "opacity")}
        elif 30 <= code <= 37:
            style = style | {"color": colours[code - 30]}
        elif 90 <= code <= 97:
            style = style | {"color": colours[code - 82]}
        elif code == 39:
            style = {key: value for key, value in style.items() if key != "color"}
    return style


lines, style = [], {}
for line in sys.stdin.read().split("\n")[:height]:
    parts = []
    for order, text in re.findall(r"(\x1b\[[0-9;]*m)|([^\x1b]+)", line):
        if order:
            style = styled([int(code or 0) for code in order[2:-1].split(";")], style)
        elif style:
            parts.append('<span style="%s">%s</span>' % (";".join(f"{k}:{v}" for k, v in style.items()), html.escape(text)))
        else:
            parts.append(html.escape(text))
    lines.append("".join(parts))
print(f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #1e1e1e; color: #d3d7cf; }}
pre {{ margin: 16px; width: {width * 9}px; font: 15px/18px "DejaVu Sans Mono", monospace; letter-spacing: -.03px; }}
</style><pre>{chr(10).join(lines)}</pre>""")
