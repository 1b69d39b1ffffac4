import PawlModel

/// The colours of all pictures, for a light and a dark ground, and what is drawn with which.
enum StyleSheet {
    /// The word in the style sheet for a state.
    static func word(_ state: StepState) -> String {
        switch state {
        case .succeeded: "good"
        case .failed, .timedOut: "bad"
        case .running: "busy"
        case .cancelled: "off"
        case .interrupted: "lost"
        case .waiting, .skipped: "idle"
        }
    }

    /// The same for a run.
    static func word(_ state: RunState) -> String {
        switch state {
        case .succeeded: "good"
        case .failed, .timedOut: "bad"
        case .running: "busy"
        case .cancelled: "off"
        case .stopped: "lost"
        case .queued, .paused: "idle"
        }
    }

    private static let words = ["good", "bad", "busy", "off", "lost", "idle"]

    /// The colours as variables of an element.
    static func colours(_ element: String) -> String {
        """
        \(element) { color-scheme: light dark;
          --ground: #ffffff; --panel: #f6f7f9; --rule: #dfe3e8; --text: #1b1f24; --soft: #5b6570; --edge: #9aa4af;
          --path: #2563c9; --good: #1e8043; --good-fill: #e2f5e7; --bad: #cb2a37; --bad-fill: #fde8e8; --busy: #9c6500;
          --busy-fill: #fdf2d0; --off: #6b50bd; --off-fill: #eeebf9; --lost: #b5501b; --lost-fill: #fdebdf;
          --idle: #7d8792; --idle-fill: #f1f3f5; }
        @media (prefers-color-scheme: dark) { \(element) {
          --ground: #0f1318; --panel: #171c23; --rule: #2b323c; --text: #e6eaef; --soft: #97a2af; --edge: #5d6875;
          --path: #6ea8fe; --good: #4fc274; --good-fill: #12281a; --bad: #f4737d; --bad-fill: #341619; --busy: #e0ac3c;
          --busy-fill: #2e2410; --off: #a893f0; --off-fill: #221d38; --lost: #ee8f58; --lost-fill: #33200f;
          --idle: #84909d; --idle-fill: #1b2128; } }

        """
    }

    /// What is drawn with which colour.
    static let drawing =
        """
        text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; fill: var(--text); }
        .ground { fill: var(--ground); }
        .name { font: 600 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
        .label { font: 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
        .note { font-size: 11.5px; fill: var(--soft); }
        .over { paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-linejoin: round; }
        .end { text-anchor: end; } .middle { text-anchor: middle; }
        .card { fill: var(--panel); stroke: var(--edge); stroke-width: 1.2; }
        .maybe { stroke-dasharray: 5 3; }
        .around { fill: none; stroke: var(--path); stroke-width: 2; opacity: .85; }
        .edge { fill: none; stroke: var(--edge); stroke-width: 1.5; }
        .other { stroke-dasharray: 4 3; }
        .on { stroke: var(--path); stroke-width: 2.4; }
        .head { fill: var(--edge); } .head-on { fill: var(--path); }
        .grid { stroke: var(--rule); stroke-width: 1; } .stripe { fill: var(--panel); }
        .wait { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 3; }
        .link { fill: none; stroke: var(--path); stroke-width: 1.6; }
        .under { fill: var(--path); } .path-text { fill: var(--path); font-weight: 600; }
        .sign { fill: none; stroke: var(--ground); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }

        """
        + words.map {
            ".card-\($0) { fill: var(--\($0)-fill); stroke: var(--\($0)); stroke-width: 1.2; } .bar-\($0) { fill: var(--\($0)); }\n"
        }.joined()
}
