import SystemdKit
import Testing

@Suite("Entries that the journal has twice")
struct JournalRepeatsTests {
    private func cursor(_ number: String, entry: String = "m=114b1b61c;t=660c0625f56a3;x=adcd") -> String {
        "s=5590;i=\(number);b=edf3;\(entry)"
    }

    @Test("the same entry with the next number is a repeat where a file begins with it")
    func repeatAtTheBeginningOfAFile() {
        var repeats = JournalRepeats(beginnings: { [1, 0x97769] })
        #expect(!repeats.isRepeat(cursor("97768")))
        #expect(repeats.isRepeat(cursor("97769")))
        #expect(!repeats.isRepeat(cursor("9776a")))
    }

    @Test("equal lines of one moment are none")
    func equalLines() {
        var repeats = JournalRepeats(beginnings: { [1] })
        #expect(!repeats.isRepeat(cursor("97768")))
        #expect(!repeats.isRepeat(cursor("97769")))
    }

    @Test("another entry, or one with a gap before it, is none")
    func others() {
        var repeats = JournalRepeats(beginnings: { [0x11, 0x21] })
        #expect(!repeats.isRepeat(cursor("10")))
        #expect(!repeats.isRepeat(cursor("11", entry: "m=2;t=3;x=4")))
        #expect(!repeats.isRepeat(cursor("1f")))
        #expect(!repeats.isRepeat(cursor("21")))
        #expect(!repeats.isRepeat("no cursor"))
    }

    @Test("the files are looked at once for a batch, and only when there is a reason")
    func laziness() {
        var asked = 0
        var repeats = JournalRepeats(beginnings: {
            asked += 1; return []
        })
        _ = repeats.isRepeat(cursor("1"))
        _ = repeats.isRepeat(cursor("3"))
        #expect(asked == 0)
        _ = repeats.isRepeat(cursor("4"))
        _ = repeats.isRepeat(cursor("5"))
        #expect(asked == 1)
        repeats.refresh()
        _ = repeats.isRepeat(cursor("6"))
        #expect(asked == 2)
    }
}
