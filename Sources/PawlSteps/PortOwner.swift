import Glibc
import PawlModel

/// Finds out whose a port is: a process that was left over from another time must not answer for a service.
struct PortOwner {
    /// The service's control group, as in `/proc/PID/cgroup`.
    let cgroup: String
    /// A process whose network is looked at.
    let process: Int32

    /// For one that runs inside of the service.
    static func inside() throws(FileFault) -> PortOwner {
        guard let group = try groups(of: getpid()).first else {
            throw FileFault(plain: "this process has no control group")
        }
        return PortOwner(cgroup: group, process: getpid())
    }

    /// Where a probe asks at a port of this host that somebody listens at, it has to be one of the service's processes.
    func check(_ probe: Probe) throws(Unheld) {
        let place: (host: String, port: UInt16)?
        switch probe.question {
        case .port(let address): place = PortOwner.split(address)
        case .url(let url): place = PortOwner.place(of: url)
        default: return
        }
        guard let place else { return }
        let listeners: [UInt64]
        let own: Set<UInt64>
        do {
            listeners = try self.listeners(at: place.port, for: PortOwner.addresses(of: place.host))
            // What answers may be elsewhere: an address of another host, or one that is forwarded.
            if listeners.isEmpty { return }
            own = try sockets()
        } catch {
            throw Unheld("whose port \(place.port) is cannot be seen: \(error)")
        }
        guard listeners.allSatisfy(own.contains) else {
            throw Unheld("\(probe.description) is answered by a process that is not the service's")
        }
    }

    // MARK: Addresses

    static func split(_ address: String) -> (host: String, port: UInt16)? {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
            return nil
        }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (String(host), port)
    }

    static func place(of url: String) -> (host: String, port: UInt16)? {
        let schemes: [(String, UInt16)] = [("http://", 80), ("https://", 443)]
        guard let scheme = schemes.first(where: { url.hasPrefix($0.0) }) else { return nil }
        var authority = url.dropFirst(scheme.0.count).prefix { !"/?#".contains($0) }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        let hasPort =
            authority.last != "]"
            && authority.lastIndex(of: ":").map { colon in
                !authority[colon...].contains("]")
            } == true
        return split(hasPort ? String(authority) : "\(authority):\(scheme.1)")
    }

    /// The addresses of a host as `/proc/net/tcp` writes them, four bytes at a time in the machine's order.
    static func addresses(of host: String) -> Set<String> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var result: Set<String> = []
        var entry = list
        while let found = entry {
            if found.pointee.ai_family == AF_INET {
                found.pointee.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    result.insert(hexadecimal(address.pointee.sin_addr.s_addr))
                    // The same one, as a socket of both families has it.
                    result.insert("0000000000000000FFFF0000" + hexadecimal(address.pointee.sin_addr.s_addr))
                }
            } else if found.pointee.ai_family == AF_INET6 {
                found.pointee.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    let words = withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0.bindMemory(to: UInt32.self)) }
                    result.insert(words.map(hexadecimal).joined())
                }
            }
            entry = found.pointee.ai_next
        }
        return result
    }

    private static func hexadecimal(_ word: UInt32) -> String {
        let digits = String(word, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    // MARK: /proc

    /// The inodes of the sockets that take connections at one of the addresses; those that are open to all addresses count
    /// where there is none for the very address, as the kernel has it.
    private func listeners(at port: UInt16, for addresses: Set<String>) throws(FileFault) -> [UInt64] {
        var exact: [UInt64] = []
        var open: [UInt64] = []
        for file in ["tcp", "tcp6"] {
            let path = "/proc/\(process)/net/\(file)"
            guard access(path, F_OK) == 0 else { continue }
            let text = String(decoding: try TextFile.bytes(path, limit: 64 << 20), as: UTF8.self)
            for line in text.split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                // 0A: it listens (man:proc(5)).
                guard fields.count > 9, fields[3] == "0A", let inode = UInt64(fields[9]) else { continue }
                let local = fields[1].split(separator: ":")
                guard local.count == 2, UInt16(local[1], radix: 16) == port else { continue }
                if local[0].allSatisfy({ $0 == "0" }) {
                    open.append(inode)
                } else if addresses.contains(String(local[0])) {
                    exact.append(inode)
                }
            }
        }
        return exact.isEmpty ? open : exact
    }

    /// The inodes of the sockets that the service's processes have open.
    private func sockets() throws(FileFault) -> Set<UInt64> {
        var result: Set<UInt64> = []
        for name in try TextFile.entries(of: "/proc") {
            guard let process = Int32(name), isOurs(process) else { continue }
            let folder = "/proc/\(process)/fd"
            guard let descriptors = try? TextFile.entries(of: folder) else {
                // It may be over; if not, what it has open cannot be told.
                if kill(process, 0) == 0 || errno == EPERM { throw FileFault("cannot read \(folder)") }
                continue
            }
            for descriptor in descriptors {
                var target = [CChar](repeating: 0, count: 64)
                let length = readlink("\(folder)/\(descriptor)", &target, target.count)
                guard length > 0 else { continue }
                let text = String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if text.hasPrefix("socket:["), let inode = UInt64(text.dropFirst(8).dropLast()) { result.insert(inode) }
            }
        }
        return result
    }

    private func isOurs(_ process: Int32) -> Bool {
        guard let groups = try? PortOwner.groups(of: process) else { return false }
        return groups.contains { $0 == cgroup || $0.hasPrefix(cgroup + "/") }
    }

    /// The control groups that systemd has given to a process: of the one hierarchy, or of its own one (man:cgroups(7)).
    private static func groups(of process: Int32) throws(FileFault) -> [String] {
        let text = String(decoding: try TextFile.bytes("/proc/\(process)/cgroup", limit: 1 << 16), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[1] == "name=systemd" || fields[0] == "0" && fields[1].isEmpty else {
                return nil
            }
            return String(fields[2])
        }.filter { $0 != "/" }
    }
}
