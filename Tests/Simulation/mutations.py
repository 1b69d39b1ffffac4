#!/usr/bin/env python3
"""mutations.py: shows that the simulation finds bugs. Each file of mutations/ has a mistake for one place of the engine or the
daemon. All of them go into one copy of the tree, each behind its name; then the simulation runs once for each with that mistake
switched on, and has to find it. A mutation whose place is not there any more is a failure too."""
import concurrent.futures, os, pathlib, re, subprocess, sys, time

top = pathlib.Path(__file__).resolve().parents[2]
work = top / ".build" / "mutations"
tree = work / "tree"
seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20000


def copy(name):
    """As `cp -u`: what has not changed keeps its time, so that the compiler has less to do."""
    for source in [top / name] if (top / name).is_file() else sorted((top / name).rglob("*")):
        if source.is_file() and source.suffix != ".pyc" and source.parent.name != "mutations":
            yield source.relative_to(top), source.read_text()


files = dict(entry for name in ("Package.swift", "Sources", "Tests/Simulation") for entry in copy(name))
mutations = {}
for path in sorted((top / "Tests/Simulation/mutations").iterdir()):
    why, place, rest = path.read_text().split("\n", 2)
    original, mutated = re.fullmatch(r"<<<<\n(.*)\n====\n(.*)\n>>>>\n", rest, re.S).groups()
    text = files[pathlib.Path(place)]
    if text.count(original) != 1:
        sys.exit(f"mutations: {path.name}: its place is {text.count(original)} times in {place}: write it anew")
    text = text.replace(original, mutated)
    if "import PawlModel\n" not in text:
        text = "package import PawlModel\n" + text
    files[pathlib.Path(place)] = text
    if why:
        mutations[path.name] = why
for name in ("mutations/none", "mutations.py", "run"):
    files[pathlib.Path("Tests/Simulation") / name] = ""  # Package.swift excludes them
files[pathlib.Path("Sources/PawlModel/Mutation.swift")] = """import Glibc

private let active = getenv("PAWL_MUTATION").map { String(cString: $0) } ?? ""
package func mutated(_ name: String) -> Bool { name == active }
// SAFETY: the simulation has one thread.
package nonisolated(unsafe) var mutatedUnits: Set<String> = []
"""
if tree.exists():
    for path in tree.rglob("*"):
        if path.is_file() and path.relative_to(tree) not in files:
            path.unlink()
for name, text in files.items():
    path = tree / name
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

environment = dict(os.environ, PAWL_SIMULATION="1")
build = ["swift", "build", "--package-path", str(tree), "--scratch-path", str(work / "build"), "-Xswiftc", "-enable-testing",
         "--product", "simulate"]
done = subprocess.run(build, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
if done.returncode:
    sys.exit("\n".join(done.stdout.splitlines()[-40:]) + "\nmutations: the copy with the mistakes does not build")
program = work / "build" / "debug" / "simulate"


def simulate(name, count=seeds, first=1):
    begin = time.monotonic()
    done = subprocess.run([program, "--seeds", str(count), "--from", str(first), "--until-violation"], stdout=subprocess.PIPE,
                          text=True, env=dict(environment, PAWL_MUTATION=name))
    found = re.search(r"^seed (\d+): (.*)", done.stdout, re.M)
    return found, done.returncode, time.monotonic() - begin


# Each has one thread.
pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
# That the copy is right without any mistake; `make simulate` has the many seeds.
first_seeds = min(seeds, 2000)
part = -(-first_seeds // os.cpu_count())
for found, status, seconds in pool.map(lambda first: simulate("none", part, first), range(1, first_seeds + 1, part)):
    if found or status:
        sys.exit(f"mutations: without any mistake seed {found and found[1]} fails: {found and found[2]}")
missed = 0
for (name, why), (found, status, seconds) in zip(mutations.items(), pool.map(simulate, mutations)):
    if found:
        print(f"caught  {name:26} at seed {found[1]:>5} in {seconds:4.1f} s  {why}: {found[2][:90]}", flush=True)
    elif status < 0 or status > 1:
        print(f"caught  {name:26} by the end of the program (status {status})  {why}", flush=True)
    else:
        missed += 1
        print(f"MISSED  {name:26} in {seeds} seeds  {why}", flush=True)
print(f"mutations: {len(mutations) - missed} caught, {missed} missed")
sys.exit(1 if missed else 0)
