extension RunID {
    /// The ID of the run that an attempt of another run is: always the same, so that whoever orders that attempt again means
    /// the same run.
    package init(childOf attempt: AttemptName) {
        // FNV-1a, and the last step of SplitMix64, since an ID is made of the lowest bits.
        var bits = attempt.unit.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        self.init(random: bits ^ (bits >> 31))
    }

    /// The runs that a slice's name is made of, the one whose it is the last; nil for one that is no run's.
    package static func runs(ofSlice name: String) -> [RunID]? {
        guard name.hasPrefix("pawl-"), name.hasSuffix(".slice") else { return nil }
        let parts = name.dropFirst("pawl-".count).dropLast(".slice".count).split(separator: "-")
        let runs = parts.compactMap { RunID(rawValue: String($0)) }
        return runs.isEmpty || runs.count < parts.count ? nil : runs
    }

    /// The run's slice, below those of the runs that it is a step of: the topmost first.
    package func slice(below above: [RunID]) -> String {
        "pawl-" + (above + [self]).map(\.rawValue).joined(separator: "-") + ".slice"
    }
}
