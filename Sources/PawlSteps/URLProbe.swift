import CCurl

/// Asks whether a URL answers.
enum URLProbe {
    /// The body of a GET whose status is from 200 to 299, as far as the limit.
    static func get(_ url: String, limit: Int) throws(Unheld) -> [UInt8] {
        var (body, length) = ([CChar](repeating: 0, count: limit), 0)
        var error = [CChar](repeating: 0, count: 256)
        let status = ccurl_get(url, &body, limit, &length, &error)
        guard status >= 0 else {
            let reason = error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw Unheld("\(url): \(String(decoding: reason, as: UTF8.self))")
        }
        guard (200...299).contains(status) else { throw Unheld("\(url) answers with status \(status)") }
        return body[..<length].map { UInt8(bitPattern: $0) }
    }
}
