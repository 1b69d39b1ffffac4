/// Where the boxes and lines of a graph are, in whole units: characters of a terminal, or a few pixels.
///
/// The graph runs along its main axis, group by group, and across it the steps of a group stand side by side; which of the two is left
/// to right is the drawing's business. Steps that have the same dependents share one line, a bus: three steps that three others wait
/// for are joined and parted again, and not nine lines.
package struct GraphLayout: Sendable {
    /// What a drawing asks for.
    package struct Measures: Sendable {
        /// How large the boxes are along the main axis.
        package var length: [Int]
        /// How large they are across it at least.
        package var breadth: [Int]
        /// Between two boxes of a group.
        package var boxGap = 1
        /// Between a line that passes a group and what is beside it.
        package var lineGap = 1
        /// Between two lines that end at the same box.
        package var portGap = 1
        /// Between two lines that cross over to other places in the same gap between groups.
        package var trackGap = 2
        /// From a group to the first such line.
        package var lead = 1
        /// From the last such line to the next group.
        package var tail = 2
        /// The room between two groups at least.
        package var shortest = 3

        /// Makes measures for boxes of these sizes.
        package init(length: [Int], breadth: [Int]) {
            (self.length, self.breadth) = (length, breadth)
        }
    }

    /// A box.
    package struct Box: Sendable, Equatable {
        /// Where it begins along the main axis.
        package var main = 0
        /// Its size along that.
        package var length = 0
        /// Where it begins across.
        package var cross = 0
        /// Its size across.
        package var breadth = 0
        /// Where lines leave it.
        package var center: Int { cross + breadth / 2 }
    }

    /// A straight piece of a bus. What is of one bus is joined where it meets; what is of two only crosses.
    package struct Piece: Sendable, Equatable {
        /// Whose it is.
        package var bus: Int
        /// Where it begins, along the main axis and across.
        package var from: Point
        /// Where it ends, at no smaller place.
        package var to: Point
        /// The node that it begins at.
        package var source: Int?
        /// The node that it ends at.
        package var target: Int?
    }

    /// A place.
    package struct Point: Sendable, Equatable, Hashable {
        /// Along the main axis.
        package var main: Int
        /// Across it.
        package var cross: Int
        /// Makes a place.
        package init(_ main: Int, _ cross: Int) { (self.main, self.cross) = (main, cross) }
    }

    /// The boxes, in the order of the nodes.
    package internal(set) var boxes: [Box] = []
    /// The pieces of all lines.
    package internal(set) var pieces: [Piece] = []
    /// What is asked along each bus.
    package internal(set) var kinds: [Graph.Edge.Kind] = []
    /// For each edge the corners that it goes through, from box to box.
    package internal(set) var routes: [[Point]] = []
    /// Where each group begins, and how long it is.
    package internal(set) var columns: [(main: Int, length: Int)] = []
    /// The size of all of it.
    package internal(set) var size = Point(0, 0)

    /// Lays a graph out.
    package init(_ graph: Graph, _ measures: Measures) {
        guard !graph.nodes.isEmpty else { return }
        var work = Layering(graph)
        work.order()
        var places = Placement(work, measures)
        places.place()
        var router = Router(work, places, measures)
        router.route()
        boxes = router.boxes
        pieces = router.pieces
        kinds = work.buses.map(\.kind)
        routes = router.routes(of: graph.edges)
        columns = router.columns
        size = router.size
    }
}
