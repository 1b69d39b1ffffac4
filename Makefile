# The targets a person needs; CONTRIBUTING.md says what each is for. Everything made is below .build.

# Every build and every test: imports only as Package.swift has them, and no warning.
SWIFT_FLAGS = --explicit-target-dependency-import-check error -Xswiftc -warnings-as-errors
SWIFT_FILES = Package.swift Sources Tests

.PHONY: all build recorder test check format lint deb reproducible demo screens bench chaos power-cut simulate mutations fuzz hooks clean
all: build

build: recorder
	swift build $(SWIFT_FLAGS)

# A debug build's recorder, beside the other programs: plain C, static, not a target of SwiftPM's.
recorder: .build/pawl-record
.build/pawl-record: Sources/pawl-record/pawl-record.c
	mkdir -p .build
	$(CC) -static -Os -Wall -Wextra -Werror -D_FORTIFY_SOURCE=2 -fstack-protector-strong -o $@ $<

# The tests that need neither root nor a running systemd.
test:
	swift test $(SWIFT_FLAGS) --xunit-output .build/tests.xml

# All that a change has to pass. The last line counts the tests.
check:
	Tests/House/check

format:
	swift format --in-place --parallel --recursive $(SWIFT_FILES)

lint:
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

deb:
	packaging/build-deb

# Builds the packages twice, in two folders, and compares them byte for byte.
reproducible:
	packaging/reproducible

demo:
	Tests/System/demo

# What a person sees, as pictures in .build/screens, for somebody to look at. Needs chromium.
screens:
	Tests/System/screens

bench:
	Tests/Benchmarks/run
	Tests/Benchmarks/scale
	Tests/Benchmarks/language

# Attacks a throwaway host for so many minutes, and holds what pawl says against what its steps did.
MINUTES = 30
chaos:
	Tests/System/chaos $(MINUTES)

# The daemon over a simulated systemd in virtual time, once for each seed, with everything failing that can.
SEEDS = 20000
simulate:
	Tests/Simulation/run $(SEEDS)

# Shows that the simulation finds mistakes, each put into a copy of the tree.
mutations:
	Tests/Simulation/mutations.py

# Cuts the power of a virtual machine so many times in mid-run, and judges as chaos does.
COUNT = 20
power-cut:
	Tests/System/power-cut $(COUNT)

# Feeds a reader of the language, or all of them, with coverage feedback for so many minutes each.
TARGET = all
fuzz: MINUTES = 1
fuzz:
	Tests/Fuzz/run $(TARGET) $(MINUTES)

# git runs the formatter and the build before each commit.
hooks:
	printf '#!/bin/sh\nexec make lint build\n' >"$$(git rev-parse --git-path hooks)/pre-commit"
	chmod +x "$$(git rev-parse --git-path hooks)/pre-commit"

clean:
	rm -rf .build
