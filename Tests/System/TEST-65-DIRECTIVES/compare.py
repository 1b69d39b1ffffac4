#!/usr/bin/env python3
"""compare.py SAMPLES RUN SHOWN FILES RELOADED: holds the units that pawl has made against those of systemd-run.

SHOWN is `systemctl show` of the units of both, FILES what PID 1 has written down of them, each file after a line `==> PATH <==`.
What a sample changes is what tells the unit of systemd-run that has it from one that has nothing; of the step that has it too the
same has to be said. RELOADED is SHOWN once more after a daemon-reload.
"""
import re
import sys

samples, run, shown, files, reloaded = sys.argv[1:]

# What differs between any two units, or is what pawl asks for itself.
ours = re.compile(
    r"Id|Names|Description|InvocationID|.*Timestamp.*|Job|FragmentPath|DropInPaths|ExecStart(Ex)?|ControlGroup(Id)?|Slice|CollectMode"
    r"|Environment|WorkingDirectory|SyslogIdentifier|LogExtraFields|LogRateLimit.*|.*Accounting|Type|RuntimeMaxUSec|StandardInputData"
    r"|Transient|NeedDaemonReload|ConditionResult|AssertResult|.*Current|MemoryAvailable|Effective.*|IP.*(Bytes|Packets)|IO(Read|Write)(Bytes|Operations)|CPUUsageNSec"
)
# Lists that pawl has entries of its own in: there the sample's are among them.
lists = {
    "After", "Before", "Requires", "Wants", "RequiresMountsFor", "BindPaths", "BindReadOnlyPaths", "Conditions", "Asserts", "Conflicts",
    "CanClean",
}


def blocks(path):
    units, unit = {}, []
    for line in open(path, errors="replace").read().split("\n") + [""]:
        if line:
            unit.append(line.partition("=")[::2])
        elif unit:
            properties = {}
            for name, value in unit:
                properties[name] = (properties[name] + " " + value) if name in properties else value
            units[properties["Id"]] = properties
            unit = []
    return units


def texts(path):
    units, lines = {}, []
    for line in open(path, errors="replace").read().split("\n"):
        head = re.fullmatch(r"==> (?:.*/)?(.*) <==", line)
        if head:
            lines = units.setdefault(head[1], [])
        elif line and not line.startswith(("#", "[")):
            lines.append(line)
    return units


# What systemd 252 writes down of a unit in a form that it does not read back as the same: pawl.workflow(5) says so.
forgotten = {
    "RootImageOptions", "MountImages", "ExtensionImages", "BindPaths=/srv/a\\:b:/mnt/a", "RestrictNamespaces=yes", "NUMAPolicy",
    # Here the percentage is rounded, or one of something else.
    "TasksMax=50%", "CPUQuota=50.25%",
}

properties, written, later = blocks(shown), texts(files), blocks(reloaded)
plain = "other-none.service"
faults = seen = 0
names = set()


def fault(sample, words):
    global faults
    faults += 1
    print(f"{sample}: {words}")


for number, sample in enumerate(open(samples).read().splitlines()):
    name = sample.partition("=")[0]
    theirs, step = f"other-{number}.service", f"pawl-step-{run}.s{number}.1.service"
    for unit in (theirs, step):
        if properties.get(unit, {}).get("LoadState") != "loaded":
            fault(sample, f"there is no {unit}")
    if theirs not in properties or step not in properties:
        continue
    said = 0
    for key, value in properties[theirs].items():
        if ours.fullmatch(key) and key != name and not (name.startswith("StandardInput") and key == "StandardInputData"):
            continue
        # A user of its own has the name of its unit.
        if name == "DynamicUser" and key in ("User", "Group"):
            continue
        before, got = properties[plain].get(key, ""), properties[step].get(key, "")
        if value == before:
            continue
        said += 1
        if key in lists:
            missing = set(re.split(r"[ ;]+", value)) - set(re.split(r"[ ;]+", before)) - set(re.split(r"[ ;]+", got))
            if missing:
                fault(sample, f"{key} lacks {missing}: {got}")
        elif got != value:
            fault(sample, f"{key} is '{got}', not '{value}'")
    for line in written.get(theirs, []):
        if line in written[plain] or line.startswith(("Description=", "ExecStart=")):
            continue
        said += 1
        if line not in written.get(step, []):
            fault(sample, f"'{line}' is not in its file")
    if not said:
        fault(sample, "there is nothing to be read back")
    seen += said
    kept = all(
        sorted(value.split()) == sorted(later[step].get(key, "").split())
        for key, value in properties[step].items() if not re.fullmatch(r".*Timestamp.*|MemoryAvailable|NeedDaemonReload", key)
    )
    if kept == bool({name, sample} & forgotten):
        fault(sample, "it outlives a daemon-reload" if kept else "it does not outlive a daemon-reload")
    names.add(name)

print(f"{len(names)} directives with {number + 1} values: {seen} properties and lines read back, {faults} faults")
sys.exit(faults > 0)
