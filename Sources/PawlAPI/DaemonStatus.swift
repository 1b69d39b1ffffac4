package import PawlModel

extension Messages {
    /// Describe answers this: the daemon itself.
    package struct Daemon: Sendable, Codable {
        /// pawld's version.
        package var version: String
        /// Its process.
        package var pid: Int
        /// Since when it runs, RFC 3339 in UTC.
        package var started: String
        /// Runs that have not ended.
        package var runsActive: Int
        /// Steps that are running.
        package var stepsActive: Int
        /// What its status line says.
        package var status: String
        /// The version of the systemd that runs; nil where that is not known.
        package var systemd: Int?
        /// How many runs go on at once; nil: any number.
        package var runsMax: Int?
        /// How many steps run at once; nil: any number.
        package var stepsMax: Int?
        /// How much of the host is in use; nil where nobody has looked yet.
        package var host: HostUse?
        /// Faults in the configuration and in the workflows.
        package var faults: [Diagnostic]

        /// Makes an answer.
        package init(
            version: String, pid: Int, started: String, runsActive: Int, stepsActive: Int, status: String,
            systemd: Int? = nil, runsMax: Int? = nil, stepsMax: Int? = nil, host: HostUse? = nil,
            faults: [Diagnostic]
        ) {
            self.version = version
            self.pid = pid
            self.started = started
            self.runsActive = runsActive
            self.stepsActive = stepsActive
            self.status = status
            self.systemd = systemd
            (self.runsMax, self.stepsMax, self.host) = (runsMax, stepsMax, host)
            self.faults = faults
        }

        private enum CodingKeys: String, CodingKey {
            case version, pid, started, status, systemd, host, faults
            case runsActive = "runs_active"
            case stepsActive = "steps_active"
            case runsMax = "runs_max"
            case stepsMax = "steps_max"
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            // Keys are always there, so that a reader need not tell a missing one from an empty one.
            try container.encode(version, forKey: .version)
            try container.encode(pid, forKey: .pid)
            try container.encode(started, forKey: .started)
            try container.encode(runsActive, forKey: .runsActive)
            try container.encode(stepsActive, forKey: .stepsActive)
            try container.encode(status, forKey: .status)
            try container.encode(systemd, forKey: .systemd)
            try container.encode(runsMax, forKey: .runsMax)
            try container.encode(stepsMax, forKey: .stepsMax)
            try container.encode(host, forKey: .host)
            try container.encode(faults, forKey: .faults)
        }
    }

    /// How much of the host is in use, each part from 0 to 1; nil where the kernel does not tell.
    package struct HostUse: Sendable, Codable, Equatable {
        /// Memory that nobody could get without taking it from others.
        package var memory: Double?
        /// The time in which processors were busy.
        package var cpu: Double?
        /// The file system of `/var/lib/pawl`.
        package var disk: Double?
        /// The time in which something waited for memory.
        package var pressure: Double?
        /// Memory of `pawl.slice`, in bytes.
        package var sliceBytes: Int64?

        /// Makes a value.
        package init(memory: Double?, cpu: Double?, disk: Double?, pressure: Double?, sliceBytes: Int64?) {
            (self.memory, self.cpu, self.disk, self.pressure) = (memory, cpu, disk, pressure)
            self.sliceBytes = sliceBytes
        }

        private enum CodingKeys: String, CodingKey {
            case memory, cpu, disk, pressure
            case sliceBytes = "slice_bytes"
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(memory, forKey: .memory)
            try container.encode(cpu, forKey: .cpu)
            try container.encode(disk, forKey: .disk)
            try container.encode(pressure, forKey: .pressure)
            try container.encode(sliceBytes, forKey: .sliceBytes)
        }
    }
}
