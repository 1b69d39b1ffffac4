import SystemdKit
import Testing

@Suite("Entries that the journal has twice")
struct JournalRepeatsTests {
    private func cursor(_ number: String, entry: String = "m=114b1b61c;t=660c0625f56a3;x=adcd") -> String {
        "s=5590;i=\(number);b=edf3;\(entry)"
    }

    /// Which of the cursors, read one after the other, are repeats where files begin with these numbers.
    private func repeats(_ cursors: [String], beginnings: Set<UInt64>) -> [Bool] {
        var repeats = JournalRepeats(beginnings: { beginnings })
        return cursors.map { repeats.isRepeat($0) }
    }

    @Test("the same entry with the next number is a repeat where a file begins with it")
    func repeatAtTheBeginningOfAFile() {
        let found = repeats([cursor("97768"), cursor("97769"), cursor("9776a")], beginnings: [1, 0x97769])
        #expect(found == [false, true, false])
    }

    @Test("equal lines of one moment are none")
    func equalLines() {
        #expect(repeats([cursor("97768"), cursor("97769")], beginnings: [1]) == [false, false])
    }

    @Test("another entry, one with a gap before it, and what is no cursor are none")
    func others() {
        let cursors = [cursor("10"), cursor("11", entry: "m=2;t=3;x=4"), cursor("1f"), cursor("21"), "no cursor"]
        #expect(repeats(cursors, beginnings: [0x11, 0x21]) == [false, false, false, false, false])
    }
}
