/// Which files are laid over a workflow's own.
package enum DropIns {
    /// How many a workflow has at most.
    package static let most = 64

    /// The folder beside a workflow's file that holds them.
    package static func folder(of workflow: String) -> String { workflow + ".d" }

    /// The files that count, in the order in which they do: by name, whatever folder they are in. One in an earlier folder
    /// hides those of the same name in later ones, and an empty one, or a link to /dev/null, hides them without a trace.
    ///
    /// - Parameters:
    ///   - listings: the folders, the first one first, with the names in them.
    package static func order(_ listings: [(folder: String, names: [String])]) -> [String] {
        var paths: [String: String] = [:]
        for (folder, names) in listings {
            for name in names where isOne(name) && paths[name] == nil { paths[name] = "\(folder)/\(name)" }
        }
        // By bytes, as everywhere on a host, and not by the rules of some language.
        return paths.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
    }

    /// Whether a file of that name is one. What editors leave behind begins with a point or ends otherwise.
    package static func isOne(_ name: String) -> Bool { name.hasSuffix(".yaml") && !name.hasPrefix(".") }
}
